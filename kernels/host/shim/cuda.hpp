// The part of CUDA C that the kernels use, for a host compiler. It is included before every .cu file.
//
// What is missing here is missing on purpose: a kernel that uses it does not compile. Shared memory is one dynamic array
// named `shared`, declared outside of functions; static __shared__ variables are not supported.
//
// Numbers  every function named _rn rounds once, to nearest even, subnormals kept. The file must be compiled with
//          -ffp-contract=off and without -ffast-math.
// Threads  a thread of a block is a fibre; see block.hpp for what the functions that wait do.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __FAST_MATH__
#error "the kernels need IEEE arithmetic"
#endif

#ifndef DOIN_SCAN // the build looks for these two in the preprocessed text
#define __global__
#define __launch_bounds__(...)
#endif
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline // whole programs in one function take a host compiler minutes
#define DOIN_INLINE inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
// `extern __shared__ float4 shared[];` declares the runtime's array from whatever namespace it stands in.
#define __shared__ "C"

struct uint3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) int4 {
  int x, y, z, w;
};

inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }

// Set by the runtime before a thread goes on.
extern uint3 threadIdx, blockIdx, blockDim, gridDim;

// Arithmetic.
DOIN_INLINE float __fadd_rn(float a, float b) { return a + b; }
DOIN_INLINE float __fsub_rn(float a, float b) { return a - b; }
DOIN_INLINE float __fmul_rn(float a, float b) { return a * b; }
DOIN_INLINE float __fdiv_rn(float a, float b) { return a / b; }
DOIN_INLINE float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
DOIN_INLINE float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }

// Bits and integers.
DOIN_INLINE unsigned __float_as_uint(float a) {
  unsigned u;
  memcpy(&u, &a, 4);
  return u;
}
DOIN_INLINE float __uint_as_float(unsigned a) {
  float f;
  memcpy(&f, &a, 4);
  return f;
}
DOIN_INLINE int __float_as_int(float a) { return (int)__float_as_uint(a); }
DOIN_INLINE float __int_as_float(int a) { return __uint_as_float((unsigned)a); }
DOIN_INLINE unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((uint64_t)a * b) >> 32); }
DOIN_INLINE float __uint2float_rn(unsigned a) { return (float)a; }
DOIN_INLINE float __int2float_rn(int a) { return (float)a; }
DOIN_INLINE int __clz(int a) { return a == 0 ? 32 : __builtin_clz((unsigned)a); }
DOIN_INLINE int __popc(unsigned a) { return __builtin_popcount(a); }

DOIN_INLINE int min(int a, int b) { return b < a ? b : a; }
DOIN_INLINE int max(int a, int b) { return a < b ? b : a; }
DOIN_INLINE unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
DOIN_INLINE unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
DOIN_INLINE unsigned long long min(unsigned long long a, unsigned long long b) { return b < a ? b : a; }
DOIN_INLINE unsigned long long max(unsigned long long a, unsigned long long b) { return a < b ? b : a; }
float min(float, float) = delete; // the contract knows compare and select only
float max(float, float) = delete;

// The functions that wait. `file` and `line` are those of the call in the kernel.
namespace doin {
void syncBlock(const char *file, int line);
void syncWarp(unsigned mask, const char *file, int line);
unsigned shuffle(const char *what, unsigned mask, unsigned value, unsigned source, const char *file, int line);
unsigned ballot(const char *what, unsigned mask, bool vote, const char *file, int line);
unsigned add(unsigned *at, unsigned value);
} // namespace doin

#define DOIN_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define DOIN_LANE (threadIdx.x & 31)

DOIN_INLINE void __syncthreads(DOIN_SITE) { doin::syncBlock(file, line); }
DOIN_INLINE void __syncwarp(unsigned mask = 0xffffffff, DOIN_SITE) { doin::syncWarp(mask, file, line); }

DOIN_INLINE unsigned __shfl_xor_sync(unsigned mask, unsigned v, int lanes, DOIN_SITE) {
  return doin::shuffle("__shfl_xor_sync", mask, v, DOIN_LANE ^ (unsigned)lanes, file, line);
}
DOIN_INLINE int __shfl_xor_sync(unsigned mask, int v, int lanes, DOIN_SITE) {
  return (int)doin::shuffle("__shfl_xor_sync", mask, (unsigned)v, DOIN_LANE ^ (unsigned)lanes, file, line);
}
DOIN_INLINE float __shfl_xor_sync(unsigned mask, float v, int lanes, DOIN_SITE) {
  return __uint_as_float(
      doin::shuffle("__shfl_xor_sync", mask, __float_as_uint(v), DOIN_LANE ^ (unsigned)lanes, file, line));
}
DOIN_INLINE unsigned __shfl_sync(unsigned mask, unsigned v, int lane, DOIN_SITE) {
  return doin::shuffle("__shfl_sync", mask, v, (unsigned)lane & 31, file, line);
}
DOIN_INLINE int __shfl_sync(unsigned mask, int v, int lane, DOIN_SITE) {
  return (int)doin::shuffle("__shfl_sync", mask, (unsigned)v, (unsigned)lane & 31, file, line);
}
DOIN_INLINE float __shfl_sync(unsigned mask, float v, int lane, DOIN_SITE) {
  return __uint_as_float(doin::shuffle("__shfl_sync", mask, __float_as_uint(v), (unsigned)lane & 31, file, line));
}
DOIN_INLINE int __any_sync(unsigned mask, int vote, DOIN_SITE) {
  return doin::ballot("__any_sync", mask, vote != 0, file, line) != 0;
}
DOIN_INLINE int __all_sync(unsigned mask, int vote, DOIN_SITE) {
  return doin::ballot("__all_sync", mask, vote != 0, file, line) == 0xffffffff;
}
DOIN_INLINE unsigned __ballot_sync(unsigned mask, int vote, DOIN_SITE) {
  return doin::ballot("__ballot_sync", mask, vote != 0, file, line);
}

// Global memory past the first cache.
DOIN_INLINE float __ldcg(const float *p) { return *p; }
DOIN_INLINE float4 __ldcg(const float4 *p) { return *p; }
DOIN_INLINE void __stcg(float *p, float v) { *p = v; }
DOIN_INLINE void __stcg(float4 *p, float4 v) { *p = v; }

DOIN_INLINE unsigned atomicAdd(unsigned *at, unsigned value) { return doin::add(at, value); }

#undef DOIN_INLINE
#undef DOIN_SITE
#undef DOIN_LANE

namespace doin {

// Entry is a kernel that can be launched. The build adds one behind each .cu file for every `extern "C" __global__` in it.
struct Entry {
  const char *name;
  size_t argBytes;  // of its one parameter
  unsigned threads; // most of a block: its launch bound, or 1024
  void (*kernel)();
  void (*invoke)(void (*kernel)(), const void *args);
  Entry *next;

  static Entry *first;

  template <class A>
  Entry(const char *name, void (*kernel)(A), unsigned threads)
      : name(name), argBytes(sizeof(A)), threads(threads), kernel((void (*)())kernel),
        invoke([](void (*kernel)(), const void *args) {
          A copy;
          memcpy(&copy, args, sizeof copy);
          ((void (*)(A))kernel)(copy);
        }),
        next(first) {
    first = this;
  }
};

// Of __launch_bounds__: only the first number matters here.
constexpr unsigned bounds(unsigned threads = 1024, unsigned = 0, unsigned = 0) { return threads; }

} // namespace doin
