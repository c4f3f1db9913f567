package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"bedrock-extproc/envoy"
	"bedrock-extproc/internal/telemetry"
)

// everyNode puts all Envoys in one group: they get the same configuration.
type everyNode struct{}

// ID implements cache.NodeHash.
func (everyNode) ID(*corev3.Node) string { return "" }

func xdsCommand(s streams) *cobra.Command {
	var cfg envoy.Config
	var address string
	cmd := &cobra.Command{
		Use: "xds", Short: "serve the configuration of envoy-config over xDS", GroupID: groupConfigure, Args: arguments(0, 0),
		Long: "Serve the listener and the cluster that envoy-config prints to Envoys over xDS, until a signal ends it.",
		RunE: func(cmd *cobra.Command, _ []string) error { return xds(cmd.Context(), address, cfg, s.stderr) },
	}
	cmd.Flags().StringVar(&address, "xds", "127.0.0.1:9005", "`address` for Envoys: host:port on loopback, or unix:///path")
	addEnvoyFlags(cmd.Flags(), &cfg)
	return cmd
}

// xds serves until ctx ends.
func xds(ctx context.Context, address string, cfg envoy.Config, stderr io.Writer) error {
	snapshot, err := newSnapshot(cfg)
	if err != nil {
		return err
	}
	lines := telemetry.NewLogWriter(stderr)
	defer lines.Close()
	log := lines.Logger(zapcore.InfoLevel)
	all := cache.NewSnapshotCache(true, everyNode{}, nil)
	if err := all.SetSnapshot(ctx, "", snapshot); err != nil {
		return fmt.Errorf("xds: %w", err)
	}
	lis, err := listen(ctx, address, socketAccess{}, false)
	if err != nil {
		return err
	}
	s := grpc.NewServer(allowPings())
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s, server.NewServer(ctx, all, nil))
	// Streams last as long as Envoy, so a graceful stop would not end.
	defer context.AfterFunc(ctx, s.Stop)()
	log.Info("ready", zap.String("xds", lis.Addr().String()), zap.String("snapshot", snapshot.GetVersion(resource.ListenerType)))
	return s.Serve(lis)
}

// newSnapshot builds the resources for Envoys. Their version is a hash of the content:
// after a restart Envoys get nothing that they already have.
func newSnapshot(cfg envoy.Config) (*cache.Snapshot, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	listener, err := envoy.Listener(cfg)
	if err != nil {
		return nil, err
	}
	cluster, err := envoy.Cluster(cfg)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, m := range []proto.Message{listener, cluster} {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("xds: %w", err)
		}
		sum.Write(text)
	}
	return cache.NewSnapshot(hex.EncodeToString(sum.Sum(nil)[:8]), map[resource.Type][]types.Resource{
		resource.ListenerType: {listener},
		resource.ClusterType:  {cluster},
	})
}
