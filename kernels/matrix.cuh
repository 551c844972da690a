// The three products of a layer, of dense layers and causal convolutions (compute/CONTRACT.md §8):
//
//	product   y[p][o] = b[o] + Σ_k x[p − shift][c]·W[k][o]      R1, k = tap·in + c
//	inputs    dx[p][c] = Σ_k dy[p + shift][o]·W[tap·in + c][o]   R1, k = tap·out + o
//	weights   dW[k][o] = Σ_p x[p − shift][c]·dy[p][o]            R2
//
// Each thread owns a tile of M × N results in registers, every one of them a single ascending chain of fused multiply-adds,
// as the contract has it: the tile shapes are free. Rows of activations and of weights are padded to four times an odd
// number of elements, so that 16-byte loads from neighbouring rows meet different banks of shared memory; the rows of a
// tile lie as far apart as there are tiles, so that neighbouring threads have neighbouring rows.
//
// Terms are read four at a time along the inner dimension, and its last K mod 4 singly: padding never enters a chain.
#pragma once
#include "update.cuh"

namespace doin {

// Place is a thread's tile within a grid of rows × columns tiles. Where the columns come in eights, sixteen threads take
// two rows of eight columns, of which threads t and t^1 share a column, t and t^2 a row: a 16-byte load of a warp, whose
// halves the hardware serves together if such neighbours agree, then takes two passes and not four.
struct Place {
  i32 row, column;

  DEVICE Place(i32 tile, i32 rows, i32 columns) {
    if ((columns & 7) == 0) {
      if ((rows & 1) == 0) tile = (tile & ~15) | (tile & 1) << 3 | (tile >> 1 & 7);
      i32 group = tile >> 3, block = (i32)((u32)group / (u32)rows);
      row = group - block * rows;
      column = block * 8 + (tile & 7);
    } else {
      row = (i32)((u32)tile / (u32)columns);
      column = tile - row * columns;
    }
  }
};

DEVICE i32 divideUp(i32 a, i32 b) { return (i32)((u32)(a + b - 1) / (u32)b); }
DEVICE i32 lesser(i32 a, i32 b) { return a < b ? a : b; }

DEVICE float4 load4(const f32 *p) { return *reinterpret_cast<const float4 *>(p); }
DEVICE void store4(f32 *p, f32 a, f32 b, f32 c, f32 d) { *reinterpret_cast<float4 *>(p) = make_float4(a, b, c, d); }

// row4 is a float4 as an array that unrolled loops index.
struct Row4 {
  f32 v[4];
  DEVICE explicit Row4(float4 q) : v{q.x, q.y, q.z, q.w} {}
};

// storeRow stores the row of a tile: all of it where it is whole, else its first `left` elements.
template <i32 N>
DEVICE void storeRow(f32 *to, const f32 (&v)[N], i32 left, bool whole) {
  if (whole) {
    store4(to, v[0], v[1 % N], v[2 % N], v[3 % N]);
  } else {
#pragma unroll
    for (i32 j = 0; j < N; j++)
      if (j < left) to[j] = v[j];
  }
}

// shiftOf is how many steps back a tap looks.
DEVICE i32 shiftOf(const Op &o, i32 tap) { return (o.taps - 1 - tap) * o.dilation; }

// rowOf is row i of a tile whose rows begin with `first` and lie so many apart: one step on from the row before, unless that
// is beyond the last of `rows`, where what is read does not matter.
DEVICE const f32 *rowOf(const f32 *from, i32 stride, i32 first, i32 i, i32 apart, i32 rows, const f32 *before) {
  if (i == 0) return from + first * stride;
  return first + i * apart < rows ? before + apart * stride : before;
}

// productTile computes one tile of y. CONVOLVED: more than one tap, whose rows before the first step are absent.
template <i32 M, i32 N, bool CONVOLVED, class B>
DEVICE void productTile(const B &b, const Op &o, i32 positions, i32 stride, Place at) {
  i32 c0 = at.column * N;
  f32 acc[M][N];
  const f32 *bias = b.at(o.b) + c0;
#pragma unroll
  for (i32 j = 0; j < N; j++) {
    f32 v = bias[j];
#pragma unroll
    for (i32 i = 0; i < M; i++) acc[i][j] = v;
  }
#pragma unroll 1
  for (i32 tap = 0; tap < (CONVOLVED ? o.taps : 1); tap++) {
    i32 shift = CONVOLVED ? shiftOf(o, tap) : 0;
    const f32 *x[M];
    bool there[M];
#pragma unroll
    for (i32 i = 0; i < M; i++) {
      if (CONVOLVED) {
        i32 p = lesser(at.row + i * stride, positions - 1);
        there[i] = p % o.steps >= shift;
        x[i] = b.at(o.x) + (there[i] ? p - shift : p) * o.xs;
      } else {
        x[i] = rowOf(b.at(o.x), o.xs, at.row, i, stride, positions, x[i > 0 ? i - 1 : 0]);
      }
    }
    const f32 *w = b.at(o.w) + tap * o.in * o.ws + c0;
    i32 left = o.in;
#pragma unroll(CONVOLVED ? 1 : 2)
    for (; left >= 4; left -= 4) {
      f32 wv[4][N];
#pragma unroll
      for (i32 q = 0; q < 4; q++, w += o.ws) {
        if (N == 4) {
          Row4 r(load4(w));
#pragma unroll
          for (i32 j = 0; j < N; j++) wv[q][j] = r.v[j];
        } else {
#pragma unroll
          for (i32 j = 0; j < N; j++) wv[q][j] = w[j];
        }
      }
#pragma unroll
      for (i32 i = 0; i < M; i++) {
        Row4 a(load4(x[i]));
        x[i] += 4;
        if (!CONVOLVED || there[i]) {
#pragma unroll
          for (i32 q = 0; q < 4; q++)
#pragma unroll
            for (i32 j = 0; j < N; j++) acc[i][j] = fma(a.v[q], wv[q][j], acc[i][j]);
        }
      }
    }
#pragma unroll 1
    for (; left > 0; left--, w += o.ws) {
#pragma unroll
      for (i32 i = 0; i < M; i++) {
        f32 av = *x[i]++;
        if (!CONVOLVED || there[i]) {
#pragma unroll
          for (i32 j = 0; j < N; j++) acc[i][j] = fma(av, w[j], acc[i][j]);
        }
      }
    }
  }
  if (o.act == ACT_RELU) {
#pragma unroll
    for (i32 i = 0; i < M; i++)
#pragma unroll
      for (i32 j = 0; j < N; j++) acc[i][j] = reluOf(acc[i][j]);
  }
  bool whole = N == 4 && c0 + 4 <= o.out;
#pragma unroll
  for (i32 i = 0; i < M; i++) {
    i32 p = at.row + i * stride;
    if (p < positions) storeRow<N>(b.at(o.y) + p * o.ys + c0, acc[i], o.out - c0, whole);
  }
}

template <i32 M, i32 N, bool CONVOLVED, class B>
DEVICE void productTiles(const B &b, const Op &o, i32 positions) {
  i32 rows = divideUp(positions, M), columns = divideUp(o.out, N);
  for (i32 t = b.tid; t < rows * columns; t += B::threads)
    productTile<M, N, CONVOLVED>(b, o, positions, rows, Place(t, rows, columns));
}

// enough says whether so many results make a tile of this size for every thread.
template <class B>
DEVICE bool enough(i32 rows, i32 columns, i32 m, i32 n) {
  return divideUp(rows, m) * divideUp(columns, n) >= B::threads;
}

// product is OP_PRODUCT for so many positions.
template <class B>
DEVICE void product(const B &b, const Op &o, i32 positions) {
  if (o.taps > 1) {
    if (enough<B>(positions, o.out, 4, 4)) {
      productTiles<4, 4, true>(b, o, positions);
    } else {
      productTiles<1, 1, true>(b, o, positions);
    }
  } else if (enough<B>(positions, o.out, 8, 4)) {
    productTiles<8, 4, false>(b, o, positions);
  } else if (enough<B>(positions, o.out, 4, 4)) {
    productTiles<4, 4, false>(b, o, positions);
  } else if (enough<B>(positions, o.out, 2, 4)) {
    productTiles<2, 4, false>(b, o, positions);
  } else {
    productTiles<1, 1, false>(b, o, positions);
  }
}

// inputsTile computes one tile of dx: rows of positions, columns of input channels that lie a grid apart, so that
// neighbouring threads read neighbouring rows of W.
template <i32 M, i32 N, bool CONVOLVED, class B>
DEVICE void inputsTile(const B &b, const Op &o, i32 positions, i32 stride, i32 step, Place at) {
  f32 acc[M][N];
#pragma unroll
  for (i32 i = 0; i < M; i++)
#pragma unroll
    for (i32 j = 0; j < N; j++) acc[i][j] = 0.0f;
#pragma unroll 1
  for (i32 tap = 0; tap < (CONVOLVED ? o.taps : 1); tap++) {
    i32 shift = CONVOLVED ? shiftOf(o, tap) : 0;
    const f32 *d[M], *w[N];
    bool there[M];
#pragma unroll
    for (i32 i = 0; i < M; i++) {
      if (CONVOLVED) {
        i32 p = lesser(at.row + i * stride, positions - 1);
        there[i] = p % o.steps + shift < o.steps;
        d[i] = b.at(o.y) + (there[i] ? p + shift : p) * o.ys;
      } else {
        d[i] = rowOf(b.at(o.y), o.ys, at.row, i, stride, positions, d[i > 0 ? i - 1 : 0]);
      }
    }
    const f32 *rows = b.at(o.w) + (CONVOLVED ? tap * o.in * o.ws : 0);
#pragma unroll
    for (i32 j = 0; j < N; j++) w[j] = rowOf(rows, o.ws, at.column, j, step, o.in, w[j > 0 ? j - 1 : 0]);
    i32 left = o.out;
#pragma unroll(CONVOLVED ? 1 : 2)
    for (; left >= 4; left -= 4) {
      float4 v[N];
#pragma unroll
      for (i32 j = 0; j < N; j++) {
        v[j] = load4(w[j]);
        w[j] += 4;
      }
#pragma unroll
      for (i32 i = 0; i < M; i++) {
        float4 a = load4(d[i]);
        d[i] += 4;
        if (!CONVOLVED || there[i]) {
#pragma unroll
          for (i32 j = 0; j < N; j++) {
            acc[i][j] = fma(a.x, v[j].x, acc[i][j]);
            acc[i][j] = fma(a.y, v[j].y, acc[i][j]);
            acc[i][j] = fma(a.z, v[j].z, acc[i][j]);
            acc[i][j] = fma(a.w, v[j].w, acc[i][j]);
          }
        }
      }
    }
#pragma unroll 1
    for (; left > 0; left--) {
      f32 v[N];
#pragma unroll
      for (i32 j = 0; j < N; j++) v[j] = *w[j]++;
#pragma unroll
      for (i32 i = 0; i < M; i++) {
        f32 av = *d[i]++;
        if (!CONVOLVED || there[i]) {
#pragma unroll
          for (i32 j = 0; j < N; j++) acc[i][j] = fma(av, v[j], acc[i][j]);
        }
      }
    }
  }
  // What is there already is read element by element as it is written: x may be z.
  f32 *x = b.at(o.x) + at.row * o.xs + at.column;
  const f32 *z = b.at(o.z) + at.row * o.zs + at.column;
  bool whole = at.row + (M - 1) * stride < positions && at.column + (N - 1) * step < o.in;
  if (whole && o.x == o.z && o.xs == o.zs && o.act == ACT_RELU && !(o.flags & FLAG_ADD)) {
#pragma unroll
    for (i32 i = 0; i < M; i++, x += stride * o.xs) {
      f32 *to = x;
#pragma unroll
      for (i32 j = 0; j < N; j++, to += step) *to = valueSlope(ACT_RELU, acc[i][j], *to);
    }
    return;
  }
#pragma unroll
  for (i32 i = 0; i < M; i++) {
#pragma unroll
    for (i32 j = 0; j < N; j++) {
      bool there = at.row + i * stride < positions && at.column + j * step < o.in;
      f32 *to = x + i * stride * o.xs + j * step;
      f32 v = acc[i][j];
      if (o.flags & FLAG_ADD) v = add(there ? *to : 0.0f, v);
      if (o.act != ACT_NONE) v = valueSlope(o.act, v, there ? z[i * stride * o.zs + j * step] : 0.0f);
      if (there) *to = v;
    }
  }
}

template <i32 M, i32 N, bool CONVOLVED, class B>
DEVICE void inputsTiles(const B &b, const Op &o, i32 positions) {
  i32 rows = divideUp(positions, M), columns = divideUp(o.in, N);
  for (i32 t = b.tid; t < rows * columns; t += B::threads)
    inputsTile<M, N, CONVOLVED>(b, o, positions, rows, columns, Place(t, rows, columns));
}

// inputs is the second part of OP_BACK.
template <class B>
DEVICE void inputs(const B &b, const Op &o, i32 positions) {
  if (o.taps > 1) {
    if (enough<B>(positions, o.in, 4, 4)) {
      inputsTiles<4, 4, true>(b, o, positions);
    } else {
      inputsTiles<1, 1, true>(b, o, positions);
    }
  } else if (enough<B>(positions, o.in, 8, 4)) {
    inputsTiles<8, 4, false>(b, o, positions);
  } else if (enough<B>(positions, o.in, 4, 4)) {
    inputsTiles<4, 4, false>(b, o, positions);
  } else {
    inputsTiles<1, 1, false>(b, o, positions);
  }
}

constexpr i32 chunkRows = 64; // of order R2

// Chunks adds the results of one thread's chunks in the pairwise order of R2: sums of complete pairs wait in the
// workspace, one for each bit that is set in the number of chunks so far.
struct Chunks {
  f32 *slots; // of this matrix: [levels][size]
  i32 size;   // between two levels
  i32 waiting;

  // level returns where the sum on top waits.
  DEVICE f32 *top() const { return slots + (waiting - 1) * size; }
};

// levelSize is that of the sums of a matrix and its bias on one level: as many rows as whole tiles have, so that each
// tile has its own place, and one for the bias.
DEVICE i32 levelSize(const Op &o) { return (((o.in * o.taps + 7) & ~7) + 1) * o.ws; }

// weightsTile computes one tile of dW: rows k0 … k0+M−1, columns c0 … c0+N−1, over all positions.
template <i32 M, i32 N, bool CONVOLVED, class B>
DEVICE void weightsTile(const B &b, const Op &o, i32 positions, Place at, f32 (&acc)[M][N]) {
  i32 k0 = at.row * M, c0 = at.column * N;
  i32 back[M]; // how far back the input of row i lies, in steps; and its channel
  i32 from[M];
  if (CONVOLVED) {
#pragma unroll
    for (i32 i = 0; i < M; i++) {
      i32 k = lesser(k0 + i, o.in * o.taps - 1), tap = k / o.in;
      back[i] = shiftOf(o, tap);
      from[i] = k - tap * o.in - back[i] * o.a1;
    }
  }
  i32 count = divideUp(positions, chunkRows);
  Chunks chunks = {b.spare(0) + k0 * o.ws + c0, levelSize(o), 0};
  for (i32 n = 0; n < count; n++) {
#pragma unroll
    for (i32 i = 0; i < M; i++)
#pragma unroll
      for (i32 j = 0; j < N; j++) acc[i][j] = 0.0f;
    i32 p = n * chunkRows, left = lesser(chunkRows, positions - p);
    i32 step = CONVOLVED ? p % o.steps : 0;
    auto position = [&](const f32 *xp, const f32 *dp) {
      f32 xv[M], dv[N];
      if (CONVOLVED) {
#pragma unroll
        for (i32 i = 0; i < M; i++) xv[i] = step >= back[i] ? xp[from[i]] : 0.0f;
      } else if (M % 4 == 0) {
#pragma unroll
        for (i32 i = 0; i < M / 4; i++) {
          Row4 r(load4(xp + 4 * i));
#pragma unroll
          for (i32 q = 0; q < 4; q++) xv[(4 * i + q) % M] = r.v[q];
        }
      } else {
#pragma unroll
        for (i32 i = 0; i < M; i++) xv[i] = xp[i];
      }
      if (N == 4) {
        Row4 r(load4(dp));
#pragma unroll
        for (i32 j = 0; j < N; j++) dv[j] = r.v[j];
      } else {
#pragma unroll
        for (i32 j = 0; j < N; j++) dv[j] = dp[j];
      }
#pragma unroll
      for (i32 i = 0; i < M; i++) {
        if (!CONVOLVED || step >= back[i]) {
#pragma unroll
          for (i32 j = 0; j < N; j++) acc[i][j] = fma(xv[i], dv[j], acc[i][j]);
        }
      }
      if (CONVOLVED && ++step == o.steps) step = 0;
    };
    // Of four positions each has its own pointer, so that a load costs one addition.
    constexpr i32 ahead = CONVOLVED ? 1 : 4;
    const f32 *x[ahead], *d[ahead];
#pragma unroll
    for (i32 q = 0; q < ahead; q++) {
      x[q] = b.at(o.a0) + (p + q) * o.a1 + (CONVOLVED ? 0 : k0);
      d[q] = b.at(o.y) + (p + q) * o.ys + c0;
    }
#pragma unroll 1
    for (; left >= ahead; left -= ahead) {
#pragma unroll
      for (i32 q = 0; q < ahead; q++) {
        position(x[q], d[q]);
        x[q] += ahead * o.a1;
        d[q] += ahead * o.ys;
      }
    }
#pragma unroll
    for (i32 q = 0; q + 1 < ahead; q++)
      if (q < left) position(x[q], d[q]);
    bool last = n + 1 == count; // then those that are not complete pairs are carried up too
    for (i32 pairs = n; chunks.waiting > 0 && (last || (pairs & 1)); pairs >>= 1, chunks.waiting--) {
      const f32 *s = chunks.top();
#pragma unroll
      for (i32 i = 0; i < M; i++) {
        if (N == 4) {
          Row4 r(load4(s + i * o.ws));
#pragma unroll
          for (i32 j = 0; j < N; j++) acc[i][j] = add(r.v[j], acc[i][j]);
        } else {
#pragma unroll
          for (i32 j = 0; j < N; j++) acc[i][j] = add(s[i * o.ws + j], acc[i][j]);
        }
      }
    }
    if (!last) {
      chunks.waiting++;
      f32 *s = chunks.top();
#pragma unroll
      for (i32 i = 0; i < M; i++) storeRow<N>(s + i * o.ws, acc[i], N, N == 4);
    }
  }
}

// columnSum is Σ d[p·ds] over the positions in order R2, which is the gradient of a bias; NORMED: of d × n.
template <bool NORMED>
DEVICE f32 columnSum(const f32 *d, i32 ds, const f32 *n, i32 ns, i32 positions, i32 size, f32 *slots) {
  f32 acc = 0.0f;
  i32 count = divideUp(positions, chunkRows);
  Chunks chunks = {slots, size, 0};
  for (i32 i = 0; i < count; i++) {
    acc = 0.0f;
    i32 left = lesser(chunkRows, positions - i * chunkRows);
    if (NORMED) {
#pragma unroll 4
      for (; left > 0; left--, d += ds, n += ns) acc = add(acc, mul(*d, *n));
    } else {
      const f32 *e[4] = {d, d + ds, d + 2 * ds, d + 3 * ds};
      d += left * ds;
#pragma unroll 2
      for (; left >= 4; left -= 4) {
#pragma unroll
        for (i32 q = 0; q < 4; q++) {
          acc = add(acc, *e[q]);
          e[q] += 4 * ds;
        }
      }
#pragma unroll
      for (i32 q = 0; q < 3; q++)
        if (q < left) acc = add(acc, *e[q]);
    }
    bool last = i + 1 == count;
    for (i32 pairs = i; chunks.waiting > 0 && (last || (pairs & 1)); pairs >>= 1, chunks.waiting--) acc = add(*chunks.top(), acc);
    if (!last) {
      chunks.waiting++;
      *chunks.top() = acc;
    }
  }
  return acc;
}

// settle writes the gradient of a tile to g, which is laid out like the matrix and its bias.
template <i32 M, i32 N>
DEVICE void settle(const Op &o, Place at, const f32 (&acc)[M][N], f32 *g) {
  i32 k0 = at.row * M, c0 = at.column * N;
  bool whole = N == 4 && c0 + 4 <= o.out;
#pragma unroll
  for (i32 i = 0; i < M; i++)
    if (k0 + i < o.in * o.taps) storeRow<N>(g + (k0 + i) * o.ws + c0, acc[i], o.out - c0, whole);
}

// moveTile moves the parameters of a tile by the gradient in the thread's registers: whole quarters of a row, with what
// pads the last one.
template <i32 M, i32 N, class B>
DEVICE void moveTile(const Mover<B> &mover, const Op &o, Place at, const f32 (&acc)[M][N]) {
  i32 k0 = at.row * M, c0 = at.column * N, rows = o.in * o.taps, i0 = o.w + k0 * o.ws + c0;
  if constexpr (N == 1) {
    mover.one(i0, acc[0][0]);
  } else if (k0 + M <= rows) {
    mover.template rows<M>(i0, o.ws, acc);
  } else {
#pragma unroll
    for (i32 i = 0; i < M; i++)
      if (k0 + i < rows) mover.four(i0 + i * o.ws, acc[i]);
  }
}

// Held is the tile of a gradient that waits in a thread's registers.
struct Held {
  f32 acc[8][4];
  f32 bias;
};

// weightsTiles computes the gradient of W, and writes it to g; or, where g is null, leaves it in held: there is at most one
// tile a thread then.
template <i32 M, i32 N, bool CONVOLVED, class B>
DEVICE void weightsTiles(const B &b, const Op &o, i32 positions, f32 *g, Held &held) {
  i32 rows = divideUp(o.in * o.taps, M), columns = divideUp(o.out, N);
  for (i32 t = b.tid; t < rows * columns; t += B::threads) {
    Place at(t, rows, columns);
    f32 acc[M][N];
    weightsTile<M, N, CONVOLVED>(b, o, positions, at, acc);
    if (g) {
      settle<M, N>(o, at, acc, g);
    } else {
#pragma unroll
      for (i32 i = 0; i < M; i++)
#pragma unroll
        for (i32 j = 0; j < N; j++) held.acc[i][j] = acc[i][j];
    }
  }
}

// release moves the parameters by the held tile with flag MOVE, and else writes it to g.
template <i32 M, i32 N, class B>
DEVICE void release(const B &b, const Op &o, f32 *g, const Held &held) {
  i32 rows = divideUp(o.in * o.taps, M), columns = divideUp(o.out, N);
  if (b.tid >= rows * columns) return;
  f32 acc[M][N];
#pragma unroll
  for (i32 i = 0; i < M; i++)
#pragma unroll
    for (i32 j = 0; j < N; j++) acc[i][j] = held.acc[i][j];
  Place at(b.tid, rows, columns);
  if (o.flags & FLAG_MOVE) {
    moveTile<M, N>(Mover<B>(b), o, at, acc);
  } else {
    settle<M, N>(o, at, acc, g);
  }
}

// Tile is a choice of the shapes that weights has.
enum Tile { TILE_8X4, TILE_4X4, TILE_1X1 };

// tileFor is the largest tile of which there is one for every thread; if there is but one for each, the smallest.
template <class B>
DEVICE Tile tileFor(const Op &o, bool one) {
  i32 rows = o.in * o.taps;
  if (one) {
    if (rows * o.out <= B::threads) return TILE_1X1;
    return o.taps > 1 || divideUp(rows, 4) * divideUp(o.out, 4) <= B::threads ? TILE_4X4 : TILE_8X4;
  }
  if (o.taps == 1 && enough<B>(rows, o.out, 8, 4)) return TILE_8X4;
  return enough<B>(rows, o.out, 4, 4) ? TILE_4X4 : TILE_1X1;
}

// back is OP_BACK: the gradients of the parameters, and then those of the inputs.
//
// With flag HOLD the former wait in registers while the latter are made; since every thread has read the inputs and the
// incoming gradient by then, x may take the place of the inputs, and the gradient of the parameters the place of
// either. With flag MOVE too the parameters move by them, and the gradient is nowhere else. Barriers inside.
template <class B>
DEVICE void back(const B &b, const Op &o, i32 positions, f32 *g) {
  bool hold = o.flags & FLAG_HOLD;
  Tile tile = tileFor<B>(o, hold);
  Held held;
  f32 *now = hold ? nullptr : g;
  if (o.taps > 1) {
    if (tile == TILE_4X4) {
      weightsTiles<4, 4, true>(b, o, positions, now, held);
    } else {
      weightsTiles<1, 1, true>(b, o, positions, now, held);
    }
  } else if (tile == TILE_8X4) {
    weightsTiles<8, 4, false>(b, o, positions, now, held);
  } else if (tile == TILE_4X4) {
    weightsTiles<4, 4, false>(b, o, positions, now, held);
  } else {
    weightsTiles<1, 1, false>(b, o, positions, now, held);
  }
  i32 size = levelSize(o);
  for (i32 c = B::threads - 1 - b.tid; c < o.out; c += B::threads) { // the tiles begin with the first threads
    f32 sum = columnSum<false>(b.at(o.y) + c, o.ys, nullptr, 0, positions, size, b.spare(0) + size - o.ws + c);
    if (now) {
      now[o.b - o.w + c] = sum;
    } else {
      held.bias = sum; // at most as many outputs as threads
    }
  }
  bool moves = o.flags & FLAG_MOVE; // nobody reads these parameters in this step any more, once the inputs' gradient is there
  if (o.x >= 0) {
    __syncthreads();
    inputs(b, o, positions);
  }
  if (!hold) return;
  if (o.x >= 0 || !moves) __syncthreads();
  if (tile == TILE_8X4) {
    release<8, 4>(b, o, g, held);
  } else if (tile == TILE_4X4) {
    release<4, 4>(b, o, g, held);
  } else {
    release<1, 1>(b, o, g, held);
  }
  i32 c = B::threads - 1 - b.tid;
  if (c >= o.out) return;
  if (moves) {
    Mover<B>(b).one(o.b + c, held.bias);
  } else {
    g[o.b - o.w + c] = held.bias;
  }
}

}  // namespace doin
