// The losses (compute/CONTRACT.md §8). Mirrors compute/nn; change both or neither.
#pragma once
#include "block.cuh"

namespace doin {

// clip is 1, −1 or e.
DEVICE f32 clip(f32 e, bool above, bool below) { return above ? 1.0f : below ? -1.0f : e; }

// lossCount is what the sum of the values of so many rows is divided by.
DEVICE f32 lossCount(const Program &p, i32 rows) {
  return __int2float_rn(p.loss == LOSS_SOFTMAX ? rows : rows * p.outputs);
}

// lossElement is the value of a loss at one output, and its slope.
DEVICE f32 lossElement(i32 loss, f32 y, f32 t, f32 &slope) {
  f32 e = sub(y, t);
  switch (loss) {
    case LOSS_MSE:
      slope = mul(2.0f, e);
      return mul(e, e);
    case LOSS_MAE:
      slope = clip(e, e > 0.0f, e < 0.0f);
      return magnitude(e);
    case LOSS_HUBER: {
      f32 a = magnitude(e);
      slope = clip(e, e > 1.0f, e < -1.0f);
      return a > 1.0f ? sub(a, 0.5f) : mul(mul(0.5f, a), a);
    }
  }
  slope = sub(sigmoidOf(y), t); // LOSS_BINARY
  return add(sub(reluOf(y), mul(y, t)), logOf(add(1.0f, expOf(negative(magnitude(y))))));
}

// evaluateLoss writes the value at each output of so many rows to values [rows·outputs] and, for training, the slope
// divided by the count to the gradient of the predictions.
template <class B>
DEVICE void evaluateLoss(const B &b, i32 rows, bool training) {
  const Program &p = *b.program;
  f32 count = lossCount(p, rows);
  const f32 *target = b.at(p.target);
  f32 *values = b.at(p.values);
  if (p.loss != LOSS_SOFTMAX) {
    for (Walk e(b, p.outputs); e.row < rows; e.next()) {
      i32 i = e.row * p.outputs + e.column;
      f32 slope;
      values[i] = lossElement(p.loss, b.at(p.y)[e.row * p.ys + e.column], target[i], slope);
      if (training) b.at(p.dy)[e.row * p.dys + e.column] = quotient(slope, count);
    }
    return;
  }
  for (i32 r = b.tid; r < rows; r += B::threads) {
    const f32 *y = b.at(p.y) + r * p.ys, *t = target + r * p.outputs;
    f32 *v = values + r * p.outputs;
    f32 largest = y[0];
    for (i32 c = 1; c < p.outputs; c++) largest = y[c] > largest ? y[c] : largest;
    f32 sum = 0.0f;
    for (i32 c = 0; c < p.outputs; c++) {
      f32 d = sub(y[c], largest);
      v[c] = d;
      sum = add(sum, expOf(d));
    }
    f32 log = logOf(sum);
    for (i32 c = 0; c < p.outputs; c++) {
      f32 d = v[c];
      v[c] = mul(t[c], sub(log, d));
      if (training) b.at(p.dy)[r * p.dys + c] = quotient(sub(quotient(expOf(d), sum), t[c]), count);
    }
  }
}

}  // namespace doin
