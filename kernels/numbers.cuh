// Numbers: the elementary functions of DOIN-F32 (compute/CONTRACT.md §3), operation by operation.
//
// Mirrors compute/vec; change both or neither. Every float operation is an intrinsic that rounds once, to nearest even.
#pragma once
#include "abi.cuh"

namespace doin {

#define DEVICE __device__ __forceinline__

DEVICE f32 add(f32 a, f32 b) { return __fadd_rn(a, b); }
DEVICE f32 sub(f32 a, f32 b) { return __fsub_rn(a, b); }
DEVICE f32 mul(f32 a, f32 b) { return __fmul_rn(a, b); }
DEVICE f32 quotient(f32 a, f32 b) { return __fdiv_rn(a, b); }
DEVICE f32 root(f32 a) { return __fsqrt_rn(a); }
DEVICE f32 fma(f32 a, f32 b, f32 c) { return __fmaf_rn(a, b, c); }

constexpr u32 signBit = 0x80000000u;
constexpr u32 infinityBits = 0x7f800000u;
constexpr u32 nanBits = 0x7fc00000u;

DEVICE f32 magnitude(f32 x) { return __uint_as_float(__float_as_uint(x) & ~signBit); }
DEVICE f32 negative(f32 x) { return __uint_as_float(__float_as_uint(x) ^ signBit); }
DEVICE f32 withSign(f32 x, f32 of) {
  return __uint_as_float((__float_as_uint(x) & ~signBit) | (__float_as_uint(of) & signBit));
}
DEVICE bool isFinite(f32 x) { return (__float_as_uint(x) & infinityBits) != infinityBits; }

// clamp leaves NaN alone.
DEVICE f32 clamp(f32 x, f32 lo, f32 hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

constexpr f32 expMin = -0x1.cp+6f;
constexpr f32 expMax = 0x1.64p+6f;
constexpr f32 log2E = 0x1.715476p+0f;
constexpr f32 roundInt = 0x1.8p+23f;
constexpr f32 ln2High = 0x1.62e4p-1f;
constexpr f32 ln2Low = 0x1.7f7d1cp-20f;
constexpr f32 expP2 = 0x1.fffffcp-2f;
constexpr f32 expP3 = 0x1.55548cp-3f;
constexpr f32 expP4 = 0x1.555858p-5f;
constexpr f32 expP5 = 0x1.123dep-7f;
constexpr f32 expP6 = 0x1.6ac74ap-10f;

DEVICE f32 powerOfTwo(i32 n) { return __uint_as_float((u32)(n + 127) << 23); }

// Parts is e^x = p·s·t with two powers of two, so that a result that is subnormal is rounded once.
struct Parts {
  f32 p, s, t;
};

DEVICE Parts expParts(f32 x) {
  x = clamp(x, expMin, expMax);
  f32 j = fma(x, log2E, roundInt);
  f32 n = sub(j, roundInt);
  f32 r = fma(n, -ln2High, x);
  r = fma(n, -ln2Low, r);
  f32 p = expP6;
  p = fma(p, r, expP5);
  p = fma(p, r, expP4);
  p = fma(p, r, expP3);
  p = fma(p, r, expP2);
  p = fma(p, r, 1.0f);
  p = fma(p, r, 1.0f);
  i32 i = (i32)(__float_as_uint(j) - __float_as_uint(roundInt));
  i32 h = i >> 1;
  return {p, powerOfTwo(h), powerOfTwo(i - h)};
}

DEVICE f32 expOf(f32 x) {
  Parts e = expParts(x);
  return mul(mul(e.p, e.s), e.t);
}

constexpr f32 minNormal = 0x1p-126f;
constexpr u32 logSplit = 0x3f2aaaabu;
constexpr f32 ln2 = 0x1.62e43p-1f;
constexpr f32 logP2 = -0x1p-1f;
constexpr f32 logP3 = 0x1.555506p-2f;
constexpr f32 logP4 = -0x1.fffef2p-3f;
constexpr f32 logP5 = 0x1.99d03cp-3f;
constexpr f32 logP6 = -0x1.559d8p-3f;
constexpr f32 logP7 = 0x1.1ed5bep-3f;
constexpr f32 logP8 = -0x1.f31a78p-4f;
constexpr f32 logP9 = 0x1.1e6dc6p-3f;
constexpr f32 logP10 = -0x1.07ef34p-3f;

DEVICE f32 logOf(f32 x) {
  if (!(x > 0.0f)) return __uint_as_float(x == 0.0f ? (signBit | infinityBits) : nanBits);
  if (__float_as_uint(x) == infinityBits) return x;
  f32 e = 0.0f;
  if (x < minNormal) {
    x = mul(x, 0x1p+23f);
    e = -23.0f;
  }
  u32 u = __float_as_uint(x);
  i32 k = (i32)(u - logSplit) >> 23;
  f32 f = sub(__uint_as_float(u - ((u32)k << 23)), 1.0f);
  e = add(e, __int2float_rn(k));
  f32 p = logP10;
  p = fma(p, f, logP9);
  p = fma(p, f, logP8);
  p = fma(p, f, logP7);
  p = fma(p, f, logP6);
  p = fma(p, f, logP5);
  p = fma(p, f, logP4);
  p = fma(p, f, logP3);
  p = fma(p, f, logP2);
  f32 r = fma(mul(f, f), p, f);
  return fma(e, ln2, r);
}

constexpr f32 tanhSplit = 0x1.19999ap-1f;
constexpr f32 tanhMax = 0x1.4p+3f;
constexpr f32 tanhP3 = -0x1.55554ap-2f;
constexpr f32 tanhP5 = 0x1.110ceep-3f;
constexpr f32 tanhP7 = -0x1.b91e7ep-5f;
constexpr f32 tanhP9 = 0x1.58e518p-6f;
constexpr f32 tanhP11 = -0x1.9921a2p-8f;

DEVICE f32 tanhOf(f32 x) {
  f32 a = magnitude(x);
  if (a < tanhSplit) {
    f32 q = mul(a, a);
    f32 p = tanhP11;
    p = fma(p, q, tanhP9);
    p = fma(p, q, tanhP7);
    p = fma(p, q, tanhP5);
    p = fma(p, q, tanhP3);
    return withSign(fma(mul(a, q), p, a), x);
  }
  a = a > tanhMax ? tanhMax : a;
  return withSign(sub(1.0f, quotient(2.0f, add(expOf(add(a, a)), 1.0f))), x);
}

// gate is v ÷ (1 + e^−z).
DEVICE f32 gate(f32 v, f32 z) {
  Parts e = expParts(negative(magnitude(z)));
  f32 d = add(1.0f, mul(mul(e.p, e.s), e.t));
  if (z < 0.0f) return mul(mul(quotient(mul(v, e.p), d), e.s), e.t);
  return quotient(v, d);
}

DEVICE f32 sigmoidOf(f32 x) { return gate(1.0f, x); }

DEVICE f32 siluOf(f32 x) {
  x = x < expMin ? expMin : x;
  return gate(x, x);
}

constexpr f32 geluC1 = 0x1.988454p+0f;
constexpr f32 geluC3 = 0x1.2444f2p-4f;
constexpr f32 geluSlope = 0x1.b6676cp-3f;
constexpr f32 geluMin = -0x1.6p+3f;

DEVICE f32 geluOf(f32 x) {
  x = x < geluMin ? geluMin : x;
  return gate(x, mul(x, fma(geluC3, mul(x, x), geluC1)));
}

// Slope is a sigmoid and its derivative.
struct Slope {
  f32 s, slope;
};

DEVICE Slope gateSlope(f32 z) {
  f32 t = expOf(negative(magnitude(z)));
  f32 d = add(1.0f, t);
  f32 q = quotient(t, d);
  return {z < 0.0f ? q : quotient(1.0f, d), quotient(q, d)};
}

DEVICE f32 siluSlope(f32 x) {
  x = clamp(x, expMin, -expMin);
  Slope g = gateSlope(x);
  return fma(x, g.slope, g.s);
}

DEVICE f32 geluSlopeOf(f32 x) {
  x = clamp(x, geluMin, -geluMin);
  f32 q = mul(x, x);
  Slope g = gateSlope(mul(x, fma(geluC3, q, geluC1)));
  return fma(g.slope, mul(x, fma(geluSlope, q, geluC1)), g.s);
}

DEVICE f32 reluOf(f32 x) { return x > 0.0f ? x : 0.0f; }

// activate is the activation `act` of x.
DEVICE f32 activate(i32 act, f32 x) {
  switch (act) {
    case ACT_RELU: return reluOf(x);
    case ACT_TANH: return tanhOf(x);
    case ACT_SIGMOID: return sigmoidOf(x);
    case ACT_GELU: return geluOf(x);
    case ACT_SILU: return siluOf(x);
  }
  return x;
}

// valueSlope is d × act′, from the value f of an activation whose derivative is a function of it: relu, tanh, sigmoid.
DEVICE f32 valueSlope(i32 act, f32 d, f32 f) {
  if (act == ACT_RELU) return f > 0.0f ? d : 0.0f;
  return mul(d, act == ACT_TANH ? fma(negative(f), f, 1.0f) : mul(f, sub(1.0f, f)));
}

// differentiate is d × act′; f is the argument of gelu and silu, and the value of the others.
DEVICE f32 differentiate(i32 act, f32 d, f32 f) {
  if (act == ACT_NONE) return d;
  if (act == ACT_GELU) return mul(d, geluSlopeOf(f));
  if (act == ACT_SILU) return mul(d, siluSlope(f));
  return valueSlope(act, d, f);
}

}  // namespace doin
