package layers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "doin.network/node/"

// A pattern is a package of this module, or one and all below it: "net/...". A name
// whose first element has a dot, and those of std, are import paths as they stand.

// layer is a package and what it must not reach.
type layer struct {
	pkg   string
	never []string
}

// layers is what a package must not reach, directly or through others.
var layers = []layer{
	{"internal/...", []string{"chain/...", "compute/...", "ga/...", "net/...", "olap/...", "bench/...", "cmd/..."}},
	{"internal/canon", []string{"internal/timestamp", "internal/golden"}},
	{"internal/nearest", []string{"internal/..."}},
	{"internal/flatbuffer", []string{"internal/..."}},
	{"internal/filesystem", []string{"internal/..."}},
	{"internal/fusion", []string{"internal/..."}},

	{"chain/...", []string{"compute/...", "ga/...", "net/...", "olap/...", "bench/...", "cmd/..."}},
	{"chain", []string{"chain/anchor", "chain/consensus", "chain/python", "chain/ledger", "chain/mempool", "chain/task", "chain/engine", "chain/store"}},
	{"chain/identity", []string{"chain"}},
	{"chain/ledger", []string{"chain/consensus", "chain/python", "chain/engine", "chain/store"}},
	{"chain/mempool", []string{"chain/python", "chain/engine", "chain/store"}},
	{"chain/protocol", []string{"chain/consensus", "chain/python", "chain/ledger", "chain/mempool", "chain/engine", "chain/store", "chain/anchor"}},
	{"chain/task", []string{"chain/python", "chain/engine", "chain/store"}},
	{"chain/anchor", []string{"chain/consensus", "chain/python", "chain/engine", "chain/store"}},
	{"chain/consensus", []string{"chain/python", "chain/engine", "chain/store", "chain/task", "chain/mempool", "chain/anchor"}},
	{"chain/python", []string{"chain/consensus", "chain/ledger", "chain/engine", "chain/store"}},
	{"chain/engine", []string{"chain/store", "chain/python", "chain/python/engine", "chain/anchor"}},
	{"chain/replica", []string{"chain/store", "chain/python", "chain/python/engine", "chain/engine", "chain/mempool", "chain/anchor"}},
	{"chain/streamlet", []string{"chain", "chain/...", "internal/..."}},
	{"chain/state", []string{"chain", "chain/...", "internal/..."}},
	{"chain/account", []string{"chain/consensus", "chain/python", "chain/engine", "chain/store", "chain/mempool", "chain/task", "chain/anchor"}},
	{"chain/optimae", []string{"chain/python", "chain/engine", "chain/store", "chain/mempool", "chain/task", "chain/anchor"}},
	{"chain/application", []string{"chain/python", "chain/engine", "chain/store", "chain/mempool", "chain/task", "chain/anchor"}},
	{"chain/light", []string{"chain", "chain/consensus", "chain/ledger", "chain/python", "chain/engine", "chain/store", "internal/..."}},
	{"chain/vrf", []string{"chain", "chain/...", "internal/..."}},
	{"chain/python/engine", []string{"chain/consensus", "chain/ledger", "chain/engine", "chain/mempool", "chain/store", "chain/anchor"}},
	{"chain/store", []string{"chain/consensus", "chain/python", "chain/engine", "chain/task", "chain/mempool", "chain/python/engine"}},

	{"sdk/...", []string{"internal/...", "chain/...", "compute/...", "ga/...", "net/...", "olap/...", "bench/...", "cmd/...", "kernels/..."}}, // but in tests

	{"compute/...", []string{"chain/...", "ga/...", "net/...", "olap/...", "bench/...", "cmd/..."}},
	{"compute/vec", []string{"compute/...", "internal/..."}},
	{"compute/data/when", []string{"compute/...", "kernels/...", "internal/..."}},
	{"compute/data/number", []string{"compute/...", "kernels/...", "internal/..."}},
	{"compute/f64", []string{"compute/...", "kernels/...", "internal/..."}},
	{"compute/closed", []string{"compute/nn/...", "compute/vec", "compute/rng", "compute/domain/...", "compute/worker/...", "compute/device/...", "kernels/...", "internal/..."}},
	{"compute/boost", []string{"compute/closed", "compute/genome", "compute/domain/...", "compute/worker/...", "compute/device/...", "compute/graph/...", "kernels/..."}},
	{"compute/data/...", []string{"compute/boost", "compute/closed", "compute/f64", "compute/nn/...", "compute/vec", "compute/rng", "compute/genome", "compute/domain/...", "compute/worker/...", "compute/device/...", "compute/graph/...", "kernels/..."}},
	{"compute/onnx/...", []string{"compute/closed", "compute/boost", "compute/nn/...", "compute/vec", "compute/rng", "compute/f64", "compute/genome", "compute/domain/...", "compute/worker/...", "compute/device/...", "compute/graph/...", "kernels/...", "internal/..."}},
	{"compute/onnx", []string{"compute/onnx/onnxtest"}},
	{"compute/rng", []string{"compute/nn/...", "compute/genome", "compute/domain/...", "internal/..."}},
	{"compute/genome", []string{"compute/nn/...", "compute/domain/...", "compute/worker/...", "compute/device/...", "compute/graph/..."}},
	{"compute/nn/...", []string{"compute/domain/...", "compute/worker/...", "compute/device/...", "compute/genome", "compute/graph/..."}},
	{"compute/nn", []string{"compute/nn/referee"}},
	{"compute/graph/...", []string{"compute/domain/...", "compute/worker/...", "compute/device/..."}},
	{"compute/graph", []string{"compute/graph/..."}},
	{"compute/graph/tape", []string{"compute/graph/recurrent", "kernels/..."}},
	{"compute/graph/recurrent", []string{"kernels/..."}},
	{"compute/kind", []string{"compute/domain/...", "compute/worker/...", "compute/device/...", "compute/graph/...", "kernels/...", "gorgonia.org/..."}},
	{"compute/device/...", []string{"compute/domain/...", "compute/worker/...", "compute/graph/..."}},
	{"compute/device", []string{"compute/device/..."}},
	{"compute/device/cpu", []string{"compute/device/cuda", "compute/device/block", "compute/device/open"}},
	{"compute/device/block", []string{"compute/device/cuda", "compute/device/open", "kernels/host", "gorgonia.org/..."}},
	{"compute/device/cuda", []string{"compute/device/block", "compute/device/cpu", "compute/device/open", "compute/device/null", "kernels/host"}},
	{"compute/device/null", []string{"compute/device/block", "compute/device/cpu", "compute/device/open", "compute/nn/...", "kernels/host", "gorgonia.org/..."}},
	{"bench/host", []string{"chain/...", "ga/...", "net/...", "olap/...", "cmd/...", "compute/device/cuda", "compute/device/open", "gorgonia.org/..."}},
	{"bench/reading", []string{"chain/...", "ga/...", "net/...", "olap/...", "cmd/...", "compute/device/cuda", "compute/device/open", "gorgonia.org/..."}},
	{"compute/gpuinfo", []string{"compute/device/...", "compute/nn/...", "compute/vec", "compute/rng", "kernels/...", "gorgonia.org/..."}},
	{"compute/domain", []string{"compute/domain/...", "compute/nn/..."}},
	{"compute/domain/...", []string{"compute/worker/...", "compute/graph/...", "compute/device/open", "compute/device/block", "compute/device/cuda", "compute/gpuinfo"}},
	{"compute/domain/supervised", []string{"compute/domain/quadratic", "compute/domain/forecast", "compute/domain/tabular", "compute/domain/open"}},
	{"compute/domain/domaintest", []string{"compute/domain/quadratic", "compute/domain/forecast", "compute/domain/tabular", "compute/domain/open", "compute/domain/supervised"}},
	{"compute/domain/forecast", []string{"compute/domain/quadratic", "compute/domain/tabular", "compute/domain/open"}},
	{"compute/domain/tabular", []string{"compute/domain/quadratic", "compute/domain/forecast", "compute/domain/open"}},
	{"compute/domain/quadratic", []string{"compute/domain/forecast", "compute/domain/tabular", "compute/domain/open", "compute/domain/supervised", "compute/nn/..."}},
	{"compute/domain/bbob", []string{"compute/domain/forecast", "compute/domain/tabular", "compute/domain/open", "compute/domain/quadratic", "compute/domain/supervised", "compute/nn/..."}},
	{"compute/worker/...", []string{"compute/data/...", "compute/nn/...", "compute/graph/...", "compute/device/...", "compute/gpuinfo", "compute/domain/open", "compute/domain/supervised", "compute/domain/forecast", "compute/domain/quadratic", "compute/domain/tabular"}},

	// The sources and what is made of them. The engine's devices and its compiler of models import it, nothing else does.
	{"kernels/...", []string{"internal/...", "chain/...", "compute/...", "ga/...", "net/...", "olap/...", "bench/...", "cmd/..."}},
	{"kernels", []string{"kernels/..."}},
	{"kernels/sass", []string{"kernels", "kernels/..."}},
	{"cmd/ptxgen", []string{"internal/...", "chain/...", "compute/...", "ga/...", "net/...", "olap/...", "bench/...", "kernels/host"}},

	{"ga/...", []string{"chain/...", "net/...", "olap/...", "bench/...", "cmd/...", "compute/domain/...", "compute/worker/...", "compute/device/..."}},
	{"ga", []string{"ga/meta", "compute/nn/..."}}, // L3 alone trains networks
	{"ga/op", []string{"ga", "compute/nn/..."}},
	{"ga/cma", []string{"ga/island", "ga/meta", "compute/nn/...", "compute/data/...", "compute/closed", "compute/boost", "compute/graph/..."}},
	{"ga/meta", []string{"ga/island", "compute/graph/..."}},
	{"ga/prior", []string{"ga", "ga/...", "compute/...", "internal/timestamp", "internal/golden"}}, // data alone: a node reads it
	{"ga/settings", []string{"ga", "ga/op", "ga/island", "compute/..."}},
	{"ga/portfolio", []string{"ga/island", "ga/cma", "ga/meta", "compute/nn/...", "compute/data/...", "compute/closed", "compute/boost", "compute/graph/..."}},
	{"ga/archipelago", []string{"ga/portfolio", "ga/cma", "ga/meta", "compute/nn/...", "compute/data/...", "compute/closed", "compute/boost", "compute/graph/..."}},
	{"ga/island", []string{"ga", "ga/op", "compute/...", "internal/..."}},

	{"net/...", []string{"compute/...", "ga/...", "olap/...", "bench/...", "cmd/...", "chain/anchor", "chain/consensus", "chain/engine", "chain/ledger", "chain/mempool", "chain/python/engine", "chain/python", "chain/store", "chain/task"}},
	{"net/transport", []string{"chain/...", "net/..."}},
	{"net/memnet", []string{"chain/...", "net/..."}},
	{"net/web", []string{"chain/...", "net/...", "internal/..."}},
	{"net/api/apitest", []string{"chain/...", "net/...", "internal/..."}},
	{"net/discovery", []string{"chain", "net/flood", "net/chainsync", "net/api"}},
	{"net/flood", []string{"net/discovery", "net/chainsync", "net/api"}},
	{"net/p2p", []string{"chain", "net/..."}},
	{"net/join", []string{"net/..."}},
	{"net/chainsync", []string{"net/discovery", "net/flood", "net/api"}},

	{"olap/...", []string{"chain/...", "compute/...", "ga/...", "net/...", "bench/...", "cmd/..."}},
	{"olap/thin", []string{"olap/csv", "olap/sqlite", "olap/postgres", "olap/open"}},
	{"olap/live", []string{"olap", "olap/csv", "olap/sqlite", "olap/open", "olap/spool", "internal/..."}},
	{"olap", []string{"olap/csv", "olap/sqlite", "olap/postgres", "olap/open", "olap/thin", "olap/live", "olap/columnar", "olap/parquet", "olap/export"}},
	{"olap/spool", []string{"olap", "olap/csv", "olap/sqlite", "olap/postgres", "olap/open", "internal/..."}},
	{"olap/csv", []string{"olap/sqlite", "olap/postgres", "olap/open", "olap/export"}},
	{"olap/sqlite", []string{"olap/csv", "olap/live", "olap/postgres", "olap/open", "olap/columnar", "olap/parquet", "olap/export"}},
	{"olap/postgres", []string{"olap/csv", "olap/sqlite", "olap/open", "olap/columnar", "olap/parquet", "olap/export"}},
	{"olap/columnar", []string{"olap/csv", "olap/sqlite", "olap/postgres", "olap/open", "olap/parquet", "olap/export"}},
	{"olap/parquet", []string{"olap/csv", "olap/sqlite", "olap/postgres", "olap/open", "olap/export"}},
	{"olap/export", []string{"olap/csv", "olap/postgres", "olap/open"}},

	// What the engines train to be measured: no engine's device, and none of the benchmarks.
	{"bench/workload", []string{"chain/...", "ga/...", "net/...", "olap/...", "cmd/...", "bench/...", "compute/device/...", "compute/domain/...", "compute/worker/...", "compute/graph/...", "kernels/...", "gorgonia.org/...", "gonum.org/..."}},
	{"bench/dashboard", []string{"chain/...", "compute/...", "ga/...", "net/...", "cmd/...", "bench/...", "kernels/..."}},
	{"bench/report", []string{"chain/...", "ga/...", "net/...", "olap/...", "compute/...", "internal/...", "cmd/...", "bench/...", "kernels/..."}},
	{"bench/journal", []string{"chain/...", "ga/...", "net/...", "olap/...", "compute/...", "internal/...", "cmd/...", "bench/...", "kernels/..."}},
	// The engine is measured by itself: what it is compared with is another process, or gonum.
	{"bench/engine", []string{"chain/...", "ga/...", "net/...", "olap/...", "cmd/...", "gorgonia.org/..."}},
	{"bench/islands", []string{"bench/engine", "olap/...", "chain/engine", "chain/store", "cmd/doin-node/...", "gorgonia.org/..."}},
	// Programs are asked over HTTP, never linked.
	// The worker is another process: nothing of the problems and their trainings is linked.
	{"bench/quality", []string{"chain/engine", "chain/python", "chain/store", "net/...", "olap/...", "cmd/...", "compute/nn/...", "compute/device/...", "compute/graph/...", "compute/domain/open", "compute/domain/supervised", "kernels/...", "gorgonia.org/..."}},
	{"bench/migration", []string{"chain/...", "net/...", "olap/...", "cmd/...", "compute/device/...", "compute/graph/...", "compute/domain/open", "kernels/...", "gorgonia.org/..."}},
	{"bench/bbob", []string{"chain/...", "net/...", "olap/...", "cmd/...", "compute/device/...", "compute/graph/...", "compute/domain/open", "kernels/...", "gorgonia.org/..."}},
	{"bench/load", []string{"chain/...", "compute/...", "ga/...", "net/...", "olap/...", "cmd/...", "gorgonia.org/..."}},
	// It counts on the processor: no card's library is linked.
	{"bench/meta", []string{"chain/...", "net/...", "olap/...", "cmd/...", "compute/domain/...", "compute/device/...", "kernels/...", "gorgonia.org/..."}},
	{"bench/count", []string{"chain/...", "ga/...", "net/...", "olap/...", "cmd/...", "compute/device/cuda", "compute/device/open", "gorgonia.org/...", "gonum.org/..."}},
	{"bench/gpu", []string{"chain/...", "ga/...", "net/...", "olap/...", "cmd/...", "gorgonia.org/gorgonia/...", "gorgonia.org/tensor/...", "gonum.org/..."}},
	{"bench/load", []string{"compute/...", "ga/...", "olap/...", "chain/engine", "chain/store", "gorgonia.org/..."}},
	{"cmd/doin-bench/...", []string{"gorgonia.org/gorgonia/...", "gorgonia.org/tensor/..."}},
	{"cmd/doin-bench/bundle", []string{"chain/...", "net/...", "bench/islands", "bench/load", "bench/engine", "gonum.org/..."}},

	// The node holds no device and runs nobody's recipe; the worker has no key, no
	// network and no chain.
	{"cmd/doin-node/...", []string{"bench/...", "ga", "ga/op", "compute/data/...", "compute/nn/...", "compute/graph/...", "compute/device/...", "compute/domain/open", "compute/domain/supervised", "compute/domain/forecast", "compute/domain/quadratic", "compute/domain/tabular", "kernels/...", "gorgonia.org/...", "github.com/NVIDIA/..."}},
	{"cmd/doin-node/config", []string{"chain/...", "compute/...", "net/...", "olap/...", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/keys", []string{"chain/consensus", "chain/engine", "chain/store", "net/...", "olap/...", "compute/...", "cmd/doin-node/stack/...", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/wallet", []string{"chain/engine", "chain/python", "cmd/doin-node/node", "cmd/doin-node/local", "cmd/doin-node/champion"}},
	{"cmd/doin-node/search", []string{"chain/consensus", "chain/engine", "chain/python/...", "chain/store", "net/...", "cmd/doin-node/...", "olap/csv", "olap/sqlite"}},
	// The parts around a machine know neither machine, and nothing of messages that nobody has signed.
	{"cmd/doin-node/stack", []string{"chain/consensus", "chain/engine", "chain/python", "chain/python/engine", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/stack/...", []string{"chain/consensus", "chain/engine", "chain/python", "chain/python/engine", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/draft", []string{"net/...", "olap/...", "compute/data/...", "compute/domain/inspect", "compute/domain/open", "cmd/doin-node/node", "cmd/doin-node/local", "cmd/doin-node/stack"}},
	{"cmd/doin-node/stack/alarm", []string{"chain/...", "net/...", "olap/...", "compute/...", "ga/...", "cmd/..."}},
	{"cmd/doin-node/stack/system", []string{"chain/...", "net/...", "olap/...", "compute/...", "ga/...", "cmd/..."}},
	{"cmd/doin-node/stack/loop", []string{"net/...", "olap/...", "compute/...", "cmd/..."}},
	{"cmd/doin-node/stack/rows", []string{"net/...", "compute/...", "cmd/..."}},
	{"cmd/doin-node/stack/workers", []string{"net/...", "cmd/doin-node/search"}},
	{"cmd/doin-node/join", []string{"chain/consensus", "chain/engine", "chain/python", "chain/python/engine", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/terms", []string{"chain/consensus", "chain/engine", "chain/store", "net/...", "olap/...", "compute/...", "cmd/doin-node/stack/...", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/lessons", []string{"chain/consensus", "chain/engine", "chain/python/...", "net/join", "olap/live", "cmd/doin-node/...", "ga/meta"}},
	{"cmd/doin-node/meta", []string{"chain/engine", "cmd/doin-node/node", "cmd/doin-node/local", "ga/meta"}},
	{"cmd/doin-node/score", []string{"chain/...", "net/...", "olap/...", "compute/...", "ga/...", "cmd/..."}},
	{"cmd/doin-node/champion", []string{"chain/python", "chain/python/engine", "chain/engine", "olap/csv", "olap/sqlite", "olap/open", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/recovery", []string{"chain/store", "chain/python", "chain/python/engine", "chain/engine", "cmd/doin-node/node", "cmd/doin-node/stack/..."}},
	{"cmd/doin-node/archive", []string{"chain/python", "chain/python/engine", "chain/engine", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/node", []string{"chain/python", "chain/python/engine", "cmd/doin-node/local"}},
	{"cmd/doin-pynode/...", []string{"bench/...", "ga", "ga/op", "chain/engine", "compute/nn/...", "compute/graph/...", "compute/device/...", "compute/domain/open", "compute/domain/forecast", "compute/domain/quadratic", "compute/domain/tabular", "kernels/...", "gorgonia.org/...", "cmd/doin-node/node", "cmd/doin-node/local"}},
	{"cmd/doin-node/local", []string{"cmd/doin-node/node", "chain/store", "chain/engine", "compute/...", "olap/..."}},
	{"cmd/doin-worker/...", []string{"bench/...", "chain/...", "net/...", "olap/...", "cmd/doin-node/..."}},
}

// importers is who alone may import a package, itself and below aside; tests do not count.
var importers = []struct {
	pkg  string
	only []string
}{
	{"gorgonia.org/gorgonia/...", []string{"compute/graph/..."}},
	{"gorgonia.org/tensor/...", []string{"compute/graph/..."}},
	{"gorgonia.org/cu/...", []string{"compute/device/cuda"}},
	{"github.com/NVIDIA/go-nvml/...", []string{"compute/gpuinfo"}},
	{"github.com/libp2p/...", []string{"net/p2p"}},
	{"go.uber.org/fx", []string{"net/p2p"}},
	{"modernc.org/sqlite/...", []string{"olap/sqlite", "cmd/doin-pynode/chaindb/..."}},
	{"olap/csv", []string{"olap/open"}},
	{"olap/sqlite", []string{"olap/open", "olap/export", "cmd/doin-node/tables", "cmd/doin-node/lessons"}},
	{"olap/postgres", []string{"olap/open"}},
	{"github.com/dgraph-io/...", []string{"chain/store"}},
	{"github.com/valyala/fasthttp/...", []string{"net/api", "net/join", "net/transport", "net/web", "cmd/doin-node/stack", "bench/load"}},
	{"github.com/prometheus/...", []string{"net/api", "net/p2p", "cmd/doin-node/stack"}},
	{"github.com/spf13/cobra", []string{"cmd/..."}},
	{"go.yaml.in/yaml/v3", []string{"net/api/apitest"}},
	{"net/api/apitest", nil}, // tests only
	{"github.com/apache/arrow/go/v15/...", []string{"compute/data/columnar", "compute/worker/...", "olap/...", "cmd/..."}},
	{"github.com/klauspost/compress/...", []string{"compute/data/text"}},
	{"golang.org/x/text/...", []string{"compute/data/text"}},
	{"gonum.org/v1/...", []string{"bench/..."}},
	{"github.com/c-bata/goptuna/...", []string{"bench/meta", "bench/bbob"}},
	{"google.golang.org/protobuf/encoding/protowire", []string{"compute/onnx"}},

	{"kernels", []string{"compute/device/...", "kernels/...", "cmd/ptxgen", "bench/...", "cmd/doin-bench/gpubench"}},
	{"kernels/host", []string{"bench/...", "kernels/ptxrun"}}, // and tests
	{"kernels/ptxrun", []string{"bench/count"}},               // and tests
	{"kernels/sass", []string{"bench/count", "kernels/ptxrun", "cmd/doin-bench"}},
	{"kernels/module", []string{"cmd/ptxgen"}},
	{"compute/device/cuda", []string{"compute/device/open", "bench/..."}},
	{"compute/device/block", []string{"compute/device/open", "bench/...", "cmd/doin-bench/..."}},
	{"compute/device/null", []string{"bench/..."}}, // and tests
	{"compute/device/open", []string{"cmd/doin-worker/...", "bench/...", "cmd/doin-bench/..."}},
	{"compute/gpuinfo", []string{"cmd/doin-worker/...", "bench/...", "cmd/doin-bench/..."}},
	{"cmd/ptxgen", nil},
	{"cmd/doin-worker/...", []string{"bench/islands"}},
	{"chain/store", []string{"cmd/doin-node/node", "cmd/doin-node/archive", "cmd/doin-node/champion", "cmd/doin-node/tables", "cmd/doin-node/meta", "cmd/doin-node/stack/...", "cmd/doin-pynode/...", "bench/..."}},
	{"internal/golden", nil},                                          // tests only
	{"internal/fusion", nil},                                          // tests only
	{"compute/domain/domaintest", nil},                                // tests only
	{"compute/onnx/onnxtest", nil},                                    // tests only
	{"compute/graph/...", []string{"ga/meta", "cmd/doin-worker/..."}}, // models as graphs; the oracle of tests
	{"bench/workload", []string{"bench/count", "bench/engine", "bench/gpu", "bench/host"}},
	{"bench/report", []string{"bench/..."}},
	{"bench/journal", []string{"bench/..."}},
	{"bench/...", []string{"cmd/doin-bench/...", "bench/engine", "bench/gpu", "bench/islands"}}, // the shared workloads, and what reports share
	{"cmd/doin-node/node", []string{"cmd/doin-node", "bench/..."}},
	{"cmd/doin-node/...", []string{"bench/...", "cmd/doin-pynode/..."}},
	{"cmd/doin-pynode/...", nil}, // e2e builds it
}

// leaves is all that a package imports beside the standard library; "C" is cgo.
var leaves = []struct {
	pkg  string
	only []string
}{
	{"kernels", nil},
	{"kernels/module", nil},
	{"kernels/host", []string{"kernels"}},
	{"kernels/ptxrun", []string{"kernels", "kernels/host", "kernels/sass"}},
	{"kernels/sass", nil},
	{"bench/report", nil},
	{"bench/journal", nil},
	{"internal/manual", nil},
	{"compute/vec", []string{"golang.org/x/sys/..."}},
	{"compute/f64", nil},
	{"compute/closed", []string{"compute/f64", "compute/onnx"}},
}

// gpuOnly is what no flavour but gpu contains.
var gpuOnly = []string{"gorgonia.org/cu/...", "github.com/NVIDIA/..."}

// imports is what a package must not import itself, whatever its imports do.
var imports = []struct {
	pkg   string
	never []string
}{
	{"chain/consensus", []string{"math", "math/cmplx"}}, // integers only
	{"chain/ledger", []string{"math", "math/cmplx"}},
	// No input, no output, no clock.
	{"chain/consensus", []string{"context", "net", "os", "syscall", "time", "log/slog"}},
	{"chain/application", []string{"context", "math/big", "net", "os", "syscall", "time", "log/slog"}},
	{"chain/engine", []string{"context", "net", "os", "syscall", "time", "log/slog"}},
	{"chain/replica", []string{"context", "net", "os", "syscall", "time", "log/slog"}},
	{"chain/python/engine", []string{"context", "net", "os", "syscall", "time", "log/slog"}},
	{"chain/ledger", []string{"context", "net", "os", "syscall", "time", "log/slog"}},
	{"chain/...", []string{"math/rand", "math/rand/v2"}},
	{"ga/...", []string{"math/rand", "math/rand/v2", "crypto/rand", "time"}},
	{"compute/vec", []string{"math/rand", "math/rand/v2", "crypto/rand", "time"}},
	{"compute/data/when", []string{"math/rand", "math/rand/v2", "crypto/rand", "time", "os"}},
	{"compute/data/number", []string{"math/rand", "math/rand/v2", "crypto/rand", "time", "os"}},
	{"compute/f64", []string{"math/rand", "math/rand/v2", "crypto/rand", "time", "os"}},
	{"compute/closed", []string{"math/rand", "math/rand/v2", "crypto/rand", "time", "os"}},
	{"compute/boost", []string{"math/rand", "math/rand/v2", "crypto/rand", "time", "os"}},
	{"compute/rng", []string{"math/rand", "math/rand/v2", "crypto/rand", "time"}},
	{"compute/nn/...", []string{"math/rand", "math/rand/v2", "crypto/rand", "time"}},
	{"compute/genome", []string{"math/rand", "math/rand/v2", "crypto/rand", "time"}},
	{"compute/domain/...", []string{"math/rand", "math/rand/v2", "crypto/rand"}},
	{"compute/data/...", []string{"math/rand", "math/rand/v2", "crypto/rand"}},
}

// flavours are the build flavours, by the flags of go list.
var flavours = []struct {
	name string
	tags string
	cgo  string
}{
	{"cpu", "cpu", "0"},
	{"purego", "purego", "0"},
	{"gpu", "gpu", "1"},
}

// graph is who imports what, by import path, standard library included.
type graph map[string][]string

func TestLayers(t *testing.T) {
	look(t, "../..")
	met := map[string]bool{} // patterns that some package of some flavour matches
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			g := list(t, "../..", f.tags, f.cgo)
			for _, v := range violations(g) {
				t.Error(v)
			}
			for _, v := range foreign(g, f.name == "gpu") {
				t.Error(v)
			}
			for _, p := range ruled() {
				for pkg := range g {
					met[p] = met[p] || match(p, pkg)
				}
			}
			for pkg := range g {
				if own(pkg) && !slices.ContainsFunc(layers, func(l layer) bool { return match(l.pkg, pkg) }) {
					t.Errorf("no rule is about %s", short(pkg))
				}
			}
		})
	}
	// A rule about nothing is one that cannot fail.
	for _, p := range ruled() {
		if !met[p] {
			t.Errorf("no package %s: its rule is idle", p)
		}
	}
}

// look reads every folder below dir, so that the cache of test results, which does not see what the go tool reads, takes
// a change of any file for a change of this test.
func look(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ruled returns the patterns of the packages that the rules are about.
func ruled() []string {
	out := slices.Clone(gpuOnly)
	for _, l := range rules() {
		out = append(out, l.pkg)
	}
	for _, l := range leaves {
		out = append(out, l.pkg)
	}
	for _, l := range imports {
		out = append(out, l.pkg)
	}
	return out
}

// TestPlanted checks a module with one wrong import, three steps away.
func TestPlanted(t *testing.T) {
	got := violations(list(t, "testdata/planted", "cpu", "0"))
	want := "chain reaches net: chain → chain/block → internal/far → net"
	if !slices.Contains(got, want) {
		t.Errorf("violations = %q, want %q among them", got, want)
	}
}

// TestViolations checks each kind of rule in memory.
func TestViolations(t *testing.T) {
	f := func(g graph, want ...string) {
		t.Helper()
		full := graph{}
		for pkg, imports := range g {
			for _, i := range imports {
				full[path(pkg)] = append(full[path(pkg)], path(i))
			}
		}
		if got := violations(full); !slices.Equal(got, want) {
			t.Errorf("violations(%v) = %q, want %q", g, got, want)
		}
	}
	f(graph{"chain/engine": {"chain", "fmt"}, "net/api": {"chain", "github.com/valyala/fasthttp"}})
	f(graph{"compute/vec": {"compute/nn"}}, "compute/vec reaches compute/nn: compute/vec → compute/nn")
	f(graph{"chain/engine": {"chain/ledger"}, "chain/ledger": {"chain/store"}},
		"chain/engine reaches chain/store: chain/engine → chain/ledger → chain/store",
		"chain/ledger imports chain/store: only cmd/doin-node/node, cmd/doin-node/archive, cmd/doin-node/champion, cmd/doin-node/tables, cmd/doin-node/meta, cmd/doin-node/stack/..., cmd/doin-pynode/..., bench/... may",
		"chain/ledger reaches chain/store: chain/ledger → chain/store")
	f(graph{"olap": {"modernc.org/sqlite"}}, "olap imports modernc.org/sqlite: only olap/sqlite, cmd/doin-pynode/chaindb/... may")
	f(graph{"olap/sqlite": {"modernc.org/sqlite"}, "modernc.org/sqlite": {"modernc.org/sqlite/lib"}})
	f(graph{"compute/nn": {"gorgonia.org/cu"}}, "compute/nn imports gorgonia.org/cu: only compute/device/cuda may")
	f(graph{"chain/consensus": {"math", "math/bits"}}, "chain/consensus imports math")
	f(graph{"chain/consensus": {"math/big"}, "math/big": {"math"}})
	f(graph{"chain/mempool": {"math/rand/v2"}}, "chain/mempool imports math/rand/v2")
	f(graph{"chain/consensusx": {"math"}}) // another package
	f(graph{"ga": {"os"}, "os": {"time"}}) // only ga's own imports count
}

// TestForeign checks the rules of leaves, and of what only the gpu flavour contains, in memory.
func TestForeign(t *testing.T) {
	f := func(gpu bool, pkg, imported string, want ...string) {
		t.Helper()
		if got := foreign(graph{path(pkg): {path(imported)}}, gpu); !slices.Equal(got, want) {
			t.Errorf("%s imports %s, gpu %v: %q, want %q", pkg, imported, gpu, got, want)
		}
	}
	f(false, "kernels", "encoding/json")
	f(false, "kernels", "vendor/golang.org/x/net/idna")
	f(false, "kernels", "C")
	f(false, "kernels", "kernels/module", "kernels imports kernels/module: nothing may but the standard library")
	f(false, "kernels", "golang.org/x/sync/errgroup", "kernels imports golang.org/x/sync/errgroup: nothing may but the standard library")
	f(false, "kernels/host", "kernels")
	f(false, "kernels/host", "compute/nn", "kernels/host imports compute/nn: only kernels may beside the standard library")
	f(true, "compute/device/cuda", "gorgonia.org/cu")
	f(false, "compute/device/cuda", "gorgonia.org/cu", "compute/device/cuda imports gorgonia.org/cu: only in the gpu flavour")
	f(false, "gorgonia.org/cu/blas", "gorgonia.org/cu")
}

// foreign returns every broken rule about imports from elsewhere, sorted.
func foreign(g graph, gpu bool) []string {
	var out []string
	for pkg, imported := range g {
		for _, i := range imported {
			for _, l := range leaves {
				if match(l.pkg, pkg) && !std(i) && !slices.ContainsFunc(l.only, func(p string) bool { return match(p, i) }) {
					allowed := "nothing may but the standard library"
					if l.only != nil {
						allowed = "only " + strings.Join(l.only, ", ") + " may beside the standard library"
					}
					out = append(out, fmt.Sprintf("%s imports %s: %s", short(pkg), short(i), allowed))
				}
			}
			if own(pkg) && !gpu && slices.ContainsFunc(gpuOnly, func(p string) bool { return match(p, i) }) {
				out = append(out, fmt.Sprintf("%s imports %s: only in the gpu flavour", short(pkg), i))
			}
		}
	}
	slices.Sort(out)
	return out
}

// std reports whether an import path is the standard library's: its first element has no dot.
func std(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

// violations returns every broken rule, sorted.
func violations(g graph) []string {
	var out []string
	for _, l := range rules() {
		for pkg := range g {
			if !match(l.pkg, pkg) {
				continue
			}
			for _, way := range reach(g, pkg) {
				last := way[len(way)-1]
				if i := slices.IndexFunc(l.never, func(p string) bool { return match(p, last) }); i >= 0 && !match(l.pkg, last) {
					out = append(out, fmt.Sprintf("%s reaches %s: %s", short(pkg), short(last), shorts(way)))
				}
			}
		}
	}
	for pkg, imported := range g {
		for _, i := range imported {
			for _, r := range importers {
				if match(r.pkg, i) && !match(r.pkg, pkg) && own(pkg) &&
					!slices.ContainsFunc(r.only, func(p string) bool { return match(p, pkg) }) {
					out = append(out, fmt.Sprintf("%s imports %s: only %s may", short(pkg), short(i), strings.Join(r.only, ", ")))
				}
			}
			for _, r := range imports {
				if match(r.pkg, pkg) && slices.ContainsFunc(r.never, func(p string) bool { return match(p, i) }) {
					out = append(out, fmt.Sprintf("%s imports %s", short(pkg), i))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reach returns a shortest way to each package that pkg reaches, its own imports
// first.
func reach(g graph, pkg string) (ways [][]string) {
	seen := map[string]bool{pkg: true}
	queue := [][]string{{pkg}}
	for len(queue) > 0 {
		way := queue[0]
		queue = queue[1:]
		from := way[len(way)-1]
		if from != pkg {
			ways = append(ways, way)
		}
		for _, to := range g[from] {
			if !seen[to] {
				seen[to] = true
				queue = append(queue, append(slices.Clone(way), to))
			}
		}
	}
	return ways
}

// match reports whether an import path is of a pattern.
func match(pattern, pkg string) bool {
	pattern = path(pattern)
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == base || strings.HasPrefix(pkg, base+"/")
	}
	return pkg == pattern
}

// tops are the folders of this module; other names without a dot are std's.
var tops = []string{"internal", "chain", "compute", "ga", "net", "olap", "cmd", "bench", "kernels", "sdk"}

// path returns the import path of a name as the rules write it. "net" is ours; no
// rule is about the standard library's.
func path(name string) string {
	if first, _, _ := strings.Cut(name, "/"); slices.Contains(tops, first) {
		return module + name
	}
	return name
}

func own(pkg string) bool { return strings.HasPrefix(pkg, module) }

func short(pkg string) string { return strings.TrimPrefix(pkg, module) }

func shorts(way []string) string {
	out := make([]string, len(way))
	for i, p := range way {
		out[i] = short(p)
	}
	return strings.Join(out, " → ")
}

// list asks the go tool for the packages of the module in dir and all they import,
// tests aside.
func list(t *testing.T, dir, tags, cgo string) graph {
	t.Helper()
	listing.Lock()
	defer listing.Unlock()
	key := strings.Join([]string{dir, tags, cgo}, "\x00")
	if g := listing.done[key]; g != nil {
		return g
	}
	g := listNow(t, dir, tags, cgo)
	listing.done[key] = g
	return g
}

// listing remembers what list has answered: nothing changes while the tests run.
var listing = struct {
	sync.Mutex
	done map[string]graph
}{done: map[string]graph{}}

func listNow(t *testing.T, dir, tags, cgo string) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports", "-tags", tags, "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo, "GOFLAGS=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	g := graph{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return g
		} else if err != nil {
			t.Fatal(err)
		}
		g[p.ImportPath] = p.Imports
	}
}
