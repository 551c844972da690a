// Package workload is what the benchmarks of the engines train: named kinds of training, the populations made of them, their
// made-up samples and their operation counts. The processor's benchmark and the card's measure the same ones, so that a name
// means one experiment and figures of the two can be put beside each other.
//
//	w, ok := workload.Find(workload.S2, workload.Fixed, 1000)
//	results, err := engine.Train(ctx, w.Tasks(256), nil)
//	operations := float64(results[0].StopStep) * workload.Flop(&w.Models[0])
//
// Everything is a function of its arguments: two programs that train the same workload train the same bits. Times, peers and
// reports are their benchmark's.
package workload
