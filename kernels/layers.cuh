// The other operations between layers (compute/CONTRACT.md §8), element by element, for so many positions (samples ×
// steps). Mirrors compute/nn; change both or neither.
#pragma once
#include "matrix.cuh"

namespace doin {

// elementwise calls f(position, channel) for every element, consecutive threads for consecutive channels.
template <class B, class F>
DEVICE void elementwise(const B &b, i32 positions, i32 channels, F f) {
  for (Walk e(b, channels); e.row < positions; e.next()) f(e.row, e.column);
}

template <class B>
DEVICE void activateAll(const B &b, const Op &o, i32 positions) {
  elementwise(b, positions, o.in, [&](i32 p, i32 c) { b.at(o.y)[p * o.ys + c] = activate(o.act, b.at(o.x)[p * o.xs + c]); });
}

template <class B>
DEVICE void scaleAll(const B &b, const Op &o, i32 positions) {
  elementwise(b, positions, o.in, [&](i32 p, i32 c) {
    f32 *x = b.at(o.x) + p * o.xs + c;
    *x = differentiate(o.act, *x, b.at(o.z)[p * o.zs + c]);
  });
}

template <class B>
DEVICE void addAll(const B &b, const Op &o, i32 positions) {
  elementwise(b, positions, o.in, [&](i32 p, i32 c) {
    b.at(o.y)[p * o.ys + c] = add(b.at(o.x)[p * o.xs + c], b.at(o.z)[p * o.zs + c]);
  });
}

template <class B>
DEVICE void copyAll(const B &b, const Op &o, i32 positions) {
  elementwise(b, positions, o.in, [&](i32 p, i32 c) { b.at(o.x)[p * o.xs + c] = b.at(o.y)[p * o.ys + c]; });
}

// lastStep copies the last step of each sample of x to y.
template <class B>
DEVICE void lastStep(const B &b, const Op &o, i32 rows) {
  elementwise(b, rows, o.in, [&](i32 r, i32 c) { b.at(o.y)[r * o.ys + c] = b.at(o.x)[((r + 1) * o.steps - 1) * o.xs + c]; });
}

template <class B>
DEVICE void spread(const B &b, const Op &o, i32 rows) {
  elementwise(b, rows * o.steps, o.in, [&](i32 p, i32 c) {
    i32 r = p / o.steps;
    b.at(o.x)[p * o.xs + c] = p - r * o.steps == o.steps - 1 ? b.at(o.y)[r * o.ys + c] : 0.0f;
  });
}

// flatten copies x [steps][in] to y [1][steps·in]; unflatten goes back.
template <class B>
DEVICE void flatten(const B &b, const Op &o, i32 rows) {
  elementwise(b, rows * o.steps, o.in, [&](i32 p, i32 c) {
    i32 r = p / o.steps;
    b.at(o.y)[r * o.ys + (p - r * o.steps) * o.in + c] = b.at(o.x)[p * o.xs + c];
  });
}

template <class B>
DEVICE void unflatten(const B &b, const Op &o, i32 rows) {
  elementwise(b, rows * o.steps, o.in, [&](i32 p, i32 c) {
    i32 r = p / o.steps;
    b.at(o.x)[p * o.xs + c] = b.at(o.y)[r * o.ys + (p - r * o.steps) * o.in + c];
  });
}

constexpr f32 normEpsilon = 0x1p-17f;

// norm normalizes the channels of a position; each warp takes one position, as its lanes are those of order R3.
template <class B>
DEVICE void norm(const B &b, const Op &o, i32 positions) {
  i32 lane = b.tid % warp;
  f32 count = __int2float_rn(o.in);
  for (i32 p = b.tid / warp; p < positions; p += B::threads / warp) {
    const f32 *x = b.at(o.x) + p * o.xs;
    f32 *n = b.at(o.z) + p * o.zs, *y = b.at(o.y) + p * o.ys;
    f32 sum = 0.0f;
    for (i32 c = lane; c < o.in; c += warp) sum = add(sum, x[c]);
    f32 mean = quotient(sumLanes(sum), count);
    f32 squares = 0.0f;
    for (i32 c = lane; c < o.in; c += warp) {
      f32 d = sub(x[c], mean);
      n[c] = d;
      squares = add(squares, mul(d, d));
    }
    f32 s = quotient(1.0f, root(add(quotient(sumLanes(squares), count), normEpsilon)));
    if (lane == 0) b.at(o.a0)[p] = s;
    for (i32 c = lane; c < o.in; c += warp) {
      f32 v = mul(n[c], s);
      n[c] = v;
      y[c] = add(mul(v, b.at(o.w)[c]), b.at(o.b)[c]);
    }
  }
}

// normBack leaves the gradients of gain and bias at g and g + b − w. One barrier inside.
template <class B>
DEVICE void normBack(const B &b, const Op &o, i32 positions, f32 *g) {
  i32 size = 2 * o.in;
  for (i32 c = b.tid; c < size; c += B::threads) { // gains, then biases
    bool gain = c < o.in;
    i32 k = gain ? c : c - o.in;
    const f32 *d = b.at(o.y) + k;
    f32 *slots = b.spare(0) + c;
    f32 sum = gain ? columnSum<true>(d, o.ys, b.at(o.z) + k, o.zs, positions, size, slots)
                   : columnSum<false>(d, o.ys, nullptr, 0, positions, size, slots);
    g[(gain ? 0 : o.b - o.w) + k] = sum;
  }
  __syncthreads();
  if (o.x < 0) return;
  i32 lane = b.tid % warp;
  f32 count = __int2float_rn(o.in);
  for (i32 p = b.tid / warp; p < positions; p += B::threads / warp) {
    f32 *h = b.at(o.y) + p * o.ys, *x = b.at(o.x) + p * o.xs;
    const f32 *n = b.at(o.z) + p * o.zs;
    f32 a = 0.0f, t = 0.0f;
    for (i32 c = lane; c < o.in; c += warp) {
      f32 v = mul(h[c], b.at(o.w)[c]);
      h[c] = v;
      a = add(a, v);
      t = add(t, mul(v, n[c]));
    }
    a = quotient(sumLanes(a), count);
    t = quotient(sumLanes(t), count);
    f32 s = b.at(o.a0)[p];
    for (i32 c = lane; c < o.in; c += warp) x[c] = mul(s, sub(sub(h[c], a), mul(n[c], t)));
  }
}

// drop is dropout in training, of x into y: each thread takes four draws at a time.
template <class B>
DEVICE void drop(const B &b, i32 x, i32 xs, i32 y, i32 ys, const Op &o, const Individual &me, u32 step, i32 positions) {
  u32 rows = (u32)positions / (u32)o.steps;
  u32 first = rows * (u32)o.a2, n = (u32)positions * (u32)o.in;
  f32 scale = __uint_as_float((u32)o.a1);
  for (u32 q = first / 4u + (u32)b.tid; q * 4u < first + n; q += (u32)B::threads) {
    Words words = philox(me.key0, me.key1, PURPOSE_DROPOUT, step, q);
#pragma unroll
    for (u32 i = 0; i < 4u; i++) {
      u32 e = q * 4u + i - first; // wraps below the first
      if (e >= n) continue;
      u32 p = e / (u32)o.in, c = e - p * (u32)o.in;
      f32 v = b.at(x)[p * xs + c];
      b.at(y)[p * ys + c] = (words.v[i] >> 8) >= (u32)o.a0 ? mul(v, scale) : 0.0f;
    }
  }
}

template <class B>
DEVICE void dropout(const B &b, const Op &o, const Individual &me, u32 step, bool training, i32 positions) {
  if (training) {
    drop(b, o.x, o.xs, o.y, o.ys, o, me, step, positions);
  } else if (o.x != o.y) {
    elementwise(b, positions, o.in, [&](i32 p, i32 c) { b.at(o.y)[p * o.ys + c] = b.at(o.x)[p * o.xs + c]; });
  }
}

}  // namespace doin
