package converse

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// efforts are the words for how much a model thinks, of all APIs, from none to most.
var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// budgets are the tokens for thoughts, by the position in efforts, of models that have
// a budget and no effort.
var budgets = []int{0, 1024, 1024, 4096, 8192, 16384, 32768}

// minBudget is Claude's least budget.
const minBudget = 1024

// Effort adds the field with which the family sets how much the model thinks to the
// model's own fields of in, for a word of efforts. Call it after the last message and before Infer.
func (r *Request) Effort(f Field, in *Inference) error {
	if rawjson.Absent(f.Value) {
		return nil
	}
	effort := -1
	if rawjson.Kind(f.Value) == '"' {
		effort = slices.Index(efforts, rawjson.Text(f.Value))
	}
	if effort < 0 {
		return Refuse(f.At, faultEffortWord.with(values{list: strings.Join(efforts, ", ")}))
	}
	if k := rawjson.Kind(in.Additional.Value); k != '{' && !rawjson.Absent(in.Additional.Value) {
		return Refuse(in.Additional.At, FaultNotObject)
	}
	fields, fault := r.effortFields(effort, in)
	if fault != nil {
		r.warn(f.At, *fault)
	}
	for _, m := range fields {
		members := rawjson.Members(given(in.Additional.Value))
		if !rawjson.Absent(members.Get(m.Name)) {
			return Refuse(f.At, FaultFieldTwice)
		}
		in.Additional = Field{members.Set(m.Name, m.Value).Value(), cmp.Or(in.Additional.At, f.At)}
	}
	return nil
}

// effortFields returns the family's fields for an effort, or why there are none.
func (r *Request) effortFields(effort int, in *Inference) (rawjson.Object, *Fault) {
	one := func(name string, v rawjson.Value) rawjson.Object { return rawjson.Object{{Name: name, Value: v}} }
	word := func(least, most string) rawjson.Value {
		i := min(max(effort, slices.Index(efforts, least)), slices.Index(efforts, most))
		return rawjson.Quote(efforts[i])
	}
	switch form := r.family.Effort.Value; {
	case strings.HasPrefix(form, "adaptive") && effort == 0:
		return one("thinking", rawjson.Value(`{"type":"disabled"}`)), nil
	case strings.HasPrefix(form, "adaptive"):
		most := "max"
		if form == "adaptive_high" {
			most = "high"
		}
		return append(one("thinking", rawjson.Value(`{"type":"adaptive"}`)), one("output_config", rawjson.Wrap("effort", word("low", most)))...), nil
	case strings.HasPrefix(form, "budget") && effort == 0:
		return nil, nil // thinking is off
	case strings.HasPrefix(form, "budget"):
		return r.budgetFields(budgets[effort], in)
	case form == "reasoning_effort" && effort > 0:
		return one("reasoning_effort", word("low", "high")), nil
	case form == "reasoning_config" && effort > 0:
		level := "high"
		if effort <= slices.Index(efforts, "low") {
			level = "low"
		}
		return one("reasoning_config", rawjson.Quote(level)), nil
	case form == "nova" && effort == 0:
		return one("reasoningConfig", rawjson.Value(`{"type":"disabled"}`)), nil
	case form == "nova":
		return one("reasoningConfig", rawjson.Object{{Name: "maxReasoningEffort", Value: word("low", "high")}, {Name: "type", Value: rawjson.Value(`"enabled"`)}}.Value()), nil
	}
	return nil, new(faultEffort.with(values{value: efforts[effort]}))
}

// budgetFields switches thinking on with a budget.
func (r *Request) budgetFields(tokens int, in *Inference) (rawjson.Object, *Fault) {
	budget, fault := r.budget(tokens, in)
	if fault != nil {
		return nil, fault
	}
	thinking := rawjson.Object{{Name: "budget_tokens", Value: budget}, {Name: "type", Value: rawjson.Value(`"enabled"`)}}
	return rawjson.Object{{Name: "thinking", Value: thinking.Value()}}, nil
}

// budget lowers a number of tokens for thoughts so that it leaves some for the answer. The
// fault says why the model cannot think.
func (r *Request) budget(tokens int, in *Inference) (rawjson.Value, *Fault) {
	if r.thoughtMissing() {
		return nil, &faultEffortHistory
	}
	most, err := number(in.MaxTokens)
	if err == nil && most > 0 {
		tokens = min(tokens, int(most)*3/4)
	}
	if tokens < minBudget {
		return nil, new(faultEffortTokens.with(values{count: minBudget * 4 / 3}))
	}
	return strconv.AppendInt(nil, int64(tokens), 10), nil
}

// thoughtMissing reports whether the conversation ends with tool results, and the turn
// with their calls does not begin with a thought. Many clients of OpenAI's API do not send
// thoughts back.
func (r *Request) thoughtMissing() bool {
	n := len(r.turns)
	if n < 2 || !slices.ContainsFunc(r.turns[n-1].blocks, func(b Block) bool { return b.is("toolResult") }) {
		return false
	}
	calls := r.turns[n-2].blocks
	return len(calls) == 0 || calls[0].Kind != "reasoningContent"
}
