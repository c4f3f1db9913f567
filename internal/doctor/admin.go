package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ReadAdmin reads the configuration, version and counters of a running Envoy from
// its admin interface, such as http://127.0.0.1:9901. It changes nothing.
func ReadAdmin(ctx context.Context, url string) (*Snapshot, error) {
	url = strings.TrimSuffix(url, "/")
	dump, err := get(ctx, url+"/config_dump?include_eds")
	if err != nil {
		return nil, err
	}
	s, err := ReadDump(dump)
	if err != nil {
		return nil, err
	}
	info, err := get(ctx, url+"/server_info")
	if err != nil {
		return nil, err
	}
	if s.Version, err = readVersion(info); err != nil {
		return nil, err
	}
	stats, err := get(ctx, url+"/stats?filter=ext_proc|membership_|_overflow|upstream_cx_(total|connect_fail)$")
	if err != nil {
		return nil, err
	}
	s.Stats = readStats(stats)
	return s, nil
}

// readVersion reads "<commit>/1.40.0/Clean/RELEASE/BoringSSL".
func readVersion(info []byte) (string, error) {
	var server struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(info, &server); err != nil {
		return "", fmt.Errorf("/server_info: %w", err)
	}
	parts := strings.Split(server.Version, "/")
	if len(parts) < 2 {
		return server.Version, nil
	}
	return parts[1], nil
}

// readStats reads lines of "name: 1" and skips histograms.
func readStats(text []byte) map[string]uint64 {
	stats := map[string]uint64{}
	for line := range bytes.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			stats[name] = n
		}
	}
	return stats
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("envoy's admin interface: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("envoy's admin interface: %w", err)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("envoy's admin interface: %s: %s", url, resp.Status)
	}
	return body, nil
}
