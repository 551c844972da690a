// Shuffles and votes: the definition of each in the test, one line here.
struct WarpArgs {
  const unsigned *in; // a word for each thread of the grid
  unsigned *out;      // a row of the grid's threads for each result
};

extern "C" __global__ void warp_calls(WarpArgs a) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x, row = gridDim.x * blockDim.x;
  unsigned v = a.in[i];
  float f = __uint2float_rn(v);
#pragma unroll
  for (int s = 16; s > 0; s /= 2) f = __fadd_rn(f, __shfl_xor_sync(0xffffffff, f, s));
  a.out[0 * row + i] = __float_as_uint(f);
  a.out[1 * row + i] = __shfl_xor_sync(0xffffffffu, v, 5);
  a.out[2 * row + i] = __shfl_sync(0xffffffffu, v, (int)(threadIdx.x * 7 + 3)); // lane modulo 32
  a.out[3 * row + i] = (unsigned)__any_sync(0xffffffff, v % 64 == 0);
  a.out[4 * row + i] = (unsigned)__all_sync(0xffffffff, v % 64 != 0);
  a.out[5 * row + i] = __ballot_sync(0xffffffff, v & 1);
  unsigned last = 0;
  for (unsigned k = 0; k < 8; k++) last = __ballot_sync(0xffffffff, v >> k & 1) + last * 3; // votes of a turn do not leak
  a.out[6 * row + i] = last;
  __syncwarp();
}
