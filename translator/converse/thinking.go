package converse

import (
	"slices"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// readThinking records whether the client switches thinking on, and refuses parameters
// that the family does not accept then.
func (r *Request) readThinking(in Inference) error {
	config := thinkingConfig(in.Additional.Value)
	kind := config.Get("type")
	if r.passes() || rawjson.Kind(kind) != '"' || rawjson.IsText(kind, "disabled") {
		return nil
	}
	r.thinks = true
	temperature, err := number(in.Temperature)
	if err != nil {
		return err
	}
	switch {
	case r.thinkingForbids("temperature") && !rawjson.Absent(in.Temperature.Value) && temperature != 1:
		return Refuse(in.Temperature.At, faultWhileThinking.with(values{family: r.family, evidence: r.family.ThinkingForbids.Evidence}))
	case r.thinkingForbids("top_k") && !rawjson.Absent(in.TopK.Value):
		return Refuse(in.TopK.At, faultWhileThinking.with(values{family: r.family, evidence: r.family.ThinkingForbids.Evidence}))
	}
	return r.checkBudget(in, config)
}

// thinkingConfig is Claude's member thinking, or reasoning_config, its older name.
func thinkingConfig(additional rawjson.Value) rawjson.Object {
	for _, name := range []string{"thinking", "reasoning_config"} {
		if v := rawjson.Members(given(additional)).Get(name); rawjson.Kind(v) == '{' {
			return rawjson.Members(v)
		}
	}
	return nil
}

func (r *Request) thinkingForbids(parameter string) bool {
	return slices.Contains(r.family.ThinkingForbids.Value, parameter)
}

// interleaves reports whether the model may think between tool calls. The budget is
// then that of all its thoughts, and may be above the maximum of one answer.
func interleaves(additional rawjson.Value) bool {
	for _, beta := range rawjson.Elements(rawjson.Members(given(additional)).Get("anthropic_beta")) {
		if rawjson.Kind(beta) == '"' && strings.HasPrefix(rawjson.Text(beta), "interleaved-thinking") {
			return true
		}
	}
	return false
}

// checkBudget refuses a budget for thoughts that leaves no tokens for the answer.
func (r *Request) checkBudget(in Inference, config rawjson.Object) error {
	tokens := config.Get("budget_tokens")
	if interleaves(in.Additional.Value) {
		return nil
	}
	if r.family.ThinkingBudget.Value != "below_max_tokens" || rawjson.Kind(tokens) != '0' || rawjson.Absent(in.MaxTokens.Value) {
		return nil
	}
	budget, err := number(Field{Value: tokens})
	if err != nil {
		return err
	}
	most, err := number(in.MaxTokens)
	if err == nil && budget >= most {
		err = Refuse(in.MaxTokens.At, faultBudget.with(values{family: r.family, evidence: r.family.ThinkingBudget.Evidence}))
	}
	return err
}

// addTopK adds the model's own fields, with top_k where the family expects it.
func (r *Request) addTopK(f, additional Field) error {
	if rawjson.Absent(f.Value) {
		r.set("additionalModelRequestFields", additional)
		return nil
	}
	if rawjson.Kind(f.Value) != '0' {
		return Refuse(f.At, faultNotNumber)
	}
	path := r.family.TopK.Value
	if len(path) == 0 {
		path = []string{"top_k"}
	}
	v, ok := placed(given(additional.Value), path, f.Value)
	if !ok {
		return Refuse(f.At, FaultFieldTwice)
	}
	if rawjson.Absent(additional.Value) {
		additional.At = f.At
	}
	r.set("additionalModelRequestFields", Field{v, additional.At})
	return nil
}

// placed returns an object with v at a path of names. ok is false if the path is
// taken.
func placed(object rawjson.Value, path []string, v rawjson.Value) (out rawjson.Value, ok bool) {
	if object != nil && rawjson.Kind(object) != '{' {
		return nil, false
	}
	members := rawjson.Members(object)
	there := members.Get(path[0])
	if len(path) == 1 {
		return members.Set(path[0], v).Value(), rawjson.Absent(there)
	}
	inner, ok := placed(given(there), path[1:], v)
	return members.Set(path[0], inner).Value(), ok
}
