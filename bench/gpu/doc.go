// Package gpu measures the CUDA engine on a card: that its results are the processor's, bit for bit, how many models it
// trains in a second, and how others do on the same card in the same run.
//
//	card, err := gpu.Open(ctx, "cuda:0", gpu.Embedded())   // or "host": the same kernels on the processor, slowly
//	err = gpu.CheckDigests(ctx, card, digestConfig, &report.Digests)
//	err = gpu.Measure(ctx, cards, benchConfig, report)
//	err = report.WriteMarkdown(w)                         // WriteSVG, and JSON by encoding/json
//
// A measurement is a block: one workload at one population, ours and every peer's in turn, again and again, so that a
// clock that falls or a neighbour that wakes meets all alike. A figure is the median of its repetitions, and a
// figure of fewer repetitions than asked for says so. What there was no time for is a line in the report, not a guess.
//
// Our time is the wall clock's around the whole training of a population, set-up, validation and results included. A
// peer's is of its training steps alone: those that fit into a slice, scaled to all. Peers do less than we do wherever
// that is easier for them: all their models share the order of the samples and the learning rate, and their tables lie on
// the card before the clock starts.
//
// The engine with which nothing is compared here is the processor's: package bench/engine measures it.
package gpu
