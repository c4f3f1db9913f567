package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

func (s *Snapshot) addListeners(dump *adminv3.ListenersConfigDump) {
	for _, l := range dump.GetStaticListeners() {
		if listener, ok := unpack[listenerv3.Listener](l.GetListener()); ok {
			s.addListener(listener)
		}
	}
	for _, l := range dump.GetDynamicListeners() {
		s.addRejected(fmt.Sprintf("listener %q", l.GetName()), l.GetErrorState())
		if listener, ok := unpack[listenerv3.Listener](l.GetActiveState().GetListener()); ok {
			s.addListener(listener)
		}
		if l.GetWarmingState() != nil {
			s.warming = append(s.warming, l.GetName())
		}
	}
}

// addListener adds the HTTP connection managers of all filter chains.
func (s *Snapshot) addListener(l *listenerv3.Listener) {
	chains := slices.Clone(l.GetFilterChains())
	if l.GetDefaultFilterChain() != nil {
		chains = append(chains, l.GetDefaultFilterChain())
	}
	for i, chain := range chains {
		where := fmt.Sprintf("listener %q", l.GetName())
		if len(chains) > 1 {
			where += fmt.Sprintf(", filter chain %q", cmp.Or(chain.GetName(), strconv.Itoa(i)))
		}
		for _, f := range chain.GetFilters() {
			if config, ok := unpack[hcmv3.HttpConnectionManager](f.GetTypedConfig()); ok {
				s.managers = append(s.managers, manager{where, config, bufferSize(l)})
			}
		}
	}
}

// bufferSize returns per_connection_buffer_limit_bytes, or Envoy's default.
func bufferSize(l *listenerv3.Listener) uint32 {
	if limit := l.GetPerConnectionBufferLimitBytes(); limit != nil {
		return limit.GetValue()
	}
	return 1 << 20
}
