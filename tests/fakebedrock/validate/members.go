package validate

import "sync"

// The members of both requests with the limits of the published model:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
// A test compares them with the AWS SDK's model. projectIdentifier is from botocore
// 1.44.8 and not in the Go SDK yet.

// requestShape returns the shape of a request body. It is shared and read-only.
func requestShape(streaming bool) *shape {
	if streaming {
		return streamShape()
	}
	return wholeShape()
}

var (
	wholeShape  = sync.OnceValue(func() *shape { return requestMembers() })
	streamShape = sync.OnceValue(func() *shape {
		return requestMembers(opt("streamProcessingMode", enum("sync", "async")))
	})
)

func requestMembers(guardrailExtra ...member) *shape {
	return structOf(
		opt("messages", listOf(messageShape())),
		opt("system", listOf(systemShape())),
		opt("inferenceConfig", inferenceShape()),
		opt("toolConfig", toolConfigShape()),
		opt("guardrailConfig", guardrailShape(guardrailExtra)),
		opt("projectIdentifier", name(1, 2048, `[a-zA-Z0-9_-]+|arn:aws(?:|-us-gov|-cn|-iso|-iso-b|-iso-f|-eusc):bedrock:[0-9a-z-]{1,20}:[0-9]{12}:project/[a-zA-Z0-9_-]+`)),
		opt("additionalModelRequestFields", anything()),
		opt("promptVariables", mapOf(name(0, 0, ""), unionOf(opt("text", free(0))))),
		opt("additionalModelResponseFieldPaths", listOf(name(1, 256, "")).length(0, 10)),
		opt("requestMetadata", mapOf(name(1, 256, metadataPattern), name(0, 256, metadataPattern)).length(1, 16)),
		opt("performanceConfig", structOf(opt("latency", enum("standard", "optimized")))),
		opt("serviceTier", structOf(req("type", enum("priority", "default", "flex", "reserved")))),
		opt("outputConfig", outputShape()),
	)
}

const metadataPattern = `[a-zA-Z0-9\s:_@$#=/+,.-]*`

func anything() *shape { return &shape{kind: anyKind, sensitive: true} }

func truth() *shape { return &shape{kind: boolKind} }

func whole() *shape { return (&shape{kind: intKind}).atLeast(0) }

func fraction() *shape { return (&shape{kind: numberKind}).between(0, 1) }

func bytesOf() *shape { return &shape{kind: blobKind, min: 1, sensitive: true} }

func mapOf(key, elem *shape) *shape { return &shape{kind: mapKind, key: key, elem: elem} }

func inferenceShape() *shape {
	return structOf(
		opt("maxTokens", (&shape{kind: intKind}).atLeast(1)),
		opt("temperature", fraction()),
		opt("topP", fraction()),
		opt("stopSequences", listOf(name(1, 0, "")).length(0, 2500)),
	)
}

func guardrailShape(extra []member) *shape {
	return structOf(append([]member{
		opt("guardrailIdentifier", name(0, 2048, "")),
		opt("guardrailVersion", name(0, 0, `(?:[1-9][0-9]{0,7})?|DRAFT`)),
		opt("trace", enum("enabled", "disabled", "enabled_full")),
	}, extra...)...)
}

func outputShape() *shape {
	return structOf(
		opt("textFormat", structOf(
			req("type", enum("json_schema")),
			req("structure", unionOf(opt("jsonSchema", structOf(
				req("schema", free(0)), opt("name", name(0, 0, "")), opt("description", free(0)),
			)))),
		)),
		opt("effort", name(0, 16, "")),
	)
}

func toolConfigShape() *shape {
	return structOf(
		req("tools", listOf(unionOf(
			opt("toolSpec", structOf(
				req("name", toolName()),
				opt("description", free(1)),
				req("inputSchema", unionOf(opt("json", anything()))),
				opt("strict", truth()),
			)),
			opt("systemTool", structOf(req("name", toolName()))),
			opt("cachePoint", cachePointShape()),
		)).length(1, 0)),
		opt("toolChoice", unionOf(
			opt("auto", structOf()),
			opt("any", structOf()),
			opt("tool", structOf(req("name", toolName()))),
		)),
	)
}

func toolName() *shape { return name(1, 64, `[a-zA-Z0-9_-]+`) }

func toolUseID() *shape { return name(1, 64, `[a-zA-Z0-9_.:-]+`) }

func cachePointShape() *shape {
	return structOf(req("type", enum("default")), opt("ttl", enum("5m", "1h")))
}
