// Package host runs the CUDA kernels on the processor, thread by thread, so that what they compute can be compared bit for
// bit where there is no GPU, and under conditions that a GPU does not offer.
//
// [Build] compiles the project's .cu files, unchanged, with g++ behind the headers in shim/ into a program; [Start] runs that
// program and is a device: memory, launches and errors as of CUDA, through a pipe. Every thread of a block is a fibre, and
// barriers, shuffles and votes are rendezvous of fibres; shim/block.hpp says in which order they run and what is
// recognized as a fault. Blocks run one after another.
//
// A kernel that is right gives the same bits in every [Order], at every optimization. One that lacks a barrier reads poison
// (a NaN that fills shared memory and everything allocated), differs between orders, or is found by [Options.Races], which
// checks every access to memory against all unordered ones and does not depend on chance.
//
// Deliberately absent: static shared memory, masks other than full, textures, streams, blocks that run at the same time.
package host
