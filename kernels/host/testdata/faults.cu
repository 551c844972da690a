// What a kernel must not do.
struct FaultArgs {
  unsigned *out; // 64 words
  int kind;
};

extern __shared__ float4 shared[];

namespace {

__device__ __noinline__ unsigned deep(unsigned n) {
  volatile unsigned frame[256];
  for (unsigned k = 0; k < 256; k++) frame[k] = n + k;
  return n == 0 ? frame[0] : deep(n - 1) + frame[n % 256];
}

} // namespace

extern "C" __global__ void faults(FaultArgs a) {
  unsigned t = threadIdx.x;
  unsigned *words = reinterpret_cast<unsigned *>(shared);
  switch (a.kind) {
  case 0: // some end
    if (t >= 40) return;
    __syncthreads();
    break;
  case 1: // two calls
    if (t < 32)
      __syncthreads();
    else
      __syncthreads();
    break;
  case 2: // a warp waits for itself, one of its threads for the block
    if (t != 3)
      __syncwarp();
    else
      __syncthreads();
    break;
  case 3: // part of a warp
    if (t < 16) __syncwarp(0xffff);
    break;
  case 4: // two calls of a warp
    if (t % 2)
      a.out[t] = __shfl_xor_sync(0xffffffff, t, 1);
    else
      a.out[t] = __shfl_xor_sync(0xffffffff, t, 1);
    break;
  case 5: // behind shared memory
    words[64 + t] = t;
    break;
  case 6: // reads behind shared memory
    a.out[t] = words[64];
    break;
  case 7: // behind an allocation, by one word
    a.out[64] = t;
    break;
  case 8: // far behind
    a.out[(1 << 20) + t] = t;
    break;
  case 9:
    a.out[t] = deep(1 << 20);
    break;
  case 10: // not aligned
    *reinterpret_cast<float4 *>(words + 1) = make_float4(1, 2, 3, 4);
    break;
  case 11: // overflow
    a.out[t] = (unsigned)((int)(t + 0x7fffffff - t) + a.kind);
    break;
  case 12: // after which all is well
    a.out[t] = t;
  }
}
