// probe: single operations and elementary functions, to be compared with the definitions.
//
// Shapes   x [n][3] or null, y [n]. Where x is null, argument i is the number whose bits are first + i.
// Launch   any 1-D grid of up to 256 threads (grid-stride loop); no shared memory.
// Numbers  DOIN-F32.
// Mirrors  compute/vec and package block's list of probes.
#include "random.cuh"

extern "C" __global__ void __launch_bounds__(256) probe_f32(ProbeArgs args) {
  for (u64 i = (u64)blockIdx.x * blockDim.x + threadIdx.x; i < args.n; i += (u64)gridDim.x * blockDim.x) {
    f32 a, b = 0.0f, c = 0.0f;
    if (args.x) {
      a = args.x[3 * i];
      b = args.x[3 * i + 1];
      c = args.x[3 * i + 2];
    } else {
      a = __uint_as_float(args.first + (u32)i);
    }
    f32 v = 0.0f;
    switch (args.probe) {
      case PROBE_ADD: v = doin::add(a, b); break;
      case PROBE_SUB: v = doin::sub(a, b); break;
      case PROBE_MUL: v = doin::mul(a, b); break;
      case PROBE_DIV: v = doin::quotient(a, b); break;
      case PROBE_SQRT: v = doin::root(a); break;
      case PROBE_FMA: v = doin::fma(a, b, c); break;
      case PROBE_EXP: v = doin::expOf(a); break;
      case PROBE_LOG: v = doin::logOf(a); break;
      case PROBE_TANH: v = doin::tanhOf(a); break;
      case PROBE_SIGMOID: v = doin::sigmoidOf(a); break;
      case PROBE_SILU: v = doin::siluOf(a); break;
      case PROBE_GELU: v = doin::geluOf(a); break;
      case PROBE_SILU_GRAD: v = doin::siluSlope(a); break;
      case PROBE_GELU_GRAD: v = doin::geluSlopeOf(a); break;
      case PROBE_RELU: v = doin::reluOf(a); break;
      case PROBE_UNIFORM: v = doin::uniformOf(doin::philox(__float_as_uint(a), __float_as_uint(b), 1, 2, __float_as_uint(c)).v[i & 3]); break;
    }
    args.y[i] = v;
  }
}
