package bedrock

import (
	"fmt"
	"strings"
)

// Model is the model id that stands behind a name at this backend: an entry of
// BackendConfig.Models, or the name itself.
func (b *Backend) Model(name string) string {
	if id, ok := b.models[name]; ok {
		return id
	}
	return name
}

// modelFor is the model id at b of a call that was meant for the backend asked. A
// fallback knows the name that the client used, or the id behind it there, or
// takes that id as it is.
func (b *Backend) modelFor(asked *Backend, name string) string {
	if id, ok := b.models[name]; ok {
		return id
	}
	return b.Model(asked.Model(name))
}

// CheckModelRegion reports a model whose ARN is of another region than the one
// that is called: Bedrock would not find it, or not say why. The error is a
// *translator.Error, for the client and for whoever wrote the configuration.
func CheckModelRegion(model, region string) error {
	of := arnRegion(model)
	if of == "" || of == region {
		return nil
	}
	e := invalid("model", fmt.Sprintf("The model's ARN is of region %s, and the call would go to %s.", of, region))
	e.Hint = fmt.Sprintf("Choose a backend in %s, or a model of %s.", of, region)
	return e
}

// arnRegion is the region in an ARN, "" when there is none.
func arnRegion(model string) string {
	parts := strings.SplitN(model, ":", 5)
	if len(parts) < 5 || parts[0] != "arn" {
		return ""
	}
	return parts[3]
}
