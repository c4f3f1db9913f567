package cause

import (
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"
)

// maxDetail bounds a Detail, in bytes.
const maxDetail = 1024

const redacted = "[redacted]"

// detail is the text of an error for the log, without secrets.
func detail(err error, secrets []string) string {
	text := err.Error()
	for _, quoting := range quotations(err) {
		text = strings.ReplaceAll(text, quoting.of, quoting.instead)
	}
	for _, part := range noise {
		text = strings.ReplaceAll(text, part, "")
	}
	return Clean(text, secrets...)
}

// noise are parts of the SDK's errors that say nothing.
var noise = []string{"failed to refresh cached credentials, ", "https response error StatusCode: 0, RequestID: , ", "request send failed, "}

// A quotation is a part of an error that can quote what must stay secret.
type quotation struct{ of, instead string }

func quotations(err error) []quotation {
	var list []quotation
	if e, ok := errors.AsType[*processcreds.ProviderError](err); ok && strings.Contains(e.Error(), "parse failed") {
		list = append(list, quotation{e.Error(), "the output of credential_process is not its JSON"})
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok && strings.Contains(e.ErrorCode(), "Signature") {
		list = append(list, quotation{e.ErrorMessage(), redacted}) // quotes the signed request
	}
	return list
}

// What looks like a secret, and what is left of it.
var looksSecret = []struct {
	pattern *regexp.Regexp
	left    string
}{
	// A URL's host is enough; the path of a container's credentials is secret.
	{regexp.MustCompile(`([a-z][a-z0-9+.-]*://)(?:[^\s"'/@]*@)?([^\s"'/?#]+)[^\s"']*`), "$1$2"},
	{regexp.MustCompile(`[^\s"'/@]+:[^\s"'/@]+@`), redacted + "@"},
	{regexp.MustCompile(`\bA[KS]I[AD][A-Z0-9]+`), redacted},
	{regexp.MustCompile(`\beyJ[\w-]+(?:\.[\w-]*)*`), redacted},
	{regexp.MustCompile(`(?i)\b(x-amz-[a-z-]+|signature|credential|authorization|(?:session|security|access|id|identity|bearer|web)?[_-]?token|secret[a-z_-]*|password|external[_-]?id)("?\s*[=:]\s*"?)[^\s"'&,;]+`), "$1$2" + redacted},
}

// longRun is a run of the letters of keys and tokens. Keys have 40, tokens hundreds.
var longRun = regexp.MustCompile(`[A-Za-z0-9+/=]{40,}`)

// Clean removes the given secrets from a text, and everything that looks like an
// access key, a token, a signature, a password or the path of a URL. The text is cut
// to 1 KiB.
func Clean(text string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= 4 { // a shorter one would tear up words
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = text[:min(len(text), 16*maxDetail)]
	for _, look := range looksSecret {
		text = look.pattern.ReplaceAllString(text, look.left)
	}
	text = longRun.ReplaceAllStringFunc(text, func(run string) string {
		if strings.ContainsAny(run, "0123456789") && strings.ToLower(run) != run && strings.ToUpper(run) != run {
			return redacted
		}
		return run // the path of a file
	})
	return strings.ToValidUTF8(text[:min(len(text), maxDetail)], "\uFFFD")
}
