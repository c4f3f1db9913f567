package converse

import (
	"slices"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// WriteMetadata writes everything about an answer except its content, for every
// dialect. Unknown values are left out.
func (a *Answer) WriteMetadata(w *rawjson.Writer, facts translator.Facts, warnings []translator.Warning) {
	w.Optional("request_id", facts.RequestID)
	w.Optional("aws_request_id", facts.AWSRequestID)
	w.Optional("backend", facts.Backend)
	w.Optional("region", facts.Region)
	w.Optional("model_id", facts.ModelID)
	if facts.Attempts > 0 {
		w.Int("attempts", facts.Attempts)
	}
	w.Member("cost", encodeCost(facts.Price, a.Summary()))
	w.Member("latency_ms", rawjson.Members(a.Metrics).Get("latencyMs"))
	w.Member("warnings", EncodeWarnings(warnings))
	if a.Usage != nil && len(a.Usage.Details) > 0 {
		w.Member("usage_details", a.Usage.Details.Value())
	}
	w.Member("trace", a.Trace)
	w.Member("performance_config", a.Performance)
	w.Member("service_tier", a.ServiceTier)
	w.Member("additional_model_response_fields", a.AdditionalFields)
	if !a.Plain() {
		w.Member("content_blocks", a.Turn())
	}
	if len(a.Other) > 0 {
		w.Member("other", a.Other.Value())
	}
}

// encodeCost returns what an answer costs, nil when that is not known.
func encodeCost(p translator.Price, s translator.Summary) rawjson.Value {
	micros, known := p.Cost(s)
	if !known {
		return nil
	}
	w := rawjson.NewWriter(48)
	w.Text("currency", p.Currency)
	w.Int("micros", int(micros))
	return w.End()
}

// EncodeWarnings returns a list, nil when there are no warnings.
func EncodeWarnings(warnings []translator.Warning) rawjson.Value {
	all := make([]rawjson.Value, len(warnings))
	for i, warning := range warnings {
		w := rawjson.NewWriter(160)
		w.Text("code", warning.Code)
		w.Text("path", warning.Path)
		w.Text("detail", warning.Detail)
		all[i] = w.End()
	}
	return rawjson.Array(all)
}

// EncodeErrorFacts returns what is known about an error besides its message, for every
// dialect. status is the one that the client gets.
func EncodeErrorFacts(e *translator.Error, status int) rawjson.Value {
	w := rawjson.NewWriter(384)
	w.Text("type", string(e.Kind))
	w.Int("status", status)
	w.Bool("retryable", e.Retryable)
	w.Optional("class", e.Class)
	w.Optional("aws_error", e.AWSError)
	w.Optional("aws_request_id", e.Facts.AWSRequestID)
	w.Optional("request_id", e.Facts.RequestID)
	w.Optional("backend", e.Facts.Backend)
	w.Optional("region", e.Facts.Region)
	w.Optional("model", e.Facts.ModelID)
	w.Optional("path", e.Path)
	w.Optional("hint", e.Hint)
	return w.End()
}

// maxWarningCodes bounds the value of WarningsHeader, in bytes. Longer headers are not sent.
const maxWarningCodes = 480

// WarningsHeader lists the codes of warnings, each once, for clients that do not show the
// members of an answer which their API does not have.
func WarningsHeader(warnings []translator.Warning) translator.Header {
	header := translator.Header{Name: "x-bedrock-warnings"}
	var codes []string
	length := 0
	for _, w := range warnings {
		if slices.Contains(codes, w.Code) {
			continue
		}
		codes = append(codes, w.Code)
		if length += len(w.Code) + 2; length > maxWarningCodes {
			codes[len(codes)-1] = "..."
			break
		}
	}
	header.Value = strings.Join(codes, ", ")
	return header
}
