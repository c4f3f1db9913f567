package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// The keys of gRPC initial metadata that the sidecar reads besides those of identity.
const (
	backendKey      = "bedrock-backend"
	clientChoiceKey = "bedrock-client-choice"
)

// routeSettingChecks check the gRPC initial metadata by which Envoy's configuration
// selects a backend. Envoy turns its keys into lowercase.
func routeSettingChecks() []check {
	return []check{
		{
			"route-setting", Error,
			"gRPC initial metadata with a misspelt key or value: the sidecar rejects `bedrock*` keys that it does not know, and ignores others, so that clients choose the backend",
			"Use bedrock-backend with a backend's name, bedrock-client-choice: ignore, or a grpc_metadata of bedrock_extproc.identity (which needs -config).",
			eachSetting(misspeltSetting),
		},
		{
			"route-setting-unread", Warning,
			"gRPC initial metadata that neither the sidecar nor `bedrock_extproc.identity` (-config) reads",
			"Correct the key, or remove it.",
			eachSetting(func(e *examination, s setting) string {
				var unread []string
				for _, h := range s.config.GetGrpcService().GetInitialMetadata() {
					if key := strings.ToLower(h.GetKey()); !slices.Contains(e.settingKeys(), key) && !misspelt(key) {
						unread = append(unread, key)
					}
				}
				return problemIf(e.Backends != nil && unread != nil, "nothing reads "+strings.Join(unread, ", "))
			}),
		},
		{
			"route-backend", Error,
			"a route names a backend that the configuration (-config) does not have: calls get 500",
			"Name one of the configured backends in bedrock-backend, or add the backend to the configuration.",
			eachSetting(func(e *examination, s setting) string {
				name, _ := initialMetadata(s, backendKey)
				unknown := name != "" && !strings.Contains(name, "%") && e.Backends != nil && !slices.Contains(e.Backends, name)
				return problemIf(unknown, fmt.Sprintf("%s is %q, but the backends are %s", backendKey, name, strings.Join(e.Backends, ", ")))
			}),
		},
	}
}

func misspeltSetting(e *examination, s setting) string {
	var problems []string
	for _, h := range s.config.GetGrpcService().GetInitialMetadata() {
		key := strings.ToLower(h.GetKey())
		if !slices.Contains(e.settingKeys(), key) && misspelt(key) {
			problems = append(problems, fmt.Sprintf("nothing reads %s; the sidecar reads %s", key, strings.Join(e.settingKeys(), ", ")))
		}
	}
	if value, set := initialMetadata(s, backendKey); set && value == "" {
		problems = append(problems, backendKey+" is empty, which Envoy does not send")
	}
	if value, set := initialMetadata(s, clientChoiceKey); set && value != "ignore" {
		problems = append(problems, fmt.Sprintf("%s is %q, which lets clients choose; the only setting is ignore", clientChoiceKey, value))
	}
	return strings.Join(problems, "; ")
}

// settingKeys lists the keys that the sidecar reads.
func (e *examination) settingKeys() []string {
	return append([]string{backendKey, clientChoiceKey}, e.InitialMetadata...)
}

// misspelt reports whether a key that nothing reads was probably meant for the sidecar.
func misspelt(key string) bool {
	key = strings.ReplaceAll(key, "_", "-")
	return strings.Contains(key, "bedrock") || strings.HasSuffix(key, "backend") || strings.HasSuffix(key, "client-choice")
}

// initialMetadata returns the value of a key, and whether it is set.
func initialMetadata(s setting, key string) (value string, set bool) {
	for _, h := range s.config.GetGrpcService().GetInitialMetadata() {
		if strings.EqualFold(h.GetKey(), key) {
			return h.GetValue(), true
		}
	}
	return "", false
}
