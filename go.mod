module doin.network/node

go 1.26.0

require (
	filippo.io/age v1.2.1 // keys encrypted by a passphrase (chain/identity)
	filippo.io/bigmod v0.1.0 // arithmetic modulo the order of the curve in constant time (chain/vrf)
	filippo.io/nistec v0.0.4 // points of P-256 (chain/vrf)
	github.com/NVIDIA/go-nvml v0.13.0-1 // temperature, power, memory of NVIDIA cards (compute/gpuinfo)
	github.com/apache/arrow/go/v15 v15.0.2 // tables between node and worker (IPC); Arrow and Parquet files (compute/data/columnar, olap)
	github.com/c-bata/goptuna v0.9.0 // TPE and CMA-ES to compare ours with (bench only)
	github.com/dgraph-io/badger/v4 v4.9.6 // the chain store
	github.com/dgraph-io/ristretto/v2 v2.2.0 // badger's options name its types
	github.com/jackc/pgx/v5 v5.12.0 // PostgreSQL (olap/postgres)
	github.com/klauspost/compress v1.20.1 // zstd (compute/data/text)
	github.com/minio/minio-go/v7 v7.4.1 // object stores that speak S3 (olap/export)
	github.com/prometheus/client_golang v1.25.0 // GET /metrics
	github.com/spf13/cobra v1.10.2 // command lines
	github.com/valyala/fasthttp v1.72.0 // HTTP server and client
	go.yaml.in/yaml/v3 v3.0.5 // docs/openapi.yaml, read by tests (net/api/apitest)
	golang.org/x/sync v0.23.0 // errgroup: lifetimes of the parts of a node
	golang.org/x/sys v0.48.0 // kinds of file systems and the state of the clock (cmd/doin-node/stack/system)
	golang.org/x/term v0.46.0 // is the output a terminal, and how wide
	golang.org/x/text v0.42.0 // encodings of text files (compute/data/text)
	gonum.org/v1/gonum v0.16.0 // a matrix product to compare ours with (bench only)
	gonum.org/v1/plot v0.16.0 // plots of benchmark results (bench only)
	google.golang.org/protobuf v1.36.12 // the wire format of ONNX files (compute/onnx)
	gorgonia.org/cu v0.9.6 // CUDA contexts, memory, modules and launches (compute/device/cuda)
	gorgonia.org/gorgonia v0.9.18 // models as expression graphs, and the independent gradient oracle (compute/graph and below alone)
	gorgonia.org/tensor v0.9.23 // gorgonia's tensors
	modernc.org/sqlite v1.50.1 // SQLite without cgo: the star schema
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.1.0 // indirect
	codeberg.org/go-pdf/fpdf v0.10.0 // indirect
	git.sr.ht/~sbinet/gg v0.6.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/andybalholm/brotli v1.2.1 // indirect
	github.com/apache/arrow/go/arrow v0.0.0-20211112161151-bc219186db40 // indirect
	github.com/awalterschulze/gographviz v2.0.3+incompatible // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/campoy/embedmd v1.0.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/chewxy/hm v1.0.0 // indirect
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/goccy/go-json v0.10.2 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/golang/protobuf v1.5.3 // indirect
	github.com/google/flatbuffers v25.2.10+incompatible // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/leesper/go_rng v0.0.0-20190531154944-a612b043e353 // indirect
	github.com/mattn/go-isatty v0.0.22 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/pierrec/lz4/v4 v4.1.18 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/spf13/pflag v1.0.10 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/xtgo/set v1.0.0 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel v1.41.0 // indirect
	go.opentelemetry.io/otel/metric v1.41.0 // indirect
	go.opentelemetry.io/otel/trace v1.41.0 // indirect
	go4.org/unsafe/assume-no-moving-gc v0.0.0-20231121144256-b99613f794b6 // indirect; gorgonia panics at start with an older one
	golang.org/x/exp v0.0.0-20250620022241-b7579e27df2b // indirect
	golang.org/x/image v0.25.0 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/telemetry v0.0.0-20260908163034-4bcc4b2ee518 // indirect
	golang.org/x/tools v0.50.0 // indirect
	golang.org/x/xerrors v0.0.0-20220907171357-04be3eba64a2 // indirect
	gorgonia.org/dawson v1.2.0 // indirect
	gorgonia.org/vecf32 v0.9.0 // indirect
	gorgonia.org/vecf64 v0.9.0 // indirect
	modernc.org/libc v1.72.3 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.11.0 // indirect
)

require (
	github.com/JohnCGriffin/overflow v0.0.0-20211019200055-46fa312c352c // indirect
	github.com/apache/thrift v0.17.0 // indirect
	github.com/golang/snappy v0.0.4 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/klauspost/asmfmt v1.3.2 // indirect
	github.com/klauspost/crc32 v1.3.0 // indirect
	github.com/minio/asm2plan9s v0.0.0-20200509001527-cdd76441f9d8 // indirect
	github.com/minio/c2goasm v0.0.0-20190812172519-36a3d3bbc4f3 // indirect
	github.com/minio/crc64nvme v1.1.1 // indirect
	github.com/minio/md5-simd v1.1.2 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/rs/xid v1.6.0 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20231002182017-d307bd883b97 // indirect
	google.golang.org/grpc v1.58.3 // indirect
	gopkg.in/ini.v1 v1.67.3 // indirect
)
