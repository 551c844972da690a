#!/usr/bin/env bash
# Tests and measures the CUDA engine on this machine's card: bash run.sh OUT
#
# Needs an NVIDIA driver and nothing else; uses nvcc, compute-sanitizer, and a Python with PyTorch, Triton or JAX where they are.
# Takes at most nine minutes (DOIN_GPU_SECONDS, default 530): each phase has a part of them, checks come before measurements, and
# what there is no time for is left out and said. Digests are compared however few the seconds are: 20 for that are always taken.
# Writes OUT/gpu-CARD.json, .md and .svg, and OUT/run.log. Exits with 0 if no digest differed and no phase
# failed, with 2 if there is no card that can be used, else with 1.
#
# DOIN_GPU_DEVICE chooses the card (cuda:0), PYTHON the interpreter (python3).
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
if [ $# -ne 1 ]; then
	echo "usage: bash $0 OUT" >&2
	exit 64
fi
mkdir -p "$1" && OUT=$(cd "$1" && pwd) || exit 1

SECONDS=0
TOTAL=${DOIN_GPU_SECONDS:-530}
case $TOTAL in '' | *[!0-9]*)
	echo "run.sh: DOIN_GPU_SECONDS=$TOTAL: must be a number of seconds" >&2
	exit 64
	;;
esac
DEVICE=${DOIN_GPU_DEVICE:-cuda:0}
PYTHON=${PYTHON:-python3}
WORK=$(mktemp -d) || exit 1
LOG=$WORK/run.log PHASES=$WORK/phases REPORT=$WORK/report.json
: >"$LOG"
: >"$PHASES"
finish() {
	kill $(jobs -p) 2>/dev/null
	# The end of a log that is too long says more than its beginning.
	tail -c 8000000 "$LOG" >"$OUT/run.log"
	rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 1' INT TERM
. "$HERE/budget.sh"

BIN=$HERE/bin
if ls "$BIN"/*.gz >/dev/null 2>&1; then # packed, to be carried
	BIN=$WORK/bin
	mkdir "$BIN"
	for program in "$HERE"/bin/*.gz; do
		name=$(basename "$program" .gz)
		if ! gzip -dc "$program" >"$BIN/$name"; then
			echo "run.sh: $program cannot be unpacked into $BIN" >&2
			exit 1
		fi
	done
fi
# Archives and shares lose the right to execute, and some folders deny it.
chmod +x "$BIN"/* 2>/dev/null
for program in "$BIN"/*; do
	if [ ! -x "$program" ]; then
		cp -r "$BIN" "$WORK/allowed" && BIN=$WORK/allowed
		chmod +x "$BIN"/*
		break
	fi
done
BENCH=$BIN/doin-bench
PATH=${CUDA_HOME:+$CUDA_HOME/bin:}$PATH:/usr/local/cuda/bin:/usr/local/cuda/compute-sanitizer
# What the driver compiles is compiled once, not once in each process.
export CUDA_CACHE_PATH=$WORK/cache CUDA_CACHE_MAXSIZE=1073741824 PYTHONDONTWRITEBYTECODE=1

# Containers mount the driver's libraries where the loader does not always look.
for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/wsl/lib; do
	if [ -e "$folder/libcuda.so.1" ] && ! ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'; then
		export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
		break
	fi
done

# 0. What is here.
{
	echo "=== machine"
	uname -a
	for command in nvidia-smi "nvcc --version" "compute-sanitizer --version" "$PYTHON --version"; do
		timeout -k 1 10 $command # a driver that is broken can keep them waiting for ever
	done
} >>"$LOG" 2>&1 </dev/null
if ! MUST=1 phase info 20 70 0 "$BENCH" gpu info --device "$DEVICE" --report "$REPORT"; then
	why=$(cat "${LAST:-/dev/null}" | grep -v '^[[:space:]]*$' | tail -n 1)
	case $why in
	*libcuda.so.1*) why="no NVIDIA driver: its library libcuda.so.1 is not installed" ;;
	*"Error in initialization"*) why="the NVIDIA driver finds no card: $why" ;;
	esac
	echo "run.sh: there is no card here that this can use: $why" >&2
	exit 2
fi
read -r ARCH CARD < <(grep '^sm_' "$LAST" | tail -n 1)
echo "         $CARD, $ARCH"

# The machine's compiler works while the card is tested.
EXACT=$WORK/exact FAST=$WORK/fast
builders=()
seconds=$(budget 1 150 265) unbuilt="there is no nvcc"
if [ "$seconds" -lt 60 ]; then
	unbuilt="$seconds s left, 60 wanted"
elif command -v nvcc >/dev/null; then
	timeout -k 5 "$seconds" "$BENCH" gpu rebuild --arch "$ARCH" --out "$EXACT" >"$WORK/exact.log" 2>&1 &
	builders+=($!)
	timeout -k 5 "$seconds" "$BENCH" gpu rebuild --arch "$ARCH" --fast --out "$FAST" >"$WORK/fast.log" 2>&1 &
	builders+=($!)
fi

# built N FOLDER NAME waits for a compilation; says what became of it where it failed.
built() {
	if [ -z "${builders[$1]:-}" ]; then
		note "$3" "left out" 0 "$unbuilt"
		return 1
	fi
	if ! wait "${builders[$1]}"; then
		cat "$2.log" >>"$LOG"
		note "$3" "left out" 0 "nvcc: $(grep -v '^[[:space:]]*$' "$2.log" | tail -n 1)"
		return 1
	fi
}

# failing makes the last phase, which must not run out of time, a failed one if it did. In a short run it may.
failing() { [ "$TOTAL" -lt "$WHOLE" ] || sed -i '$s/\ttimed out\t/\tfailed\t/' "$PHASES"; }

# 1. Digests against the processor's, before everything else. The first are compared whatever the time.
digests() { # SOURCE CAP RESERVE ARGUMENTS…
	local source=$1 cap=$2 reserve=$3
	shift 3
	phase "digests $source" "${LEAST:-10}" "$cap" "$reserve" "$BENCH" gpu digests --device "$DEVICE" --report "$REPORT" \
		--tasks "$HERE/testdata" --source "$source" --random 24 --for "{for}" "$@" || failing
}
MUST=1 LEAST=20 digests cubin 60 330

# 2. The driver's half of the engine, the worker, and the other ways to the same kernels.
phase self-test 10 90 310 "$BIN/cuda.test" -test.run '^TestGPU' -test.count 1 -test.v || failing
phase worker 5 40 305 "$BIN/doin-worker-gpu" describe || failing
digests ptx 60 290
if built 0 "$EXACT" "digests rebuilt"; then digests rebuilt 50 280 --images "$EXACT"; fi

# 3. Small tasks under the sanitizers. What initcheck finds is only noted: kernels read padding that nothing depends on.
for tool in memcheck racecheck synccheck initcheck; do
	if ! command -v compute-sanitizer >/dev/null; then
		note "sanitizer" "left out" 0 "there is no compute-sanitizer"
		break
	fi
	phase "$tool" 10 25 250 compute-sanitizer --tool "$tool" --error-exitcode 99 --print-limit 20 \
		"$BENCH" gpu digests --device "$DEVICE" --report "$WORK/$tool.json" --tasks "$HERE/testdata" --quick \
		--only mlp-tanh-mse,hidden-17,wide-33,tcn-relu,layer-norm-7,dropout-1,clip-0-sgd,batch-65 --for "{for}"
	[ -n "$LAST" ] || continue
	summary=$(grep -a 'SUMMARY' "$LAST" | tail -n 1 | tr -d '=')
	if grep -aqiE 'device not supported|failed to (initialize|attach)|unable to find injection' "$LAST"; then
		sed -i '$s/\tfailed\t/\tleft out\t/' "$PHASES"
	elif [ "$tool" = initcheck ]; then
		sed -i '$s/\tfailed\t/\tok\t/' "$PHASES"
	fi
	[ -n "$summary" ] && echo "         $summary" && sed -i "\$s/\$/ ${summary//[\/&]/ }/" "$PHASES"
done

# 4. What determinism costs, then models per second until the time is up.
if built 1 "$FAST" fastmath && [ -d "$EXACT" ]; then
	phase fastmath 10 30 230 "$BENCH" gpu fastmath --device "$DEVICE" --report "$REPORT" --exact "$EXACT" --fast "$FAST" --for "{for}"
fi
phase measure 10 1000000 15 "$BENCH" gpu measure --device "$DEVICE" --report "$REPORT" \
	--python "$PYTHON" --peer-folder "$HERE/peers" --for "{for}"

# 5. The results.
if timeout -k 5 20 "$BENCH" gpu finish --device "$DEVICE" --report "$REPORT" --phases "$PHASES" --out "$OUT" >"$WORK/finish" 2>&1; then
	status=0
else
	status=1
fi
cat "$WORK/finish" | tee -a "$LOG"
if ! ls "$OUT"/gpu-*.json >/dev/null 2>&1; then # what there is, as it is
	cp "$REPORT" "$OUT/report.json" 2>/dev/null
	cp "$PHASES" "$OUT/phases.tsv"
fi
echo "run.sh: $SECONDS s, status $status; results in $OUT"
exit $status
