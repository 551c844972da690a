// What translated PTX is made of. Types are those of the ISA; b types are unsigned.
//
// Addresses  shared memory begins at 0, so that an address without cvta is found out; global and generic addresses are
//            those of this process. Every access is checked: its alignment, and that it lies where its instruction says.
// Numbers    division, square root and fused multiply-add are IEEE's; the file is compiled without contraction.
#pragma once

extern "C" unsigned char shared[];

typedef bool pred;
typedef float f32;
typedef uint8_t u8, b8;
typedef int8_t s8;
typedef uint16_t u16, b16;
typedef int16_t s16;
typedef uint32_t u32, b32;
typedef int32_t s32;
typedef uint64_t u64, b64;
typedef int64_t s64;

#define PTX static inline __attribute__((always_inline))
#define PTX_CALL static __attribute__((noinline)) // what would triple the time that a compiler takes

PTX f32 F(u32 x) { f32 f; memcpy(&f, &x, 4); return f; }
PTX u32 B(f32 x) { u32 u; memcpy(&u, &x, 4); return u; }
template <class T> PTX T take(const char *at) { return *(const T *)at; }
template <class T> PTX void put(char *at, T v) { *(T *)at = v; }

[[noreturn]] static __attribute__((noinline, cold)) void bad(int line, const char *what, u64 at) {
  doin::line = line;
  doin::fail("%s, address %llx", what, (unsigned long long)at);
}
template <u64 n> PTX_CALL char *sharedAt(int line, u64 at) {
  doin::line = line;
  if (at & (n - 1)) bad(line, "misaligned access to shared memory", at);
  if (at + n > doin::sharedBytes || at + n < n) bad(line, "access outside of the shared memory", at);
  return (char *)shared + at;
}
PTX bool inShared(u64 at) { return at - (u64)shared < doin::sharedMost + doin::sharedGuard; }
template <u64 n> PTX_CALL char *globalAt(int line, u64 at) {
  doin::line = line;
  if (at & (n - 1)) bad(line, "misaligned access to global memory", at);
  if (inShared(at)) bad(line, "a global access to shared memory", at);
#ifdef DOIN_RACES
  if (!doin::within(at, n)) bad(line, "access outside of what was allocated", at);
#endif
  return (char *)at;
}
template <u64 n> PTX_CALL char *genericAt(int line, u64 at) {
  return inShared(at) ? sharedAt<n>(line, at - (u64)shared) : globalAt<n>(line, at);
}
template <u64 n> PTX_CALL char *localAt(int line, u64 at, char *array, u64 bytes) {
  if (at & (n - 1)) bad(line, "misaligned access to local memory", at);
  if (at - (u64)array > bytes - n) bad(line, "access outside of the local memory", at);
  return (char *)at;
}
PTX void whole(int line, u32 c) {
  if (c != 31) bad(line, "a shuffle within segments of a warp", c);
}

// Of two zeros the positive one is larger; of a NaN and a number the number is taken.
PTX bool unordered(f32 a, f32 b) { return a != a || b != b; }
PTX f32 maxOf(f32 a, f32 b) { return a != a ? b : b != b ? a : a == 0 && b == 0 ? F(B(a) & B(b)) : a > b ? a : b; }
PTX f32 minOf(f32 a, f32 b) { return a != a ? b : b != b ? a : a == 0 && b == 0 ? F(B(a) | B(b)) : a < b ? a : b; }

template <class T> PTX T quotient(T a, T b) {
  if (b == 0) doin::fail("division by zero");
  return b == (T)-1 && (T)-1 < 0 ? (T)(0 - (u64)a) : a / b; // the smallest by -1 wraps
}
template <class T> PTX T remainder(T a, T b) {
  if (b == 0) doin::fail("division by zero");
  return b == (T)-1 && (T)-1 < 0 ? 0 : a % b;
}
// Shifts by the size and more leave 0, or the sign.
template <class T> PTX T shiftLeft(T a, u32 n) { return n < 8 * sizeof(T) ? (T)(a << n) : 0; }
template <class T> PTX T shiftRight(T a, u32 n) { return n < 8 * sizeof(T) ? (T)(a >> n) : a < 0 ? (T)-1 : 0; }
PTX u32 funnelLeft(u32 low, u32 high, u32 n) { return (u32)((((u64)high << 32 | low) << n) >> 32); }
PTX u32 funnelRight(u32 low, u32 high, u32 n) { return (u32)(((u64)high << 32 | low) >> n); }
PTX u32 extractUnsigned(u32 a, u32 at, u32 n) {
  at &= 255, n &= 255;
  return shiftRight<u32>(a, at) & (n < 32 ? (1u << n) - 1 : ~0u);
}
PTX s32 extractSigned(s32 a, u32 at, u32 n) {
  at &= 255, n &= 255;
  if (n == 0) return 0;
  u32 last = at + n - 1 < 31 ? at + n - 1 : 31;
  u32 sign = (u32)a >> last & 1 ? ~0u : 0;
  u32 v = shiftRight<u32>((u32)a, at), kept = at > 31 ? 0 : last - at + 1;
  return (s32)(kept > 31 ? v : (v & ((1u << kept) - 1)) | (sign << kept));
}
PTX u32 insertBits(u32 a, u32 b, u32 at, u32 n) {
  at &= 255, n &= 255;
  if (at > 31 || n == 0) return b;
  u32 mask = (n > 31 ? ~0u : (1u << n) - 1) << at;
  return (b & ~mask) | ((a << at) & mask);
}
PTX u32 reverse(u32 a) {
  u32 r = 0;
  for (int i = 0; i < 32; i++) r |= (a >> i & 1) << (31 - i);
  return r;
}
PTX u32 permute(u32 a, u32 b, u32 c) {
  u64 bytes = (u64)b << 32 | a;
  u32 r = 0;
  for (int i = 0; i < 4; i++) {
    u32 s = c >> (4 * i) & 15, byte = (u32)(bytes >> (8 * (s & 7))) & 255;
    if (s & 8) byte = byte & 128 ? 255 : 0;
    r |= byte << (8 * i);
  }
  return r;
}
PTX u32 lookUp(u32 a, u32 b, u32 c, u32 table) {
  u32 r = 0;
  for (u32 k = 0; k < 8; k++)
    if (table >> k & 1) r |= (k & 4 ? a : ~a) & (k & 2 ? b : ~b) & (k & 1 ? c : ~c);
  return r;
}
template <class T> PTX T toInteger(f32 a) { // of an integral value; what does not fit is clamped, NaN is 0
  if (a != a) return 0;
  constexpr f32 end = (T)-1 < 0 ? 0x1p31f : 0x1p32f;
  if (a >= end) return (T)-1 < 0 ? (T)0x7fffffff : (T)0xffffffff;
  if (a < ((T)-1 < 0 ? -0x1p31f : 0.0f)) return (T)-1 < 0 ? (T)0x80000000 : 0;
  return (T)a;
}

// The counters of an entry: how often each thread of a block began each row of instructions, over all blocks.
struct CountArgs {
  u64 to, bytes;
};
static void handOut(CountArgs args, u32 *counts, u64 bytes) {
  if (args.bytes != bytes) doin::fail("%llu bytes for counters of %llu", (unsigned long long)args.bytes, (unsigned long long)bytes);
  memcpy((void *)args.to, counts, bytes);
  memset(counts, 0, bytes);
}
