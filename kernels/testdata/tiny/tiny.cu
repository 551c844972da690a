// A module for tests of what reads modules: every float operation that the contract has, shared memory, an atomic and a
// shuffle, in two kernels of different parameters.
#include "tiny.cuh"

extern "C" __global__ void __launch_bounds__(128) tiny_f32(Args args) {
  __shared__ u32 entry;
  for (;;) {
    if (threadIdx.x == 0) entry = atomicAdd(args.next, 1u);
    __syncthreads();
    u32 i = entry;
    __syncthreads();
    if (i >= args.count) return;
    f32 x = args.x[i];
    x = __fadd_rn(x, __shfl_xor_sync(0xffffffffu, x, 1));
    x = __fdiv_rn(__fmaf_rn(x, slope, 1.0f), __fsqrt_rn(__fmul_rn(x, x)));
    if (threadIdx.x == 0) args.y[i] = __fsub_rn(x, __uint2float_rn(i));
  }
}

extern "C" __global__ void tiny_copy(f32 *y, const f32 *x, u32 n) {
  for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) y[i] = x[i];
}
