package telemetry

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// spanContext is the context of the span that a request belongs to. It is invalid for a
// request without one.
func spanContext(ctx context.Context, o *extproc.Outcome) trace.SpanContext {
	if o.TraceParent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{"traceparent": o.TraceParent, "tracestate": o.TraceState}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, carrier))
}

// trace makes the spans of a call that is over: all their times and attributes are known,
// so the call itself pays for none of it. It returns the labels of exemplars, nil if the
// trace is not sampled.
func (r *Recorder) trace(ctx context.Context, o *record) prometheus.Labels {
	ctx = trace.ContextWithRemoteSpanContext(ctx, o.parent)
	start := o.Facts.Start
	ctx, span := r.tracer.Start(ctx, callName(o), trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindServer))
	o.traceID = span.SpanContext().TraceID().String()
	if !span.SpanContext().IsSampled() {
		return nil
	}
	span.SetAttributes(callAttributes(o)...) // the option of Start would copy them twice
	if o.ErrorKind != "" && (o.Status < 400 || o.Status >= 500) {
		span.SetStatus(codes.Error, string(o.ErrorKind))
	}
	if o.Translation > 0 {
		_, translation := r.tracer.Start(ctx, "translate request", trace.WithTimestamp(start.Add(o.Upload)))
		translation.End(trace.WithTimestamp(start.Add(o.Upload + o.Translation)))
	}
	for i := range o.Facts.Trail {
		r.traceAttempt(ctx, o, &o.Facts.Trail[i], i == len(o.Facts.Trail)-1)
	}
	span.End(trace.WithTimestamp(start.Add(o.Duration)))
	return prometheus.Labels{"trace_id": o.traceID, "span_id": span.SpanContext().SpanID().String()}
}

func callName(o *record) string {
	if o.API == "" {
		return "request"
	}
	return o.API + " " + operationName(o)
}

// callAttributes are those of the span of a whole request. What the conventions for
// generative AI define is on the spans of attempts, so that tokens are not counted twice.
func callAttributes(o *record) []attribute.KeyValue {
	list := append(make([]attribute.KeyValue, 0, 14),
		attribute.String("http.request.method", o.Method), attribute.String("url.path", o.Path),
		attribute.Int("http.response.status_code", o.Status),
		attribute.String("bedrock_extproc.request_id", o.Facts.RequestID))
	list = appendText(list, "bedrock_extproc.api", o.API)
	list = appendText(list, "bedrock_extproc.model", o.Model)
	list = appendText(list, "bedrock_extproc.backend", o.Facts.Backend)
	list = appendText(list, "bedrock_extproc.fallback_from", fallbackFrom(o))
	list = appendText(list, "bedrock_extproc.error.class", o.ErrorClass)
	list = appendText(list, "error.type", errorName(o))
	if o.warnings != nil {
		list = append(list, attribute.StringSlice("bedrock_extproc.warnings", o.warnings))
	}
	if o.Model != "" {
		list = append(list, attribute.Bool("bedrock_extproc.streaming", o.Streaming), attribute.Int("bedrock_extproc.attempts", o.Facts.Attempts))
	}
	if d, known := o.Overhead(); known {
		list = append(list, attribute.Float64("bedrock_extproc.overhead", d.Seconds()))
	}
	return list
}

// traceAttempt makes the span of one attempt. The last one of a call that was answered
// lasts until the end of the answer, and has its numbers.
func (r *Recorder) traceAttempt(ctx context.Context, o *record, a *translator.Attempt, last bool) {
	end := a.Start.Add(a.Took)
	list := append(make([]attribute.KeyValue, 0, 14),
		attribute.String("gen_ai.operation.name", operationName(o)), attribute.String("gen_ai.provider.name", providerName),
		attribute.String("gen_ai.request.model", a.ModelID), attribute.Bool("gen_ai.request.stream", o.Streaming),
		attribute.String("cloud.region", a.Region), attribute.String("bedrock_extproc.backend", a.Backend))
	list = appendText(list, "aws.request_id", a.AWSRequestID)
	failure := attemptError(a)
	if last && failure == "" {
		failure = errorName(o)
		if o.Streaming {
			end = o.Facts.Start.Add(o.Duration)
			list = append(list, attribute.Float64("gen_ai.response.time_to_first_chunk", a.Wait.Seconds()))
		}
		list = appendAnswer(list, &o.Summary)
	}
	list = appendText(list, "error.type", failure)
	_, span := r.tracer.Start(ctx, operationName(o)+" "+a.ModelID, trace.WithTimestamp(a.Start), trace.WithSpanKind(trace.SpanKindClient))
	span.SetAttributes(list...)
	if failure != "" {
		span.SetStatus(codes.Error, failure)
	}
	span.End(trace.WithTimestamp(end))
}

// appendAnswer appends the numbers of an answer.
func appendAnswer(list []attribute.KeyValue, s *translator.Summary) []attribute.KeyValue {
	if s.StopReason != "" {
		list = append(list, attribute.StringSlice("gen_ai.response.finish_reasons", []string{s.StopReason}))
	}
	if !s.UsageKnown {
		return list
	}
	return append(list,
		attribute.Int64("gen_ai.usage.input_tokens", s.InputTokens+s.CacheReadTokens+s.CacheWriteTokens),
		attribute.Int64("gen_ai.usage.output_tokens", s.OutputTokens),
		attribute.Int64("gen_ai.usage.cache_read.input_tokens", s.CacheReadTokens),
		attribute.Int64("gen_ai.usage.cache_creation.input_tokens", s.CacheWriteTokens))
}

func appendText(list []attribute.KeyValue, key, value string) []attribute.KeyValue {
	if value == "" {
		return list
	}
	return append(list, attribute.String(key, value))
}
