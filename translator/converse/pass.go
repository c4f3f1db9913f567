package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// Pass reads a body that is a Converse request already, and returns it with the backend's
// guardrail and request metadata. Nothing else is changed: where the backend adds
// nothing, the result is body itself, and all other members keep their bytes. An empty
// body is an empty request. Pass takes the place of all methods that add to a Request,
// and of Body. An error is a *translator.Error.
func (r *Request) Pass(body []byte) ([]byte, error) {
	if len(body) == 0 {
		body = []byte("{}")
	}
	given, err := ReadBody(body, Passthrough)
	if err != nil {
		return nil, err
	}
	policy, err := r.policy(given)
	if err != nil || len(policy) == 0 {
		return body, err
	}
	dst := append(make([]byte, 0, len(body)+256), '{')
	for _, m := range given.Members {
		if policy.Get(m.Name) == nil { // a name that comes twice is replaced twice
			dst = append(rawjson.AppendName(dst, m.Name), m.Value...)
		}
	}
	for _, m := range policy {
		dst = rawjson.AppendMember(dst, m.Name, m.Value)
	}
	return append(dst, '}'), nil
}

// policy returns the members that the backend sets.
func (r *Request) policy(given Object) (members rawjson.Object, err error) {
	asked, defaults := given.Field("guardrailConfig"), r.rules.Defaults
	if defaults.Guardrail != nil && defaults.Guardrail.Enforced {
		r.system = guardContents(given)
	}
	done, err := r.DefaultGuardrail(asked)
	switch {
	case err != nil:
		return nil, err
	case !done:
		r.set("guardrailConfig", asked) // as it came
	case r.Guarded():
		members = append(members, rawjson.Member{Name: "guardrailConfig", Value: r.option("guardrailConfig")})
	}
	if len(defaults.RequestMetadata) == 0 {
		return members, nil
	}
	if err := r.RequestMetadata(given.Field("requestMetadata")); err != nil {
		return nil, err
	}
	return append(members, rawjson.Member{Name: "requestMetadata", Value: r.option("requestMetadata")}), nil
}

// guardContents returns the guardContent blocks of a request, without their values. All
// members of the same name count: which of them Bedrock reads is not known.
func guardContents(request Object) (found []Block) {
	for _, m := range request.Members {
		switch m.Name {
		case "system":
			found = append(found, guardBlocks(m.Value, m.Name)...)
		case "messages":
			for i, turn := range rawjson.Elements(m.Value) {
				for _, part := range rawjson.Members(turn) {
					if part.Name == "content" {
						found = append(found, guardBlocks(part.Value, Index(m.Name, i)+".content")...)
					}
				}
			}
		}
	}
	return found
}

func guardBlocks(list rawjson.Value, at string) (found []Block) {
	for i, block := range rawjson.Elements(list) {
		if slices.ContainsFunc(rawjson.Members(block), func(m rawjson.Member) bool {
			return m.Name == "guardContent" && !rawjson.Absent(m.Value)
		}) {
			found = append(found, Block{Kind: "guardContent", At: Index(at, i)})
		}
	}
	return found
}

// Pass reads an event of a stream that reaches the client as it came: it records what
// Summary needs, and collects no blocks. An error is a *translator.Error: the event is not
// a JSON object.
func (a *Answer) Pass(kind string, payload []byte) error {
	if kind == "contentBlockDelta" {
		if _, _, plain := cutPlainText(payload); plain {
			return nil
		}
	}
	members, err := a.events.Read(payload)
	if err == nil && (kind == "messageStop" || kind == "metadata") {
		err = a.take(members)
	}
	if err != nil {
		return unreadable(err)
	}
	return nil
}
