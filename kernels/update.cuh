// The optimizer's step (compute/CONTRACT.md §9). Mirrors compute/vec AdamW.Step and SGD.Step; change both or neither.
#pragma once
#include "block.cuh"

namespace doin {

// Mover moves parameters by their gradients. The scalars are those of the step, read from Control once. The moments are
// accessed as what they are, global memory, and past the first cache: a block comes back to them a step later.
template <class B>
struct Mover {
  const B &b;
  const Control c;
  f32 *m, *v;

  DEVICE explicit Mover(const B &block)
      : b(block), c(*control()), m(c.moments), v(c.moments + c.size) {}

  DEVICE void adamw(f32 &w, f32 &m, f32 &v, f32 g) const {
    m = fma(c.beta1, m, mul(c.rest1, g));
    v = fma(c.beta2, v, mul(mul(c.rest2, g), g));
    f32 u = quotient(mul(m, c.correct1), add(root(mul(v, c.correct2)), c.epsilon));
    w = fma(c.rate, u, fma(c.decay, w, w)); // rate and decay are negative
  }

  DEVICE void sgd(f32 &w, f32 &v, f32 g) const {
    v = fma(c.momentum, v, fma(c.weightDecay, w, g));
    w = fma(c.rate, v, w);
  }

  // one moves parameter i.
  DEVICE void one(i32 i, f32 g) const {
    f32 *w = b.at(i), mean = 0.0f, square = __ldcg(v + i);
    if (c.optimizer == OPT_SGD) {
      sgd(*w, square, g);
    } else {
      mean = __ldcg(m + i);
      adamw(*w, mean, square, g);
      __stcg(m + i, mean);
    }
    __stcg(v + i, square);
  }

  // four moves parameters i … i+3; i is a multiple of 4.
  DEVICE void four(i32 i, const f32 *g) const {
    Quad q(*this, i);
    q.move(*this, i, g);
  }

  // rows moves four parameters of each of so many rows. The moments of some rows are under way at once.
  template <i32 M>
  DEVICE void rows(i32 i, i32 stride, const f32 (&g)[M][4]) const {
    constexpr i32 ahead = M < 4 ? M : 4;
#pragma unroll
    for (i32 r = 0; r < M; r += ahead) {
      Quad q[ahead];
#pragma unroll
      for (i32 k = 0; k < ahead; k++) q[k] = Quad(*this, i + (r + k) * stride);
#pragma unroll
      for (i32 k = 0; k < ahead; k++) q[k].move(*this, i + (r + k) * stride, g[r + k]);
    }
  }

 private:
  // Quad is the moments of four parameters.
  struct Quad {
    float4 m, v;

    DEVICE Quad() {}
    DEVICE Quad(const Mover &mover, i32 i) : v(__ldcg(reinterpret_cast<const float4 *>(mover.v + i))) {
      if (mover.c.optimizer == OPT_ADAMW) m = __ldcg(reinterpret_cast<const float4 *>(mover.m + i));
    }

    DEVICE void move(const Mover &mover, i32 i, const f32 *g) {
      float4 *wp = reinterpret_cast<float4 *>(mover.b.at(i));
      float4 w = *wp;
      if (mover.c.optimizer == OPT_SGD) {
        mover.sgd(w.x, v.x, g[0]);
        mover.sgd(w.y, v.y, g[1]);
        mover.sgd(w.z, v.z, g[2]);
        mover.sgd(w.w, v.w, g[3]);
      } else {
        mover.adamw(w.x, m.x, v.x, g[0]);
        mover.adamw(w.y, m.y, v.y, g[1]);
        mover.adamw(w.z, m.z, v.z, g[2]);
        mover.adamw(w.w, m.w, v.w, g[3]);
        __stcg(reinterpret_cast<float4 *>(mover.m + i), m);
      }
      *wp = w;
      __stcg(reinterpret_cast<float4 *>(mover.v + i), v);
    }
  };
};

// setStep writes the scalars of a step to Control; one thread calls it.
DEVICE void setStep(const Program &p, const Individual &me, f32 rate, f32 correct1, f32 correct2) {
  Control *c = control();
  c->optimizer = p.optimizer;
  c->rate = negative(rate);
  c->decay = negative(mul(rate, me.weightDecay));
  c->beta1 = me.beta1;
  c->beta2 = me.beta2;
  c->rest1 = sub(1.0f, me.beta1);
  c->rest2 = sub(1.0f, me.beta2);
  c->correct1 = correct1;
  c->correct2 = correct2;
  c->epsilon = me.epsilon;
  c->momentum = me.momentum;
  c->weightDecay = me.weightDecay;
}

// move is OP_MOVE: a matrix [in·taps][out] and its bias, from the gradient at g, which is laid out like them.
template <class B>
DEVICE void move(const B &b, const Op &o, const f32 *g) {
  Mover<B> mover(b);
  i32 rows = o.in * o.taps;
  for (Walk e(b, (o.out + 3) / 4); e.row < rows; e.next()) {
    i32 at = e.row * o.ws + e.column * 4;
    mover.four(o.w + at, g + at);
  }
  for (i32 c = b.tid; c < o.out; c += B::threads) mover.one(o.b + c, g[o.b - o.w + c]);
}

// clip makes the gradient of all parameters no longer than the individual's limit, and moves them. Two barriers inside.
template <class B>
DEVICE void clipAndMove(const B &b, const Segment *segments, f32 limit) {
  const Program &p = *b.program;
  f32 *g = b.at(p.gradient);
  if (b.tid < warp) {
    f32 sum = 0.0f;
    for (i32 s = 0; s < p.segmentCount; s++) {
      const Segment &q = segments[s];
      i32 n = q.rows * q.cols;
      for (i32 e = (b.tid - q.first) & (warp - 1); e < n; e += warp) {
        i32 r = e / q.cols;
        f32 v = g[q.at + r * q.stride + (e - r * q.cols)];
        sum = add(sum, mul(v, v));
      }
    }
    f32 norm = root(sumLanes(sum));
    if (b.tid == 0) {
      control()->flag = norm > limit;
      control()->scale = quotient(limit, norm);
    }
  }
  __syncthreads();
  Mover<B> mover(b);
  bool scaled = control()->flag;
  f32 scale = control()->scale;
  for (i32 s = 0; s < p.segmentCount; s++) {
    const Segment &q = segments[s];
    i32 n = q.rows * q.cols;
    for (i32 e = b.tid; e < n; e += B::threads) {
      i32 r = e / q.cols, i = q.at + r * q.stride + (e - r * q.cols);
      f32 v = g[i];
      mover.one(i, scaled ? mul(v, scale) : v);
    }
  }
  __syncthreads();
}

}  // namespace doin
