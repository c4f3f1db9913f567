package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// thinking reads whether the model is told to think, and holds the parameters to
// what the family takes then.
func (r *Request) thinking(in Inference) error {
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
		return r.notWhileThinking(in.Temperature.At)
	case r.thinkingForbids("top_k") && !rawjson.Absent(in.TopK.Value):
		return r.notWhileThinking(in.TopK.At)
	}
	return r.budget(in, config)
}

// thinkingConfig is Claude's thinking, also under its older name.
func thinkingConfig(additional rawjson.Value) rawjson.Object {
	for _, name := range []string{"thinking", "reasoning_config"} {
		if v := rawjson.Members(given(additional)).Get(name); rawjson.Kind(v) == '{' {
			return rawjson.Members(v)
		}
	}
	return nil
}

func (r *Request) thinkingForbids(what string) bool {
	return slices.Contains(r.family.ThinkingForbids, what)
}

func (r *Request) notWhileThinking(at string) error {
	return Invalid(at, "With "+r.family.Rule()+", this cannot be given while the model thinks.", "Leave it out, or switch thinking off.")
}

// budget: the tokens of thoughts count among those of the answer.
func (r *Request) budget(in Inference, config rawjson.Object) error {
	tokens := config.Get("budget_tokens")
	if r.family.ThinkingBudget != "below_max_tokens" || rawjson.Kind(tokens) != '0' || rawjson.Absent(in.MaxTokens.Value) {
		return nil
	}
	budget, err := number(Field{Value: tokens})
	if err != nil {
		return err
	}
	most, err := number(in.MaxTokens)
	if err == nil && budget >= most {
		err = Invalid(in.MaxTokens.At, "With "+r.family.Rule()+", the budget for thinking must be below the tokens of the answer.",
			"Raise max_tokens, or lower the budget: thoughts count among the tokens of the answer.")
	}
	return err
}

// topK adds top_k to the model's own fields, where the family has it.
func (r *Request) topK(f, additional Field) error {
	if rawjson.Absent(f.Value) {
		r.Set("additionalModelRequestFields", additional)
		return nil
	}
	if rawjson.Kind(f.Value) != '0' {
		return Malformed(f.At, "Input should be a number.")
	}
	path := r.family.TopK
	if len(path) == 0 {
		path = []string{"top_k"}
	}
	v, ok := placed(given(additional.Value), path, f.Value)
	if !ok {
		return Invalid(f.At, "Among the additional model request fields something stands in its place.", "Give it once.")
	}
	if rawjson.Absent(additional.Value) {
		additional.At = f.At
	}
	r.Set("additionalModelRequestFields", Field{v, additional.At})
	return nil
}

// placed puts v into an object at a path of names. ok is false if something is
// there already.
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
