package validate

func messageShape() *shape {
	return structOf(
		req("role", enum("user", "assistant", "system")),
		req("content", listOf(contentShape())),
	)
}

func systemShape() *shape {
	return unionOf(
		opt("text", free(1)),
		opt("guardContent", guardContentShape()),
		opt("cachePoint", cachePointShape()),
	)
}

func contentShape() *shape {
	return unionOf(
		opt("text", free(0)),
		opt("image", imageShape()),
		opt("document", documentShape()),
		opt("video", videoShape()),
		opt("audio", audioShape()),
		opt("toolUse", structOf(
			req("toolUseId", toolUseID()),
			req("name", toolName()),
			req("input", anything()),
			opt("type", enum("server_tool_use", "tool_use")), // models send tool_use, which the API model does not have
		)),
		opt("toolResult", toolResultShape()),
		opt("guardContent", guardContentShape()),
		opt("cachePoint", cachePointShape()),
		opt("reasoningContent", reasoningShape()),
		opt("citationsContent", citationsShape()),
		opt("searchResult", searchResultShape()),
		opt("toolAddition", structOf(req("tool", toolReferenceShape()))),
		opt("toolRemoval", structOf(req("tool", toolReferenceShape()))),
	)
}

func toolResultShape() *shape {
	return structOf(
		req("toolUseId", toolUseID()),
		req("content", listOf(unionOf(
			opt("json", anything()),
			opt("text", free(0)),
			opt("image", imageShape()),
			opt("document", documentShape()),
			opt("video", videoShape()),
			opt("searchResult", searchResultShape()),
		))),
		opt("status", enum("success", "error")),
		opt("type", name(0, 0, "")),
	)
}

func s3Shape() *shape {
	return structOf(
		req("uri", name(1, 1024, `s3://[a-z0-9][.a-z0-9-]{1,61}[a-z0-9](?:/.*)?`)),
		opt("bucketOwner", name(0, 0, `[0-9]{12}`)),
	)
}

func mediaSource() *shape {
	return unionOf(opt("bytes", bytesOf()), opt("s3Location", s3Shape()))
}

func mediaError() *shape { return structOf(opt("message", free(0))) }

func imageShape() *shape {
	return structOf(
		req("format", enum("png", "jpeg", "gif", "webp")),
		req("source", mediaSource()),
		opt("error", mediaError()),
	)
}

func videoShape() *shape {
	return structOf(
		req("format", enum("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp")),
		req("source", mediaSource()),
	)
}

func audioShape() *shape {
	return structOf(
		req("format", enum("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm")),
		req("source", mediaSource()),
		opt("error", mediaError()),
	)
}

func documentShape() *shape {
	return structOf(
		opt("format", enum("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")),
		req("name", name(1, 200, "")),
		req("source", unionOf(
			opt("bytes", bytesOf()),
			opt("s3Location", s3Shape()),
			opt("text", free(0)),
			opt("content", listOf(unionOf(opt("text", free(0))))),
		)),
		opt("context", free(0)),
		opt("citations", citationsConfig()),
	)
}

func citationsConfig() *shape { return structOf(req("enabled", truth())) }

func searchResultShape() *shape {
	return structOf(
		req("source", free(0)),
		req("title", free(0)),
		req("content", listOf(structOf(req("text", free(0))))),
		opt("citations", citationsConfig()),
	)
}

func guardContentShape() *shape {
	return unionOf(
		opt("text", structOf(
			req("text", free(0)),
			opt("qualifiers", listOf(enum("grounding_source", "query", "guard_content"))),
		)),
		opt("image", structOf(
			req("format", enum("png", "jpeg")),
			req("source", unionOf(opt("bytes", bytesOf()))),
		)),
	)
}

func reasoningShape() *shape {
	return unionOf(
		opt("reasoningText", structOf(req("text", free(0)), opt("signature", free(0)))),
		opt("redactedContent", &shape{kind: blobKind, sensitive: true}),
	)
}

func citationsShape() *shape {
	span := func(index string) *shape {
		return structOf(opt(index, whole()), opt("start", whole()), opt("end", whole()))
	}
	return structOf(
		opt("content", listOf(unionOf(opt("text", free(0))))),
		opt("citations", listOf(structOf(
			opt("title", free(0)),
			opt("source", free(0)),
			opt("sourceContent", listOf(unionOf(opt("text", free(0))))),
			opt("location", unionOf(
				opt("web", structOf(opt("url", free(0)), opt("domain", free(0)))),
				opt("documentChar", span("documentIndex")),
				opt("documentPage", span("documentIndex")),
				opt("documentChunk", span("documentIndex")),
				opt("searchResultLocation", span("searchResultIndex")),
			)),
		))),
	)
}

func toolReferenceShape() *shape {
	return structOf(
		opt("type", name(1, 64, "")),
		opt("name", name(1, 128, "")),
		opt("serverName", name(1, 128, "")),
	)
}
