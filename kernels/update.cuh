// The optimizer's step (compute/CONTRACT.md §9). Mirrors compute/vec AdamW.Step and SGD.Step; change both or neither.
#pragma once
#include "block.cuh"

namespace doin {

// Mover moves parameters by their gradients. The scalars are those of the step, read from Control once.
template <class B>
struct Mover {
  const B &b;
  const Control c;
  f32 *m, *v;

  DEVICE explicit Mover(const B &block) : b(block), c(*control()), m(c.moments), v(c.moments + c.size) {}

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
    f32 *w = b.at(i);
    if (c.optimizer == OPT_SGD) {
      sgd(*w, v[i], g);
    } else {
      adamw(*w, m[i], v[i], g);
    }
  }

  // four moves parameters i … i+3; i is a multiple of 4.
  DEVICE void four(i32 i, float4 g) const {
    float4 *wp = reinterpret_cast<float4 *>(b.at(i));
    float4 *vp = reinterpret_cast<float4 *>(v + i);
    float4 a = *wp, s = *vp;
    if (c.optimizer == OPT_SGD) {
      sgd(a.x, s.x, g.x);
      sgd(a.y, s.y, g.y);
      sgd(a.z, s.z, g.z);
      sgd(a.w, s.w, g.w);
    } else {
      float4 *mp = reinterpret_cast<float4 *>(m + i);
      float4 d = *mp;
      adamw(a.x, d.x, s.x, g.x);
      adamw(a.y, d.y, s.y, g.y);
      adamw(a.z, d.z, s.z, g.z);
      adamw(a.w, d.w, s.w, g.w);
      *mp = d;
    }
    *wp = a;
    *vp = s;
  }
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
  i32 rows = o.in * o.taps, quads = (o.out + 3) / 4;
  for (i32 e = b.tid; e < rows * quads; e += B::threads) {
    i32 r = e / quads, c = (e - r * quads) * 4, at = r * o.ws + c;
    if (c + 4 <= o.out) {
      mover.four(o.w + at, *reinterpret_cast<const float4 *>(g + at));
    } else {
      for (; c < o.out; c++, at++) mover.one(o.w + at, g[at]);
    }
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
