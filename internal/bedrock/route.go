package bedrock

import (
	"fmt"
	"strings"

	"bedrock-extproc/translator"
)

// routeOf lists the backends that may serve a call, b first. A caller who names a
// region has chosen where the call goes, and so has a model's ARN. Tokens are counted
// where the model would be called first: another model's count is not the same.
func (b *Backend) routeOf(call *translator.Call, caller translator.Caller) []*Backend {
	if len(b.route) == 1 || call.CountTokens || caller.HasKeys() && caller.Region != "" {
		return b.route[:1]
	}
	for _, f := range b.route[1:] {
		if !f.reaches(b, call.Model) {
			return b.routeWithModel(call.Model)
		}
	}
	return b.route
}

// routeWithModel is the route without the fallbacks that do not reach the model.
func (b *Backend) routeWithModel(model string) []*Backend {
	list := []*Backend{b}
	for _, f := range b.route[1:] {
		if f.reaches(b, model) {
			list = append(list, f)
		}
	}
	return list
}

// reaches reports whether b calls the region of a model that was meant for asked.
func (b *Backend) reaches(asked *Backend, model string) bool {
	return CheckModelRegion(b.modelFor(asked, model), b.region) == nil
}

// regionFor is the region that a caller's calls go to: the backend's, unless a caller
// with keys names another and is allowed to. With an error it is the backend's.
func (b *Backend) regionFor(caller translator.Caller) (string, error) {
	switch {
	case !caller.HasKeys() || caller.Region == "":
		return b.region, nil
	case !isRegion(caller.Region):
		return b.region, translator.ErrRegion()
	case b.residency != "" && caller.Region != b.region:
		return b.region, translator.ErrResidency(b.region)
	}
	return caller.Region, nil
}

// Model is the model id behind a name at this backend: that of the entry of
// BackendConfig.Models that the name matches, or the name itself.
func (b *Backend) Model(name string) string { return b.models.Model(name) }

// ModelLabel is how the configuration of this backend writes a name, which may match a
// pattern; "" for a name that it does not have.
func (b *Backend) ModelLabel(name string) string {
	if name == b.defaultModel {
		return name
	}
	alias, _ := b.models.Find(name)
	return alias
}

// modelFor is the model id at b of a call that was meant for the backend asked. A
// fallback looks up the client's name, then the id behind it at asked, and otherwise
// uses that id. A pattern for the name does not hide an entry for the very id.
func (b *Backend) modelFor(asked *Backend, name string) string {
	meant := asked.Model(name)
	if b == asked {
		return meant
	}
	byName, id := b.models.Find(name)
	byID, other := b.models.Find(meant)
	if byName == "" || translator.IsPattern(byName) && byID != "" && !translator.IsPattern(byID) {
		return other
	}
	return id
}

// foundationModel is the id of the model behind a system-defined inference profile's id or
// ARN, and any other id itself. Such a profile is named after its model, with a geography
// in front: us.amazon.nova-lite-v1:0.
func foundationModel(id string) string {
	profile := id
	if _, name, found := strings.Cut(id, ":inference-profile/"); found && strings.HasPrefix(id, "arn:") {
		profile = name
	}
	if _, model, _ := strings.Cut(profile, "."); translator.IsProviderID(profile) && translator.IsProviderID(model) {
		return model
	}
	return id
}

// CheckModelRegion reports a model whose ARN is in another region than the one that
// is called: Bedrock would not find it, or not say why. The error is a
// *translator.Error.
func CheckModelRegion(model, region string) error {
	of := arnRegion(model)
	if of == "" || of == region {
		return nil
	}
	e := translator.ErrModelRegion(of, region)
	e.Hint = fmt.Sprintf("Choose a backend in %s, or a model in %s.", of, region)
	return e
}

// arnRegion is the region in an ARN, "" if there is none.
func arnRegion(model string) string {
	parts := strings.SplitN(model, ":", 5)
	if len(parts) < 5 || parts[0] != "arn" {
		return ""
	}
	return parts[3]
}
