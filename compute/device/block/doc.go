// Package block trains populations on devices where one thread block trains one individual: the design of the CUDA
// engine, and everything of it that needs no device.
//
// A model is compiled to a kernels.Program: the operations of nn.Model with their places in a block's memory (compile.go,
// layout.go). Weights, activations and gradients lie in shared memory, where buffers whose lives do not overlap share a
// place; the optimizer's moments stay in global memory. A model that does not fit lies in global memory as a whole
// ("streamed"). Since the contract DOIN-F32 fixes every bit, none of these choices shows in a result.
//
// An Engine holds a Device and the individuals in training. Trainings may be submitted at any time by any number of
// goroutines: each launch makes some steps of as many as the device runs at once, in the order in which they came, so that a
// population fills the device, one that ends makes room for the next, and a caller that waits for one training needs no other. See "Orca: a distributed
// serving system" (Yu et al., OSDI '22) for the idea of admitting work between iterations.
//
// The individuals are dealt out to lanes, each with a queue of the device and a goroutine of its own, so that the device works
// on the launches of some while the host deals with what those of another have done. A launch is bounded in time, not in
// steps. What a lane has on the device is freed only after its queue was waited for; everything on the device is guarded by
// Engine.floor, which is taken before Engine.mu.
//
// Device is the interface to the hardware: device/cuda implements it with the driver, device/null with nothing, kernels/host
// with the same kernels compiled for the processor, which is how everything here is tested bit for bit where there is no GPU.
package block
