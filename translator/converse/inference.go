package converse

import (
	"slices"
	"strconv"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// Inference has the client's inference parameters. Absent ones are not sent.
type Inference struct {
	MaxTokens, Temperature, TopP, TopK Field
	// Stop is one text or a list.
	Stop Field
	// Additional is an object with the model's own fields.
	Additional Field
}

// Infer checks and adds the inference parameters.
func (r *Request) Infer(in Inference) error {
	if k := rawjson.Kind(in.Additional.Value); k != '{' && !rawjson.Absent(in.Additional.Value) {
		return Refuse(in.Additional.At, FaultNotObject)
	}
	maxTokens, err := r.maxTokens(in.MaxTokens)
	if err != nil {
		return err
	}
	for _, f := range []Field{in.Temperature, in.TopP} {
		if err := r.checkFraction(f); err != nil {
			return err
		}
	}
	stop, err := r.stopSequences(in.Stop)
	if err != nil {
		return err
	}
	if err := r.readThinking(in); err != nil {
		return err
	}
	if err := r.sampling(&in); err != nil {
		return err
	}
	r.setInference(rawjson.Object{
		{Name: "maxTokens", Value: maxTokens},
		{Name: "stopSequences", Value: stop},
		{Name: "temperature", Value: given(in.Temperature.Value)},
		{Name: "topP", Value: given(in.TopP.Value)},
	}, in)
	return r.addTopK(in.TopK, in.Additional)
}

// setInference adds inferenceConfig, unless it has no members.
func (r *Request) setInference(members rawjson.Object, in Inference) {
	at := ""
	for i, f := range []Field{in.MaxTokens, in.Stop, in.Temperature, in.TopP} {
		if len(members[i].Value) > 0 && at == "" {
			at = f.At
		}
	}
	if at != "" {
		r.set("inferenceConfig", Field{members.Value(), at})
	}
}

// maxTokens reads a whole number. 10.0 is one too, as in the reference server.
func (r *Request) maxTokens(f Field) (rawjson.Value, error) {
	n, err := number(f)
	switch {
	case err != nil || rawjson.Absent(f.Value):
		return nil, err
	case n != float64(int64(n)):
		return nil, Refuse(f.At, faultNotWhole)
	case !r.passes() && (n < 1 || n > 1<<31-1):
		return nil, Refuse(f.At, faultMaxTokens.with(values{value: clipNumber(f.Value)}))
	case strings.ContainsAny(string(f.Value), ".eE"):
		return strconv.AppendInt(nil, int64(n), 10), nil
	}
	return f.Value, nil
}

func (r *Request) checkFraction(f Field) error {
	n, err := number(f)
	if err == nil && !r.passes() && (n < 0 || n > 1) {
		err = Refuse(f.At, faultFraction.with(values{value: clipNumber(f.Value)}))
	}
	return err
}

func clipNumber(v rawjson.Value) string { return string(v[:min(len(v), 20)]) }

// number is 0 for an absent value.
func number(f Field) (float64, error) {
	switch {
	case rawjson.Absent(f.Value):
		return 0, nil
	case rawjson.Kind(f.Value) != '0':
		return 0, Refuse(f.At, faultNotNumber)
	}
	n, _ := strconv.ParseFloat(string(f.Value), 64) // a number that is too large is infinite
	return n, nil
}

// sampling refuses temperature and top_p where the family does. Where the family
// accepts only the default, it is not sent: that changes nothing.
func (r *Request) sampling(in *Inference) error {
	if r.passes() {
		return nil
	}
	var both []*Field
	for _, p := range []struct {
		name string
		*Field
	}{{"temperature", &in.Temperature}, {"top_p", &in.TopP}} {
		if rawjson.Absent(p.Value) {
			continue
		}
		if slices.Contains(r.family.Refused.Value, p.name) {
			v := values{family: r.family, evidence: r.family.Refused.Evidence}
			if n, _ := number(*p.Field); n != 1 {
				return Refuse(p.At, faultParameter.with(v))
			}
			p.Value = nil
			r.warn(p.At, faultDefault.with(v))
		}
		if slices.Contains(r.family.NotTogether.Value, p.name) {
			both = append(both, p.Field)
		}
	}
	if len(both) == 2 {
		return r.notTogether(both[0], both[1])
	}
	return nil
}

// notTogether leaves out the one of two parameters that has its default, which changes
// nothing, and refuses both where neither has.
func (r *Request) notTogether(temperature, topP *Field) error {
	v := values{family: r.family, evidence: r.family.NotTogether.Evidence, path: temperature.At, value: topP.At}
	for _, p := range []*Field{topP, temperature} {
		if n, _ := number(*p); n == 1 {
			p.Value = nil
			return r.repair(p.At, faultTogetherDefault.with(v))
		}
	}
	return Refuse(topP.At, faultTogether.with(v))
}

// maxStops is Bedrock's limit.
const maxStops = 2500

// stopSequences reads one text or a list, and drops empty ones.
func (r *Request) stopSequences(f Field) (rawjson.Value, error) {
	switch rawjson.Kind(f.Value) {
	case 0, 'n':
		return nil, nil
	case '"', '[':
	default:
		return nil, Refuse(f.At, faultNotStops)
	}
	if rawjson.Kind(f.Value) == '"' {
		kept, err := r.stopSequence(f)
		if !kept || err != nil {
			return nil, err
		}
		return append(append(rawjson.Value("["), f.Value...), ']'), nil
	}
	list := rawjson.Value("[")
	for i, v := range rawjson.Elements(f.Value) {
		kept, err := r.stopSequence(Field{v, Index(f.At, i)})
		switch {
		case err != nil:
			return nil, err
		case i >= maxStops && !r.passes():
			return nil, Refuse(f.At, faultManyStops)
		case kept:
			list = rawjson.AppendCompact(rawjson.AppendSeparator(list), v)
		}
	}
	if len(list) == 1 {
		return nil, nil
	}
	return append(list, ']'), nil
}

func (r *Request) stopSequence(f Field) (kept bool, err error) {
	switch {
	case rawjson.Kind(f.Value) != '"':
		return false, Refuse(f.At, FaultNotString)
	case r.passes():
		return true, nil
	case string(f.Value) == `""`:
		return false, r.repair(f.At, faultEmptyStop)
	case r.family.BlankStopSequences.Value == "refused" && rawjson.Blank(f.Value):
		return false, Refuse(f.At, faultBlankStop.with(values{family: r.family, evidence: r.family.BlankStopSequences.Evidence}))
	}
	return true, nil
}
