// Random numbers of DOIN-F32 (compute/CONTRACT.md §4). Mirrors compute/rng; change both or neither.
#pragma once
#include "numbers.cuh"

namespace doin {

constexpr u32 philoxM0 = 0xd2511f53u;
constexpr u32 philoxM1 = 0xcd9e8d57u;
constexpr u32 philoxW0 = 0x9e3779b9u;
constexpr u32 philoxW1 = 0xbb67ae85u;
constexpr i32 philoxRounds = 10;

enum { PURPOSE_WEIGHTS = 1, PURPOSE_MINIBATCH = 2, PURPOSE_DROPOUT = 3 };

struct Words {
  u32 v[4];
};

// philox is the block of four draws with the counter (purpose, step, block, 0).
DEVICE Words philox(u32 k0, u32 k1, u32 purpose, u32 step, u32 block) {
  u32 c0 = purpose, c1 = step, c2 = block, c3 = 0;
#pragma unroll
  for (i32 r = 0; r < philoxRounds; r++) {
    u32 h0 = __umulhi(philoxM0, c0), l0 = philoxM0 * c0;
    u32 h1 = __umulhi(philoxM1, c2), l1 = philoxM1 * c2;
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 += philoxW0;
    k1 += philoxW1;
  }
  return {{c0, c1, c2, c3}};
}

// uniformOf is a draw as a multiple of 2⁻²⁴ in [0, 1).
DEVICE f32 uniformOf(u32 u) { return mul(__uint2float_rn(u >> 8), 0x1p-24f); }

constexpr i32 feistelRounds = 8;
constexpr u32 feistelM0 = 0x9e3779b1u;
constexpr u32 feistelM1 = 0x85ebca77u;
constexpr u32 feistelFold = 15;

// permute is the image of i under the permutation of [0, n) with these round keys: a Feistel network over 2·half bits,
// applied until the image lies below n.
DEVICE u32 permute(const u32 *keys, u32 half, u32 n, u32 i) {
  u32 low = (1u << half) - 1u;
  do {
    u32 l = i >> half, r = i & low;
#pragma unroll
    for (i32 k = 0; k < feistelRounds; k++) {
      u32 f = (r ^ keys[k]) * feistelM0;
      f ^= f >> feistelFold;
      f *= feistelM1;
      u32 t = l ^ (f >> (32u - half));
      l = r;
      r = t;
    }
    i = (l << half) | r;
  } while (i >= n);
  return i;
}

// halfBits is the width of one half of the smallest network that holds n numbers.
DEVICE u32 halfBits(u32 n) { return n > 4u ? (33u - (u32)__clz((i32)(n - 1u))) / 2u : 1u; }

}  // namespace doin
