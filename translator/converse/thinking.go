package converse

import (
	"cmp"
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
	if r.family.ThinkingBudget.Value == "" || rawjson.Kind(tokens) != '0' || rawjson.Absent(in.MaxTokens.Value) {
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

// Claude reports whether the model is one that gets Anthropic's own request fields: a
// Claude, or an application inference profile of an unknown family. Its ARN does not show
// the model, and without these fields a Claude behind it would not think.
func (r *Request) Claude() bool {
	return strings.HasPrefix(r.family.Name, "claude") || r.family.Name == "" && strings.Contains(r.modelID(), ":application-inference-profile/")
}

// BetaFields adds the betas that a Claude gets to those in the model's own fields of in.
// dropped is the number of those that it does not get, at a path.
func (r *Request) BetaFields(betas []string, dropped int, at string, in *Inference) error {
	if !r.Claude() {
		betas, dropped = nil, dropped+len(betas)
	}
	if dropped > 0 {
		r.warn(at, faultBetas.with(values{count: dropped}))
	}
	if k := rawjson.Kind(in.Additional.Value); k != '{' && !rawjson.Absent(in.Additional.Value) {
		return Refuse(in.Additional.At, FaultNotObject)
	}
	if len(betas) == 0 {
		return nil
	}
	additional := rawjson.Members(given(in.Additional.Value))
	var list []rawjson.Value
	for _, v := range rawjson.Elements(additional.Get("anthropic_beta")) {
		list = append(list, v)
		betas = slices.DeleteFunc(betas, func(b string) bool { return rawjson.IsText(v, b) })
	}
	for _, b := range betas {
		list = append(list, rawjson.Quote(b))
	}
	in.Additional = Field{additional.Set("anthropic_beta", rawjson.Array(list)).Value(), cmp.Or(in.Additional.At, at)}
	return nil
}

// Thinking adds Anthropic's members thinking and output_config.effort to the model's own
// fields of in. A Claude gets them as they are, except that one which accepts no budget
// thinks adaptively, and one which needs a budget gets one. Other families get the field
// that they have for it. Call it after the last message and before Infer.
func (r *Request) Thinking(thinking, effort Field, in *Inference) error {
	if k := rawjson.Kind(thinking.Value); k != '{' && !rawjson.Absent(thinking.Value) {
		return Refuse(thinking.At, FaultNotObject)
	}
	effort, err := text(effort)
	switch {
	case err != nil:
		return err
	case r.Claude() || r.passes():
		return r.claudeThinking(thinking, effort, in)
	case rawjson.Absent(thinking.Value):
		return r.Effort(effort, in)
	}
	config := rawjson.Members(thinking.Value)
	word := effort.Value
	switch kind := config.Get("type"); {
	case rawjson.IsText(kind, "disabled") && r.family.Effort.Value == "":
		return nil
	case rawjson.IsText(kind, "disabled"):
		word = rawjson.Value(`"none"`)
	case word != nil:
	case rawjson.IsText(kind, "adaptive"):
		word = rawjson.Value(`"high"`) // Anthropic's default
	case rawjson.IsText(kind, "enabled"):
		word = effortFor(config.Get("budget_tokens"))
	default:
		r.warn(thinking.At, FaultNotSent)
		return nil
	}
	return r.Effort(Field{word, thinking.At}, in)
}

// effortFor is the word of efforts for a budget.
func effortFor(budget rawjson.Value) rawjson.Value {
	n, _ := number(Field{Value: budget})
	for i, tokens := range budgets {
		if i > 1 && n <= float64(tokens) {
			return rawjson.Quote(efforts[i])
		}
	}
	return rawjson.Value(`"max"`)
}

func (r *Request) claudeThinking(thinking, effort Field, in *Inference) error {
	config := rawjson.Members(given(thinking.Value))
	budgets := strings.HasPrefix(r.family.Effort.Value, "budget") && !r.passes()
	switch kind := config.Get("type"); {
	case budgets && rawjson.IsText(kind, "adaptive"):
		return r.budgeted(thinking, effort, in)
	case r.family.ThinkingBudget.Value == "refused" && rawjson.IsText(kind, "enabled") && !r.passes():
		if err := r.repair(thinking.At, faultThinkingAdaptive); err != nil {
			return err
		}
		thinking.Value = config.Set("type", rawjson.Value(`"adaptive"`)).Set("budget_tokens", nil).Value()
		if effort.Value == nil {
			effort = Field{effortFor(config.Get("budget_tokens")), thinking.At}
		}
	}
	if !rawjson.Absent(thinking.Value) {
		if err := in.add(thinking, "thinking"); err != nil {
			return err
		}
	}
	if budgets && effort.Value != nil && !r.hasEffort(in) {
		r.warn(effort.At, faultEffort.with(values{value: clip(rawjson.Text(effort.Value))}))
		return nil
	}
	return in.addEffort(effort)
}

// budgeted gives a Claude that does not think adaptively the budget for an effort, which
// is high by default, as in Anthropic's API.
func (r *Request) budgeted(thinking, effort Field, in *Inference) error {
	if !rawjson.Absent(rawjson.Members(given(in.Additional.Value)).Get("thinking")) {
		return Refuse(thinking.At, FaultFieldTwice)
	}
	word := slices.Index(efforts, "high")
	if effort.Value != nil && slices.Contains(efforts, rawjson.Text(effort.Value)) {
		word = slices.Index(efforts, rawjson.Text(effort.Value))
	}
	budget, fault := r.budget(budgets[word], in)
	if fault != nil {
		r.warn(thinking.At, *fault)
		return nil
	}
	if err := r.repair(thinking.At, faultThinkingBudget); err != nil {
		return err
	}
	config := rawjson.Members(thinking.Value).Set("type", rawjson.Value(`"enabled"`)).Set("budget_tokens", budget)
	if err := in.add(Field{config.Value(), thinking.At}, "thinking"); err != nil || !r.hasEffort(in) {
		return err
	}
	return in.addEffort(effort)
}

func (in *Inference) addEffort(f Field) error {
	if f.Value == nil {
		return nil
	}
	return in.add(f, "output_config", "effort")
}

// hasEffort reports whether a Claude with a budget has output_config.effort, too.
func (r *Request) hasEffort(in *Inference) bool {
	return r.family.Effort.Value == "budget_and_effort" && hasBeta(in, "effort-")
}

// hasBeta reports whether the model's own fields have a beta that begins so.
func hasBeta(in *Inference, prefix string) bool {
	for _, beta := range rawjson.Elements(rawjson.Members(given(in.Additional.Value)).Get("anthropic_beta")) {
		if rawjson.Kind(beta) == '"' && strings.HasPrefix(rawjson.Text(beta), prefix) {
			return true
		}
	}
	return false
}

// add places a value in the model's own fields, where the client has not.
func (in *Inference) add(f Field, name string, more ...string) error {
	v, ok := placed(given(in.Additional.Value), append([]string{name}, more...), f.Value)
	if !ok {
		return Refuse(f.At, FaultFieldTwice)
	}
	in.Additional = Field{v, cmp.Or(in.Additional.At, f.At)}
	return nil
}
