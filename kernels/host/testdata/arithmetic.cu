// Every function on bits and numbers, of three words.
struct ArithmeticArgs {
  const unsigned *in; // x, y, z of each thread
  unsigned *out;      // results of each thread
  unsigned results;
};

constexpr int arithmeticThreads = 32;

extern "C" __global__ void __launch_bounds__(arithmeticThreads * 2, 1) arithmetic(ArithmeticArgs a) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned x = a.in[3 * i], y = a.in[3 * i + 1], z = a.in[3 * i + 2];
  float f = __uint_as_float(x), g = __uint_as_float(y), h = __int_as_float((int)z);
  unsigned *out = a.out + i * a.results;
  out[0] = __float_as_uint(__fadd_rn(f, g));
  out[1] = __float_as_uint(__fsub_rn(f, g));
  out[2] = __float_as_uint(__fmul_rn(f, g));
  out[3] = __float_as_uint(__fdiv_rn(f, g));
  out[4] = __float_as_uint(__fsqrt_rn(f));
  out[5] = (unsigned)__float_as_int(__fmaf_rn(f, g, h));
  out[6] = __float_as_uint(__fadd_rn(__fmul_rn(f, g), h)); // must not be fused
  out[7] = __umulhi(x, y);
  out[8] = __float_as_uint(__uint2float_rn(x));
  out[9] = __float_as_uint(__int2float_rn((int)x));
  out[10] = (unsigned)__clz((int)x);
  out[11] = (unsigned)min((int)x, (int)y);
  out[12] = max(x, y);
}
