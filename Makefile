# Every development task is a target here. CI runs the same targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory

# Tools run as "go run tool@version": their modules stay out of go.mod.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

VERSION ?= dev
PLATFORMS ?= linux_amd64 linux_arm64 darwin_amd64 darwin_arm64
RELEASE ?= bin/release
MODULE ?=
IMAGE ?= bedrock-extproc:$(VERSION)
PORT ?= 8000
ENVOY_ADMIN_PORT ?= 9901
ADMIN_PORT ?= 9003
BEDROCK_PORT ?= 9004
AWS ?=
CONFIG ?=
ENVOY_VERSION ?=
export ENVOY_VERSION
FUZZTIME ?= 60s
MINUTES ?= 20
UPDATE ?=
ONLY ?=
OLD ?=
ROUNDS ?=
COUNT ?= 6

# The commit and its date are in the program; "version" prints them. Both are empty outside a checkout.
COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
DATE ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)

# The same source makes the same bytes, wherever it is built: "make reproducible" shows it.
# grpcnotrace leaves out gRPC's trace pages. Their templates would keep every method in the program: 12 MB more.
GO_BUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags grpcnotrace \
  -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)"
# Tests that need the code of other hosts are modules of their own.
MODULES := $(wildcard tests/*/go.mod)
ENVOY_SH := tests/envoytest/envoy.sh
CLIENTS := tests/clients
PEERS := tests/bench/peers
PYTHON := $(CLIENTS)/.venv/bin/python -B

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: go
go:
	@command -v go >/dev/null || { echo 'make: install Go 1.26 or newer: https://go.dev/doc/install' >&2; exit 1; }

.PHONY: run
run: build ## run a stand-in for Bedrock, the sidecar and Envoy in the foreground (PORT= ENVOY_ADMIN_PORT= ADMIN_PORT= BEDROCK_PORT=; CONFIG=file.yaml for the sidecar; AWS=1 for the real Bedrock)
	@envoy=$$($(ENVOY_SH)) && exec bin/bedrock-extproc run --envoy "$$envoy" --port $(PORT) --envoy-admin-port $(ENVOY_ADMIN_PORT) \
	  --admin-port $(ADMIN_PORT) --bedrock-port $(BEDROCK_PORT) --config "$(CONFIG)" $(if $(AWS),--aws)

.PHONY: build
build: go ## build the programs into bin/
	@[ -e bin/bedrock-extproc ] || echo 'make: building; the first time, this takes a minute or more'
	@mkdir -p bin
	@$(GO_BUILD) -o bin/ ./cmd/bedrock-extproc ./tests/fakebedrock/cmd/fakebedrock

.PHONY: man
man: build ## write the manual page to bin/bedrock-extproc.1
	@bin/bedrock-extproc man > bin/bedrock-extproc.1

# -count=1: end-to-end tests run programs that Go's test cache does not track.
.PHONY: test
test: go ## run every test, with a real Envoy (installed if missing)
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && go test -count=1 -timeout 30m ./...

.PHONY: race
race: go ## run every test except the load tests, with the race detector
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && go test -race -short -count=1 -timeout 30m ./...

.PHONY: e2e
e2e: go ## run only the tests that need a real Envoy (ENVOY_VERSION=1.37.0 selects another version than the pinned one)
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && go test -count=1 -timeout 30m ./tests/e2e/... ./tests/envoytest/... ./envoy/...

.PHONY: examples
examples: go ## check every file in examples/ with the code of the program that will read it (the first run takes minutes: it builds Istio and Envoy Gateway)
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && go test -count=1 ./envoy/... ./tests/examples/...
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && for module in $(MODULES); do \
	  echo "$${module%/go.mod}"; (cd "$${module%/go.mod}" && go vet ./... && go run $(GOLANGCI_LINT) run ./... && go test -count=1 ./...); \
	done

.PHONY: clients
clients: build $(CLIENTS)/.venv/installed $(CLIENTS)/.venv-anthropic-0/installed $(CLIENTS)/node/node_modules/installed ## run clients of every API, in Python and Node, against what "make run" runs, and compare the table in docs/clients.md (UPDATE=1 writes it)
	@$(PYTHON) -m ruff check -q --no-cache $(CLIENTS) && $(PYTHON) -m ruff format -q --no-cache --check $(CLIENTS)
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && $(PYTHON) -m pytest -q -p no:cacheprovider --junitxml=bin/clients/python.xml $(CLIENTS) && \
	  $(CLIENTS)/.venv-anthropic-0/bin/python -B -m pytest -q -p no:cacheprovider --junitxml=bin/clients/anthropic-0.xml $(CLIENTS)/test_anthropic.py
	@$(PYTHON) $(CLIENTS)/table.py bin/clients $(if $(UPDATE),update)

$(CLIENTS)/.venv/installed: $(CLIENTS)/requirements.txt
$(CLIENTS)/.venv-anthropic-0/installed: $(CLIENTS)/requirements-anthropic-0.txt
$(PEERS)/.venv/installed: $(PEERS)/requirements.txt
$(CLIENTS)/.venv/installed $(CLIENTS)/.venv-anthropic-0/installed $(PEERS)/.venv/installed:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'make: install Python 3.11 or newer with venv (Debian: apt-get install python3 python3-venv)' >&2; exit 1; }
	@python3 -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check install -q --require-hashes --only-binary :all: -r $<
	@touch $@

.PHONY: node
node:
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo 'make: install Node 20 or newer with npm: https://nodejs.org/en/download' >&2; exit 1; }

$(CLIENTS)/node/node_modules/installed: $(CLIENTS)/node/package-lock.json
$(PEERS)/portkey/node_modules/installed: $(PEERS)/portkey/package-lock.json
$(CLIENTS)/node/node_modules/installed $(PEERS)/portkey/node_modules/installed: | node
	@npm --prefix $(@D:/node_modules=) ci
	@touch $@

# The namespaces have no network but loopback, so only the listener answers the agents, and end what they leave running.
.PHONY: agents
agents: build $(CLIENTS)/.venv/installed $(CLIENTS)/agents/node_modules/installed ## let coding agents work through the listener, in a network without an outside (Linux on x86-64; the first run installs a gigabyte)
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && \
	  unshare --user --map-root-user --net --pid --fork --kill-child --mount-proc bash -c 'ip link set lo up && exec "$$@"' agents $(PYTHON) -m pytest -q -p no:cacheprovider $(CLIENTS)/run_agents.py

# "npm ci" fails, because packages that one of the agents names for other systems do not exist.
$(CLIENTS)/agents/node_modules/installed: $(CLIENTS)/agents/package-lock.json | node
	@npm --prefix $(CLIENTS)/agents install --no-save
	@touch $@

.PHONY: browser
browser: go ## call the example for pages, and read the status page, in headless Chromium (pictures in bin/browser; installed if missing, which needs root and Debian)
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && CHROMIUM_BIN=$$(tests/browser/chromium.sh) && export CHROMIUM_BIN && go test -tags browser -count=1 ./tests/browser

.PHONY: soak
soak: go ## mix calls, faults, leaving clients, reloads and rotating credentials for MINUTES (20), and judge failures, memory and descriptors
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && go test -count=1 -timeout 0 -v -run '^TestSoak$$' ./tests/e2e -soak $(MINUTES)m

.PHONY: bench
bench: build ## measure what a call costs, beside programs that do the same without the sidecar (OLD=file compares with an older sidecar; ONLY=whole,events runs some figures; UPDATE=1 writes BENCHMARKS.md)
	@mkdir -p bin/bench && go build -o bin/bench/ ./tests/bench
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && bin/bench/bench -json bin/bench/results.json $(if $(ONLY),-only $(ONLY)) $(if $(OLD),-old $(OLD)) $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(UPDATE),-page BENCHMARKS.md)

# The namespace has no network but loopback: peers listen at all addresses, and nothing but the canned Bedrock answers them.
.PHONY: bench-peers
bench-peers: build $(PEERS)/.venv/installed $(PEERS)/portkey/node_modules/installed ## compare with LiteLLM's proxy, Portkey's gateway and, with AIGATEWAY=file, Envoy AI Gateway's external processor (the first run installs 700 MB; UPDATE=1 writes BENCHMARKS.md)
	@mkdir -p bin/bench && go build -o bin/bench/ ./tests/bench
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && \
	  unshare --user --map-root-user --net bash -c 'ip link set lo up && exec "$$@"' peers bin/bench/bench -json bin/bench/peers.json -litellm $(PEERS)/.venv/bin/litellm \
	  -portkey $(PEERS)/portkey/node_modules/@portkey-ai/gateway/build/start-server.js $(if $(AIGATEWAY),-aigateway $(AIGATEWAY)) $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(UPDATE),-page BENCHMARKS.md)

.PHONY: microbench
microbench: go ## run Go's benchmarks, within one process, COUNT (6) times into bin/bench/micro.txt (OLD=file compares with an earlier one)
	@mkdir -p bin/bench && go test -run '^$$' -bench . -benchmem -count $(COUNT) $$(go list ./... | grep -v /tests/) | tee bin/bench/micro.txt
	@$(if $(OLD),go run $(BENCHSTAT) $(OLD) bin/bench/micro.txt)

.PHONY: fuzz
fuzz: go ## run each fuzz target for FUZZTIME (60s)
	@for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' "$$pkg" | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$pkg"; \
	  done; \
	done

.PHONY: lint
lint: go ## check style and the import rules
	@go vet -tags browser ./...
	@go run $(GOLANGCI_LINT) run ./...
	@cd release && go vet ./... && go run $(GOLANGCI_LINT) run ./...

.PHONY: fmt
fmt: go ## format the code
	@for module in . $(dir $(MODULES)) release; do (cd "$$module" && go run $(GOLANGCI_LINT) fmt ./...); done

.PHONY: generate
generate: go ## regenerate the generated files
	@go generate ./...

.PHONY: vuln
vuln: go ## check the code and its dependencies for known vulnerabilities
	@go run $(GOVULNCHECK) ./...

.PHONY: sbom
sbom: build ## list the modules in the program, as CycloneDX JSON in bin/bedrock-extproc.cdx.json
	@cd release && go run . -version $(VERSION) -date "$(DATE)" -sbom ../bin/bedrock-extproc -out ../bin/bedrock-extproc.cdx.json

# The files of a version belong to a commit, and to a part of the changelog.
.PHONY: release
release: build ## write the files of a release to bin/release: archives, an image, the chart, lists of modules, checksums (VERSION=0.1.0 PLATFORMS= RELEASE=folder)
	@[ "$(VERSION)" = dev ] || [ -z "$$(git status --porcelain)" ] || { echo 'make release: commit or remove what "git status" lists' >&2; exit 1; }
	@[ "$(VERSION)" = dev ] || grep -q '^## $(VERSION) - 20[0-9][0-9]-' CHANGELOG.md || { echo 'make release: CHANGELOG.md has no heading "## $(VERSION) - DATE"' >&2; exit 1; }
	@rm -rf bin/built "$(RELEASE)"/bedrock-extproc[_-]* "$(RELEASE)"/SHA256SUMS && mkdir -p bin/built/common/completions "$(RELEASE)"
	@for platform in $(PLATFORMS); do \
	  GOOS=$${platform%_*} GOARCH=$${platform#*_} $(GO_BUILD) -o bin/built/$$platform/bedrock-extproc ./cmd/bedrock-extproc; \
	done
	@bin/bedrock-extproc man > bin/built/common/bedrock-extproc.1
	@bin/bedrock-extproc completion bash > bin/built/common/completions/bedrock-extproc.bash
	@bin/bedrock-extproc completion zsh > bin/built/common/completions/_bedrock-extproc
	@bin/bedrock-extproc completion fish > bin/built/common/completions/bedrock-extproc.fish
	@cd release && go run . -version $(VERSION) -commit "$(COMMIT)" -date "$(DATE)" -built $(abspath bin/built) -out $(abspath $(RELEASE)) $(PLATFORMS)

.PHONY: module-path
module-path: go ## give the module another path, the address of its repository (MODULE=host/owner/name)
	@cd release && go run ./modulepath .. "$(MODULE)" && cd .. && $(MAKE) fmt

.PHONY: release-check
release-check: go ## make a release of this tree, run what its archive for this machine contains, and change the module's path in a copy
	@ENVOY_BIN=$$($(ENVOY_SH)) && export ENVOY_BIN && cd release && go test -count=1 ./...

.PHONY: reproducible
reproducible: go ## make a release for this machine twice, in two directories and with empty caches, and compare the bytes (takes minutes)
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && for copy in a b; do \
	  mkdir -p "$$dir/$$copy/src" && git archive HEAD | tar -x -C "$$dir/$$copy/src"; \
	  GOCACHE="$$dir/$$copy/cache" $(MAKE) -C "$$dir/$$copy/src" release RELEASE="$$dir/$$copy/release" VERSION=dev \
	    PLATFORMS="$$(go env GOOS)_$$(go env GOARCH)" COMMIT="$(COMMIT)" DATE="$(DATE)"; \
	done && diff -r "$$dir/a/release" "$$dir/b/release" && cat "$$dir/a/release/SHA256SUMS"

.PHONY: image
image: ## build the container image
	@command -v docker >/dev/null || { echo 'make image: install Docker, or build the Dockerfile with another tool' >&2; exit 1; }
	@docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) --build-arg DATE=$(DATE) -t $(IMAGE) .

.PHONY: clean
clean: ## remove bin/, .envoy/ and the packages of "make clients", "make agents" and "make bench-peers"
	@rm -rf bin .envoy $(PEERS)/.venv $(PEERS)/portkey/node_modules $(CLIENTS)/.venv $(CLIENTS)/.venv-anthropic-0 $(CLIENTS)/node/node_modules $(CLIENTS)/agents/node_modules
