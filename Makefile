# Everything here needs Go and make; -race needs a C compiler too, and is left out with a word where there is none.

GO          ?= go
NODES       ?= 3
CONFIG      ?= examples/co2/node.json
FUZZTIME    ?= 10s
FUZZPART    ?= 0/1
KILLS       ?= 1000
WORKER_KILLS ?= 200
SIMULATIONS ?= 10000
OLAP_KILLS  ?= 200
FOR         ?=
SOAK_OUT    ?= bench/results
PYTHON      ?= python3
QEMU_ARM64  ?= qemu-aarch64-static
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0

# All but the race detector and the GPU flavour is built without cgo, as it is shipped: one compilation serves tests, programs and vet.
PURE        := CGO_ENABLED=0 $(GO)

# What a build makes.
PROGRAMS    := ./cmd/doin-node ./cmd/doin-pynode ./cmd/doin-worker ./cmd/doin-bench

# Packages that differ between the flavours, and those whose goroutines share memory.
NUMERIC     := ./compute/f64/... ./compute/closed/... ./compute/boost/... ./compute/vec/... ./compute/rng/... ./compute/nn/... ./compute/genome/... ./compute/domain/... ./compute/graph/... \
               ./compute/worker/... ./ga/... ./cmd/doin-worker/...
CONCURRENT  := ./chain/store/... ./chain/anchor/... ./chain/mempool/... ./chain/task/... ./net/... ./olap/... \
               ./compute/worker/... ./cmd/...

# Packages that differ with the tag gpu.
GPU         := ./kernels/... ./compute/device/... ./compute/gpuinfo/... ./compute/domain/... ./compute/worker/... \
               ./cmd/doin-worker/... ./bench/gpu/... ./cmd/doin-bench/...

# The toolkit: nvcc, headers, and a libcuda to link where no driver is installed, in CUDA_HOME, else where make cuda-toolkit
# unpacks them, else in the system's folders. gorgonia.org/cu looks for headers in /usr/local/cuda/include and /usr/include and for
# libraries in /usr/local/cuda/lib64 and /usr/lib/x86_64-linux-gnu by itself; Debian's stub of libcuda is in none of them.
CUDA_FOLDER := $(or $(XDG_CACHE_HOME),$(addsuffix /.cache,$(HOME)))/doin/cuda-11.8
CUDA_HEADER := $(firstword $(wildcard $(addsuffix /include/cuda.h,$(CUDA_HOME) $(CUDA_FOLDER) /usr/local/cuda) /usr/include/cuda.h))
CUDA_STUB   := $(firstword $(wildcard $(addsuffix /lib64/stubs/libcuda.so,$(CUDA_HOME) $(CUDA_FOLDER) /usr/local/cuda) \
               /usr/lib/x86_64-linux-gnu/stubs/libcuda.so /usr/lib/aarch64-linux-gnu/stubs/libcuda.so))
NVCC        ?= $(firstword $(wildcard $(addsuffix /bin/nvcc,$(CUDA_HOME) $(CUDA_FOLDER))) nvcc)
# -O2 -g is what Go has without CGO_CFLAGS. /usr/include must not be named: the compiler has it.
GPU_CFLAGS  := -O2 -g $(addprefix -I,$(filter-out /usr/include/,$(dir $(CUDA_HEADER))))
GPU_LDFLAGS := -O2 -g $(addprefix -L,$(dir $(CUDA_STUB)))
GPU_ENV      = CGO_ENABLED=1 CGO_CFLAGS="$(GPU_CFLAGS)" CGO_LDFLAGS="$(GPU_LDFLAGS)"

.DEFAULT_GOAL := help

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build doin-node, doin-pynode, doin-worker and doin-bench into bin/
	$(PURE) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/ $(PROGRAMS)

.PHONY: dist
dist: ## build what is shipped into build/dist: static programs for four systems, SHA256SUMS, THIRD_PARTY_NOTICES (minutes)
	@GO=$(GO) VERSION=$(VERSION) .ci/dist

.PHONY: run
run: ## run NODES=3 nodes on CONFIG=examples/co2/node.json until Ctrl-C
	@test -x bin/doin-node || echo "building the programs, about a minute the first time"
	@$(MAKE) --no-print-directory build
	@bin/doin-node local --nodes $(NODES) --config $(CONFIG)

ONNX_FOLDER := $(or $(DOIN_ONNXRUNTIME),$(or $(XDG_CACHE_HOME),$(addsuffix /.cache,$(HOME)))/doin/onnxruntime)

.PHONY: onnxruntime
onnxruntime: ## install ONNX Runtime for Node.js, with which the tests execute exported models; nothing of it is a part of a build
	@mkdir -p $(ONNX_FOLDER)
	@cp compute/onnx/onnxtest/runtime/package.json compute/onnx/onnxtest/runtime/package-lock.json $(ONNX_FOLDER)/
	npm ci --ignore-scripts --no-audit --no-fund --prefix $(ONNX_FOLDER)

READERS_FOLDER := $(or $(DOIN_READERS),$(or $(XDG_CACHE_HOME),$(addsuffix /.cache,$(HOME)))/doin/readers)

.PHONY: readers
readers: ## install hyparquet and apache-arrow for Node.js, with which the tests read exported tables; nothing of it is a part of a build
	@mkdir -p $(READERS_FOLDER)
	@cp olap/export/testdata/readers/package.json olap/export/testdata/readers/package-lock.json $(READERS_FOLDER)/
	npm ci --ignore-scripts --no-audit --no-fund --prefix $(READERS_FOLDER)

.PHONY: test
test: ## run all tests
	$(PURE) test ./...

.PHONY: test-purego
test-purego: ## run the numeric tests without assembly
	$(PURE) test -tags purego $(NUMERIC)

.PHONY: test-race
test-race: ## run the concurrent packages' tests under the race detector
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null; then \
		echo $(GO) test -race -short $(CONCURRENT); $(GO) test -race -short $(CONCURRENT); \
	else echo "test-race: left out, there is no C compiler"; fi

.PHONY: test-arm64
test-arm64: ## run the numeric engine's tests for arm64 under qemu-aarch64-static, where it is installed
	@if command -v $(QEMU_ARM64) >/dev/null; then \
		echo "arm64 under $(QEMU_ARM64)"; \
		CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) test -short -exec $(QEMU_ARM64) ./compute/f64 ./compute/closed ./compute/boost ./compute/vec ./compute/rng ./compute/nn; \
	else echo "test-arm64: LEFT OUT, there is no $(QEMU_ARM64)"; fi

.PHONY: exhaustive
exhaustive: ## compare every elementary function over all 2^32 inputs, implementations and error bounds (hours)
	DOIN_EXHAUSTIVE=1 $(GO) test -run 'Exhaustive|ErrorBounds' -timeout 24h -v ./compute/vec

.PHONY: bench-engine
bench-engine: ## measure the CPU engine beside gonum and PyTorch into bench/results/
	$(GO) run ./cmd/doin-bench engine --out bench/results --python $(PYTHON)

.PHONY: bench-host
bench-host: ## measure what the host does beside a GPU, without one, into bench/results/
	$(GO) run ./cmd/doin-bench host --out bench/results

.PHONY: bench-reading
bench-reading: ## measure the reading of files of 1 GiB into bench/results/ (2 GiB of disk, minutes)
	$(GO) run ./cmd/doin-bench reading --out bench/results

.PHONY: bench-graph
bench-graph: ## what it costs that a model is said as a graph, into bench/results/graph.md (Linux; two minutes)
	DOIN_GRAPH_OUT=$(CURDIR)/bench/results $(GO) test -count=1 -run '^TestCost$$' -timeout 30m -v ./compute/graph

.PHONY: bench-olap
bench-olap: ## measure the writing of rows and exports into bench/results/olap.txt (a quiet machine, a minute; PostgreSQL's programs)
	{ echo "# make bench-olap: 1-minute load at the start $$(cut -d' ' -f1 /proc/loadavg)"; \
	for p in sqlite postgres export; do $(GO) test -run '^$$' -bench '^BenchmarkWrite$$' -benchtime 2s ./olap/$$p || exit 1; done; \
	echo "# load at the end $$(cut -d' ' -f1 /proc/loadavg)"; } > bench/results/olap.tmp && mv bench/results/olap.tmp bench/results/olap.txt
	@cat bench/results/olap.txt

.PHONY: bench-islands
bench-islands: build ## measure islands, simulated and real, into bench/results/ (about 40 minutes)
	bin/doin-bench islands --simulate --domain quadratic --nodes 1,2,4 --seeds 1000 --goals=-100,-1 --compare --out bench/results
	bin/doin-bench islands --simulate --domain forecast --nodes 1,2,4 --seeds 30 --lags 1 --max-rounds 60 --goals=-0.225,-0.23 --out bench/results
	bin/doin-bench islands --domain quadratic --nodes 1,2 --seeds 20 --parallel 10 --timeout 10m --out bench/results
	bin/doin-bench islands --domain forecast --nodes 1,2,4 --seeds 10 --goals=-0.225 --timeout 1m --out bench/results

.PHONY: bench-quality
bench-quality: build ## test errors of champions beside anchors into bench/results/ (about an hour; goes on where it stopped)
	bin/doin-bench quality --evaluations 600 --seeds 5 --out bench/results

.PHONY: bench-bbob
bench-bbob: build ## benchmark functions solved by CMA-ES, beside goptuna's, in 5 and 20 dimensions, into bench/results/ (an hour; goes on where it stopped)
	bin/doin-bench bbob --out bench/results

.PHONY: bench-migration
bench-migration: build ## topologies and intervals on benchmark functions, into bench/results/ (about an hour; goes on where it stopped)
	bin/doin-bench islands --bbob --out bench/results

.PHONY: bench-islands-clock
bench-islands-clock: build ## seconds to a goal: one node, two islands, two isolated, into bench/results/ (hours; goes on where it stopped)
	bin/doin-bench islands --clock --goal auto --out bench/results

.PHONY: python-peers
python-peers: ## two nodes of doin-pynode and a Python peer; figures into bench/results/
	DOIN_PYTHON_OUT=$(CURDIR)/bench/results $(GO) test ./cmd/doin-node/e2e -run TestPython -count=1

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME=10s; with FUZZPART=2/4 every fourth, beginning with the third
	@CGO_ENABLED=0 GO=$(GO) bash .ci/fuzz $(FUZZTIME) $(FUZZPART)

.PHONY: soak
soak: ## kill KILLS=1000 nodes and WORKER_KILLS=200 workers under load, for FOR= at most; figures into SOAK_OUT=bench/results
	DOIN_SOAK_KILLS=$(KILLS) DOIN_SOAK_WORKER_KILLS=$(WORKER_KILLS) DOIN_SOAK_FOR=$(FOR) DOIN_SOAK_OUT=$(SOAK_OUT) \
		$(PURE) test -count=1 -run '^TestSoak$$' -timeout 3h -v ./cmd/doin-node/e2e

.PHONY: soak-bbob
soak-bbob: build ## benchmark functions at 1e5·D evaluations, for FOR=2h at most, into bench/results/soak-bbob; goes on where it stopped
	timeout --signal=INT $(or $(FOR),2h) bin/doin-bench bbob --budget 1e5 --solvers cma --out bench/results/soak-bbob || test $$? = 124

.PHONY: soak-gossip
soak-gossip: ## gossip over simulated links among NODES=50,100,200,500,1000 nodes, with crashes and loss, every fault among 200; into bench/results/
	DOIN_GOSSIP_NODES=$(or $(NODES),50,100,200,500,1000) $(GO) test -count=1 -timeout 1h -run '^TestSimulation$$' -v ./net/p2p
	DOIN_GOSSIP_FLOODING=1 $(GO) test -count=1 -timeout 20m -run '^TestFlooding$$' -v ./net/p2p

.PHONY: soak-months
soak-months: ## a node that never waits and records every round, for FOR=1h: records within their bound, memory flat; into bench/results/
	DOIN_MONTHS=$(or $(FOR),1h) DOIN_MONTHS_OUT=$(CURDIR)/bench/results $(GO) test -count=1 -timeout 3h -run '^TestMonths$$' -v ./cmd/doin-node/e2e

.PHONY: soak-strangers
soak-strangers: ## three nodes at public addresses and strangers that trouble them in turns, ROUNDS=15: 80 % of the blocks, 90 % of the acceptances; bench/results/strangers.*
	DOIN_STRANGERS=$(or $(ROUNDS),15) DOIN_STRANGERS_OUT=$(CURDIR)/bench/results $(GO) test -count=1 -run '^TestStrangers$$' -timeout 3h -v ./cmd/doin-node/e2e

.PHONY: soak-records
soak-records: ## kill a recording process OLAP_KILLS=200 times in mid-write: every acknowledged row is there once, the database whole
	DOIN_OLAP_KILLS=$(OLAP_KILLS) $(GO) test -count=1 -run '^TestKillNine$$' -timeout 1h -v ./olap

.PHONY: deviation
deviation: ## how far recurrent claims differ between amd64 v1, v3 and arm64 under QEMU_ARM64; into compute/graph/recurrent/testdata
	DOIN_DEVIATION=1 $(GO) test -count=1 -run '^TestDeviation$$' -timeout 2h -v ./compute/graph/recurrent

.PHONY: soak-meta
soak-meta: build ## what L3 gains, and loses, on three tables that are made: a shared order, fifty tasks with conditional genes, nothing that transfers; SEEDS=20 searches each, into bench/results/
	bin/doin-bench meta --made --seeds $(or $(SEEDS),20) --out bench/results

.PHONY: simulate
simulate: ## SIMULATIONS=10000 seeded runs of the certified chain under every fault, a third as many against a third, as many of claims and of the whole of protocol 2; bench/results/streamlet.md, application.md
	@rm -f bench/results/streamlet.md bench/results/application.md
	DOIN_SIMULATIONS=$(SIMULATIONS) DOIN_SIMULATIONS_OUT=$(CURDIR)/bench/results/streamlet.md $(GO) test -count=1 -run '^TestSimulations$$' -timeout 3h -v ./chain/streamlet
	DOIN_SIMULATIONS=$$(( $(SIMULATIONS) / 3 )) DOIN_SIMULATIONS_OUT=$(CURDIR)/bench/results/streamlet.md $(GO) test -count=1 -run '^TestCabal$$' -timeout 3h -v ./chain/streamlet
	DOIN_SIMULATIONS=$(SIMULATIONS) $(GO) test -count=1 -run '^Test(Simulations|DrawFrequency)$$' -timeout 3h ./chain/optimae
	DOIN_SIMULATIONS=$$(( $(SIMULATIONS) / 10 )) DOIN_COALITION_OUT=$(CURDIR)/bench/results/coalition.md $(GO) test -count=1 -run '^TestCoalition$$' -timeout 3h -v ./chain/optimae
	REPLICA_SIMULATIONS=$$(( $(SIMULATIONS) / 10 )) $(GO) test -count=1 -run '^TestSimulations$$' -timeout 3h ./chain/replica
	DOIN_SIMULATIONS=$(SIMULATIONS) DOIN_SIMULATIONS_OUT=$(CURDIR)/bench/results/application.md $(GO) test -count=1 -run '^TestSimulations$$' -timeout 3h -v ./chain/application

.PHONY: bench-verify
bench-verify: ## verify a chain of protocol 2 of 10,000 blocks from genesis, and 10,000 archives with another bit; bench/results/verify.md
	DOIN_VERIFY_BLOCKS=10000 DOIN_VERIFY_OUT=$(CURDIR)/bench/results/verify.md DOIN_TAMPER=10000 $(GO) test -count=1 -run '^Test(VerifyLong|Tampered)$$' -timeout 2h -v ./chain/application

.PHONY: bench-load
bench-load: build ## ask a node with wrk beside a bare fasthttp server, into bench/results/
	bin/doin-bench load --out bench/results

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
	$(PURE) vet ./...
	$(PURE) vet -tags purego ./...
	$(PURE) run $(STATICCHECK) ./...

.PHONY: generate
generate: ## rewrite generated files
	$(PURE) generate ./...

.PHONY: check-generate
check-generate: ## fail if generate changes anything
	@before=$$(git diff; git status --porcelain); $(MAKE) --no-print-directory generate || exit 1; \
	if [ "$$before" != "$$(git diff; git status --porcelain)" ]; then \
		echo "generated files are not up to date:"; git status --short; exit 1; fi

.PHONY: web
web: ## build the dashboard's page into net/web/dist and the report's script into net/web/report, with Node.js
	cd net/web/ui && npm ci --ignore-scripts --no-audit --no-fund && npm run build

.PHONY: check-web
check-web: ## test the dashboard's page, and fail if net/web/dist and net/web/report are not what its sources make
	@if command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory web && (cd net/web/ui && npm test) && git diff --exit-code --stat net/web/dist net/web/report && \
		test -z "$$(git status --porcelain net/web/dist net/web/report)"; \
	else echo "check-web: LEFT OUT, there is no npm: NOBODY PROVES THAT net/web/dist IS CURRENT"; fi

.PHONY: click-web
click-web: build ## click through every view of a live network's dashboard and of an empty node's, with Chromium
	cd net/web/ui && npm ci --ignore-scripts --no-audit --no-fund && node test/click.mjs

.PHONY: cross
cross: ## build everything for linux/arm64 and the programs without cgo
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build ./...
	@for p in $(PROGRAMS); do echo $(GO) build $$p; CGO_ENABLED=0 $(GO) build -o /dev/null $$p || exit 1; done

.PHONY: cuda-toolkit
cuda-toolkit: ## unpack CUDA 11.8 (no driver) into CUDA_HOME, by default a folder of the user's cache
	@CUDA_HOME="$(CUDA_HOME)" DEBIAN_MIRROR="$(DEBIAN_MIRROR)" .ci/cuda-toolkit

.PHONY: cuda-toolkit-test
cuda-toolkit-test: ## try cuda-toolkit in bare systems that debootstrap makes (as root; some minutes, 2 GB)
	@.ci/cuda-toolkit-test

.PHONY: ptx
ptx: ## compile the kernels into kernels/ptx, with CUDA 11.8
	$(GO) run ./cmd/ptxgen --nvcc $(NVCC)

.PHONY: ptx-verify
ptx-verify: ## compile the kernels again and compare every byte with kernels/ptx
	@if command -v $(NVCC) >/dev/null; then \
		echo $(GO) run ./cmd/ptxgen --verify --nvcc $(NVCC); $(GO) run ./cmd/ptxgen --verify --nvcc $(NVCC); \
	else echo "ptx-verify: LEFT OUT, there is no $(NVCC) (make cuda-toolkit)"; fi

.PHONY: need-cuda
need-cuda:
	@if [ -z "$(CUDA_HEADER)" ]; then \
		echo "no cuda.h in CUDA_HOME, $(CUDA_FOLDER), /usr/local/cuda or /usr/include (make cuda-toolkit)"; exit 1; fi

.PHONY: build-gpu
build-gpu: need-cuda ## build doin-worker-gpu into bin/, with cgo and the CUDA headers
	$(GPU_ENV) $(GO) build -trimpath -tags gpu -ldflags "-X main.version=$(VERSION)" -o bin/doin-worker-gpu ./cmd/doin-worker

# Importing gorgonia.org/cu ends a process that finds no device: the tests are compiled and linked, and "true" runs in
# their place.
.PHONY: vet-gpu
vet-gpu: need-cuda ## vet the gpu flavour and compile its tests, without running them
	$(GPU_ENV) $(GO) vet -tags gpu $(GPU)
	$(GPU_ENV) $(GO) run $(STATICCHECK) -tags gpu $(GPU)
	$(GPU_ENV) $(GO) test -tags gpu -exec true $(GPU)

.PHONY: test-gpu
test-gpu: need-cuda ## run the gpu flavour's tests on this machine's card
	@if ! ls /dev/nvidia[0-9]* /proc/driver/nvidia/gpus/* /dev/dxg 2>/dev/null | grep -q .; then echo "test-gpu: there is no NVIDIA card here"; exit 1; fi
	$(GPU_ENV) $(GO) test -count=1 -p 1 -tags gpu $(GPU)

# Everything that a machine with a card but without Go needs, for its run.sh; see bench/gpu/bundle/README.md.
.PHONY: gpu-bundle
gpu-bundle: need-cuda ## put tests, worker, benchmark and peers for a machine with a card into build/gpu/ (bash build/gpu/run.sh OUT)
	rm -rf build/gpu
	mkdir -p build/gpu/bin build/gpu/testdata build/gpu/kernels build/gpu/peers
	$(GPU_ENV) $(GO) build -trimpath -tags gpu -ldflags "-s -w -X main.version=$(VERSION)" -o build/gpu/bin/doin-bench ./cmd/doin-bench/bundle
	$(GPU_ENV) $(GO) build -trimpath -tags gpu -ldflags "-s -w -X main.version=$(VERSION)" -o build/gpu/bin/doin-worker-gpu ./cmd/doin-worker
	$(GPU_ENV) $(GO) test -c -trimpath -tags gpu -ldflags "-s -w" -o build/gpu/bin/cuda.test ./compute/device/cuda
	gzip -n9 build/gpu/bin/*
	cp -r compute/nn/testdata/tasks compute/nn/testdata/roots.json build/gpu/testdata/
	cp kernels/*.cu kernels/*.cuh build/gpu/kernels/
	cp bench/gpu/peers/*.py build/gpu/peers/
	cp bench/gpu/bundle/* build/gpu/
	bench/gpu/check-bundle build/gpu

.PHONY: test-kernels
test-kernels: ## test the kernels: PTX, ABI, budgets, and the same sources compiled for the processor against the engine
	$(PURE) test ./cmd/ptxgen ./kernels/... ./compute/device/...

.PHONY: test-ptx
test-ptx: ## execute the committed PTX on every committed task, by every kernel, and count its instructions
	@if ! command -v g++ >/dev/null; then echo "test-ptx: LEFT OUT, there is no g++: THE COMMITTED PTX IS NOT EXECUTED"; fi
	DOIN_PTX=all $(PURE) test -count=1 -run '^TestPTX' ./compute/device/block
	$(PURE) test ./kernels/ptxrun ./kernels/sass ./bench/count

.PHONY: bench-kernels
bench-kernels: ## count the instructions of the committed kernels into bench/results/ (no card is needed)
	$(GO) run ./cmd/doin-bench kernels --out bench/results

.PHONY: check-gpu
check-gpu: ## build and vet the gpu flavour and its bundle, where the CUDA headers are
	@if [ -n "$(CUDA_HEADER)" ]; then $(MAKE) --no-print-directory build-gpu vet-gpu gpu-bundle; \
	else echo "check-gpu: LEFT OUT, there is no cuda.h (make cuda-toolkit)"; fi

.PHONY: check
check: lint check-generate test test-purego test-race test-arm64 test-kernels test-ptx cross check-gpu ptx-verify ## everything that CI runs
	$(GO) mod verify

.PHONY: clean
clean: ## remove what build made
	rm -rf bin build
