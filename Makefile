# Everything here needs Go and make; -race needs a C compiler too, and is left out with a word where there is none.

GO          ?= go
NODES       ?= 3
CONFIG      ?= examples/co2/node.json
FUZZTIME    ?= 10s
PYTHON      ?= python3
QEMU_ARM64  ?= qemu-aarch64-static
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0

# Packages that differ between the flavours, and those whose goroutines share memory.
NUMERIC     := ./compute/... ./ga/... ./cmd/doin-worker/...
CONCURRENT  := ./chain/store/... ./chain/anchor/... ./chain/mempool/... ./chain/task/... ./net/... ./olap/... \
               ./compute/worker/... ./cmd/...

.DEFAULT_GOAL := help

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build doin-node, doin-worker and doin-bench into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/ ./cmd/doin-node ./cmd/doin-worker ./cmd/doin-bench

.PHONY: run
run: build ## run NODES=3 nodes on CONFIG=examples/co2/node.json until Ctrl-C
	@bin/doin-node local --nodes $(NODES) --config $(CONFIG)

.PHONY: test
test: ## run all tests
	$(GO) test ./...

.PHONY: test-purego
test-purego: ## run the numeric tests without assembly
	$(GO) test -tags purego $(NUMERIC)

.PHONY: test-race
test-race: ## run the concurrent packages' tests under the race detector
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null; then \
		echo $(GO) test -race -short $(CONCURRENT); $(GO) test -race -short $(CONCURRENT); \
	else echo "test-race: left out, there is no C compiler"; fi

.PHONY: test-arm64
test-arm64: ## run the numeric engine's tests for arm64 under qemu-aarch64-static, where it is installed
	@if command -v $(QEMU_ARM64) >/dev/null; then \
		echo "arm64 under $(QEMU_ARM64)"; \
		CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) test -short -exec $(QEMU_ARM64) ./compute/vec ./compute/rng ./compute/nn; \
	else echo "test-arm64: LEFT OUT, there is no $(QEMU_ARM64)"; fi

.PHONY: exhaustive
exhaustive: ## compare every elementary function over all 2^32 inputs, implementations and error bounds (hours)
	DOIN_EXHAUSTIVE=1 $(GO) test -run 'Exhaustive|ErrorBounds' -timeout 24h -v ./compute/vec

.PHONY: bench-engine
bench-engine: ## measure the CPU engine beside gonum and PyTorch into bench/results/
	$(GO) run ./cmd/doin-bench engine --out bench/results --python $(PYTHON)

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME=10s
	@grep -roE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sed -E 's#^(.*)/[^/]*:func (.*)#\1 \2#' | sort | \
	while read -r dir name; do echo "$$dir $$name"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$dir" || exit 1; done

.PHONY: bench
bench: ## run all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: fmt
fmt: ## format all Go files
	gofmt -l -w $$(git ls-files -co --exclude-standard '*.go')

.PHONY: lint
lint: ## gofmt, go vet in both CPU flavours, staticcheck
	@files=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$files" ]; then echo "not formatted (make fmt):"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags purego ./...
	$(GO) run $(STATICCHECK) ./...

.PHONY: generate
generate: ## rewrite generated files
	$(GO) generate ./...

.PHONY: check-generate
check-generate: ## fail if generate changes anything
	@before=$$(git diff; git status --porcelain); $(MAKE) --no-print-directory generate || exit 1; \
	if [ "$$before" != "$$(git diff; git status --porcelain)" ]; then \
		echo "generated files are not up to date:"; git status --short; exit 1; fi

.PHONY: cross
cross: ## build everything for linux/arm64 and the programs without cgo
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build ./...
	CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/doin-node
	CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/doin-worker

.PHONY: check
check: lint check-generate test test-purego test-race test-arm64 cross ## everything that CI runs
	$(GO) mod verify

.PHONY: clean
clean: ## remove what build made
	rm -rf bin
