// Package ptxrun executes the committed PTX on the processor: what the card's driver is given, not what it was compiled from.
//
// [Parse] reads an image, [Translate] makes it C++, a statement for every instruction, and [Build] compiles that with the
// runtime of kernels/host, whose device runs it: threads in any order, barriers and shuffles as rendezvous, guards around all
// memory. Everything is strict: an instruction, modifier, type or directive that is not known is an error that names its line,
// and so is, when it runs, a misaligned access, one outside of its memory, a global access to shared memory, a division by
// zero, or threads that wait at different barriers.
//
// With [Options.Races] two accesses to the same 4 bytes, one of which writes, are a fault when nothing orders them. A barrier
// orders its block and bar.warp.sync its warp, as the ISA has it; shuffles and votes order nothing, although their threads wait
// for each other. Nothing is assumed of threads that run in step. Atomics are not looked at.
//
// [Count] says how often each row of instructions ran, and [Weights] what a row is worth in machine instructions. To count
// again after a kernel has changed:
//
//	make ptx && go run ./cmd/doin-bench kernels --out bench/results
//
// The reference is NVIDIA's "Parallel Thread Execution ISA", version 7.8. Deliberately absent: functions and calls, tables of
// jumps, constant arrays, static shared memory, textures, matrix instructions, blocks of more than one dimension, segments of
// warps. The compiler uses none of them for these kernels.
package ptxrun
