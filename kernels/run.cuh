// One individual's training and predictions (compute/CONTRACT.md §7, §10), by one block.
#pragma once
#include "layers.cuh"
#include "loss.cuh"

namespace doin {

constexpr i32 opElements = sizeof(Op) / 4;
static_assert(opElements % 4 == 0, "instructions are read 16 bytes at a time");

// loadProgram puts the instructions into the block's memory.
template <class B>
DEVICE void loadProgram(const B &b, const Op *ops) {
  const Program &p = *b.program;
  const f32 *from = reinterpret_cast<const f32 *>(ops + p.ops);
  for (i32 i = b.tid * 4; i < (p.forward + p.backward) * opElements; i += B::threads * 4)
    *reinterpret_cast<float4 *>(b.at(p.code) + i) = load4(from + i);
}

// opAt is a copy of instruction i: stores to the block's memory might change what a reference reads.
template <class B>
DEVICE Op opAt(const B &b, i32 i) {
  const f32 *from = b.at(b.program->code) + i * opElements;
  float4 words[opElements / 4];
#pragma unroll
  for (i32 w = 0; w < opElements / 4; w++) words[w] = load4(from + 4 * w);
  Op o;
  __builtin_memcpy(&o, words, sizeof o);
  return o;
}

// forward runs the forward instructions for so many rows lying in the program's input.
template <class B>
DEVICE void forward(const B &b, const Individual &me, u32 step, bool training, i32 rows) {
  i32 count = b.program->forward;
  for (i32 i = 0; i < count; i++) {
    const Op o = opAt(b, i);
    i32 positions = rows * o.steps;
    switch (o.code) {
      case OP_PRODUCT: product(b, o, positions); break;
      case OP_ACTIVATE: activateAll(b, o, positions); break;
      case OP_ADD: addAll(b, o, positions); break;
      case OP_LAST: lastStep(b, o, rows); break;
      case OP_FLATTEN: flatten(b, o, rows); break;
      case OP_NORM: norm(b, o, positions); break;
      case OP_DROPOUT: dropout(b, o, me, step, training, positions); break;
    }
    if (!(o.flags & FLAG_ON)) __syncthreads();
  }
}

// gradientOf is where an instruction's gradient lies.
template <class B>
DEVICE f32 *gradientOf(const B &b, const Op &o) {
  return (o.flags & FLAG_SPARE) ? b.spare(o.a2) : b.at(o.a2);
}

// backward runs the backward instructions for so many rows, from the gradient of the predictions. Unless the gradient is
// clipped, the parameters move.
template <class B>
DEVICE void backward(const B &b, const Individual &me, u32 step, i32 rows) {
  i32 first = b.program->forward, count = b.program->backward;
  for (i32 i = 0; i < count; i++) {
    const Op o = opAt(b, first + i);
    i32 positions = rows * o.steps;
    switch (o.code) {
      case OP_BACK: back(b, o, positions, gradientOf(b, o)); break;
      case OP_MOVE: move(b, o, gradientOf(b, o)); break;
      case OP_SCALE: scaleAll(b, o, positions); break;
      case OP_COPY: copyAll(b, o, positions); break;
      case OP_SPREAD: spread(b, o, rows); break;
      case OP_UNFLATTEN: unflatten(b, o, rows); break;
      case OP_NORM_BACK: normBack(b, o, positions, gradientOf(b, o)); break;
      case OP_DROPOUT_BACK: drop(b, o.x, o.xs, o.x, o.xs, o, me, step, positions); break;
    }
    if (!(o.flags & FLAG_ON)) __syncthreads();
  }
}

// initialize draws the initial parameters. One barrier inside.
template <class B>
DEVICE void initialize(const B &b, const Segment *segments, const Individual &me) {
  const Program &p = *b.program;
  for (i32 i = b.tid; i < p.size; i += B::threads) *b.at(i) = 0.0f;
  __syncthreads();
  for (i32 s = 0; s < p.segmentCount; s++) {
    const Segment &q = segments[s];
    i32 n = q.rows * q.cols;
    if (q.fan < 0) {
      for (i32 e = b.tid; e < n; e += B::threads) *b.at(q.at + e) = 1.0f;
    }
    if (q.fan <= 0) continue;
    f32 limit = root(quotient(6.0f, __int2float_rn(q.fan)));
    for (i32 e = b.tid * 4; e < n; e += B::threads * 4) {
      Words words = philox(me.key0, me.key1, PURPOSE_WEIGHTS, (u32)q.matrix, (u32)e / 4u);
#pragma unroll
      for (i32 j = 0; j < 4; j++) {
        if (e + j < n) {
          i32 r = (e + j) / q.cols;
          *b.at(q.at + r * q.stride + (e + j - r * q.cols)) = mul(fma(2.0f, uniformOf(words.v[j]), -1.0f), limit);
        }
      }
    }
  }
}

// readRows copies so many samples to the program's input and target; row r is sample index[r], or first + r where index
// is null. Data rows begin at multiples of 4 elements.
template <class B>
DEVICE void readRows(const B &b, const f32 *x, const f32 *y, const u32 *index, u32 first, i32 rows) {
  const Program &p = *b.program;
  i32 elements = p.steps * p.channels, width = (elements + 3) & ~3;
  if (p.steps == 1) {
    for (Walk e(b, width / 4); e.row < rows; e.next()) {
      u64 sample = index ? index[e.row] : first + (u32)e.row;
      *reinterpret_cast<float4 *>(b.at(p.x) + e.row * p.xs + e.column * 4) = load4(x + sample * (u64)width + e.column * 4);
    }
  } else {
    for (i32 e = b.tid; e < rows * elements; e += B::threads) {
      i32 r = e / elements, i = e - r * elements, t = i / p.channels;
      u64 sample = index ? index[r] : first + (u32)r;
      b.at(p.x)[(r * p.steps + t) * p.xs + (i - t * p.channels)] = x[sample * (u64)width + i];
    }
  }
  for (Walk e(b, p.outputs); e.row < rows; e.next()) {
    u64 sample = index ? index[e.row] : first + (u32)e.row;
    b.at(p.target)[e.row * p.outputs + e.column] = y[sample * (u64)p.outputs + e.column];
  }
}

// gather reads the minibatch of step i, counted from 0. `keyed` is the epoch whose keys are there. A barrier inside.
template <class B>
DEVICE void gather(const B &b, const Individual &me, u32 i, u32 &keyed) {
  const Program &p = *b.program;
  u32 perEpoch = me.trainRows / (u32)p.batch, epoch = i / perEpoch, first = (i - epoch * perEpoch) * (u32)p.batch;
  Control *c = control();
  if (keyed != epoch) {
    keyed = epoch;
    if (b.tid < feistelRounds / 4) {
      Words words = philox(me.key0, me.key1, PURPOSE_MINIBATCH, epoch, (u32)b.tid);
      for (i32 j = 0; j < 4; j++) c->keys[b.tid * 4 + j] = words.v[j];
    }
    __syncthreads();
  }
  u32 *index = reinterpret_cast<u32 *>(b.at(p.index));
  u32 half = halfBits(me.trainRows);
  for (i32 r = b.tid; r < p.batch; r += B::threads) index[r] = permute(c->keys, half, me.trainRows, first + (u32)r);
  __syncthreads();
  readRows(b, me.trainX, me.trainY, index, 0, p.batch);
}

// sumValues adds so many elements of the loss, which begin with element `at` of a longer sum, to the lanes of the first
// warp.
template <class B>
DEVICE f32 sumValues(const B &b, f32 lane, i32 count, u32 at) {
  const f32 *values = b.at(b.program->values);
  for (u32 e = ((u32)b.tid - at) & (u32)(warp - 1); e < (u32)count; e += (u32)warp) lane = add(lane, values[e]);
  return lane;
}

// meanLoss is the mean of the lanes' sum over so many rows, the same in every thread. A barrier inside; before the next
// call there must be another.
template <class B>
DEVICE f32 meanLoss(const B &b, f32 lane, i32 rows) {
  if (b.tid < warp) {
    f32 sum = sumLanes(lane);
    if (b.tid == 0) control()->loss = quotient(sum, lossCount(*b.program, rows));
  }
  __syncthreads();
  return control()->loss;
}

// allFinite says whether every parameter and every moment is finite. Two barriers inside.
template <class B>
DEVICE bool allFinite(const B &b, const Segment *segments) {
  const Program &p = *b.program;
  if (b.tid == 0) control()->flag = 0;
  __syncthreads();
  const f32 *m = control()->moments, *v = m + p.size;
  bool bad = false;
  for (i32 s = 0; s < p.segmentCount; s++) {
    const Segment &q = segments[s];
    for (i32 e = b.tid; e < q.rows * q.cols; e += B::threads) {
      i32 r = e / q.cols, i = q.at + r * q.stride + (e - r * q.cols);
      bad = bad || !isFinite(*b.at(i)) || !isFinite(v[i]) || (p.optimizer == OPT_ADAMW && !isFinite(m[i]));
    }
  }
  if (bad) atomicAdd(&control()->flag, 1u);
  __syncthreads();
  return control()->flag == 0;
}

// copyParameters copies the padded parameters.
template <class B>
DEVICE void copyParameters(const B &b, f32 *to, const f32 *from) {
  for (i32 i = b.tid * 4; i < b.program->size; i += B::threads * 4)
    *reinterpret_cast<float4 *>(to + i) = load4(from + i);
}

// Progress is the part of an Individual that changes.
struct Progress {
  u32 step, status, bestStep, stale;
  f32 best, loss;
};

// judge is what follows a validation: the best weights are kept, or patience wears out. It reports the latter.
template <class B>
DEVICE bool judge(const B &b, const Individual &me, Progress &now) {
  if (now.loss < sub(now.best, me.minDelta)) {
    now.best = now.loss;
    now.bestStep = now.step;
    now.stale = 0;
    copyParameters(b, me.state + 3 * (u64)b.program->size, b.at(0));
    return false;
  }
  now.stale++;
  return me.patience > 0 && now.stale >= me.patience;
}

// train makes the next steps of an individual: at most its steps per launch, and none after its last. Training and validation
// take turns in one loop, so that the code of a forward pass is there once.
template <class B>
DEVICE void train(B b, const Args &a, Individual *record) {
  const Individual &me = *record;
  Progress now = {me.step, me.status, me.bestStep, me.stale, me.best, me.loss};
  b.program = a.programs + me.program;
  const Program &p = *b.program;
  const Segment *segments = a.segments + p.segments;
  u32 keyed = everyLane;
  loadProgram(b, a.ops);
  if (b.tid == 0) {
    control()->moments = me.state + p.size;
    control()->size = p.size;
  }
  __syncthreads();
  if (me.fresh) {
    initialize(b, segments, me);
    for (i32 i = b.tid; i < 2 * p.size; i += B::threads) me.state[p.size + i] = 0.0f;
  } else {
    copyParameters(b, b.at(0), me.state);
  }
  __syncthreads();

  u32 until = now.step + me.stepsPerLaunch, validations = 0, status = STATUS_COMPLETED;
  bool training = true; // else a piece of the validation set
  u32 first = 0;        // row of that piece
  f32 lane = 0.0f;      // of the sum over its pieces
  while (now.status == STATUS_RUNNING && (now.step < until || !training)) {
    i32 rows = p.batch;
    if (training) {
      gather(b, me, now.step, keyed);
      if (b.tid == 0) {
        u32 s = now.step;
        setStep(p, me, me.rates[s], me.corrections[2 * s], me.corrections[2 * s + 1]);
      }
      now.step++;
    } else {
      rows = lesser(rows, (i32)(me.validRows - first));
      readRows(b, me.validX, me.validY, nullptr, first, rows);
    }
    __syncthreads();
    forward(b, me, now.step, training, rows);
    evaluateLoss(b, rows, training);
    __syncthreads();
    bool last = now.step == me.maxSteps;
    if (training) {
      f32 loss = meanLoss(b, b.tid < warp ? sumValues(b, 0.0f, rows * p.outputs, 0) : 0.0f, rows);
      if (!isFinite(loss)) {
        now.status = STATUS_DIVERGED;
        break;
      }
      backward(b, me, now.step, rows);
      if (p.clip) clipAndMove(b, segments, me.clipNorm);
      if (last || (me.evalEvery > 0 && now.step % me.evalEvery == 0)) {
        training = false;
        first = 0;
        lane = 0.0f;
        continue;
      }
    } else {
      if (b.tid < warp) lane = sumValues(b, lane, rows * p.outputs, first * (u32)p.outputs);
      first += (u32)rows;
      if (first < me.validRows) {
        __syncthreads();
        continue;
      }
      training = true;
      now.loss = meanLoss(b, lane, (i32)me.validRows);
      validations++;
      if (!isFinite(now.loss)) {
        now.status = STATUS_DIVERGED;
        break;
      }
      if (judge(b, me, now) && !last) {
        last = true;
        status = STATUS_STOPPED;
      }
    }
    if (last || (me.segment > 0 && now.step % me.segment == 0)) {
      if (!allFinite(b, segments)) {
        now.status = STATUS_DIVERGED;
      } else if (last) {
        now.status = status;
      }
    }
  }
  __syncthreads();
  copyParameters(b, me.state, b.at(0));
  if (b.tid == 0) {
    record->fresh = 0;
    record->step = now.step;
    record->status = now.status;
    record->bestStep = now.bestStep;
    record->stale = now.stale;
    record->best = now.best;
    record->loss = now.loss;
    record->validations = validations;
  }
}

// predict writes the predictions for an individual's validation rows, by the weights of its state.
template <class B>
DEVICE void predict(B b, const Args &a, Individual *record) {
  const Individual &me = *record;
  b.program = a.programs + me.program;
  const Program &p = *b.program;
  loadProgram(b, a.ops);
  copyParameters(b, b.at(0), me.state);
  i32 elements = p.steps * p.channels, width = (elements + 3) & ~3;
  for (u32 first = 0; first < me.validRows; first += (u32)p.batch) {
    i32 rows = lesser(p.batch, (i32)(me.validRows - first));
    const f32 *x = me.validX + first * (u64)width;
    for (i32 e = b.tid; e < rows * elements; e += B::threads) {
      i32 r = e / elements, i = e - r * elements, t = i / p.channels;
      b.at(p.x)[(r * p.steps + t) * p.xs + (i - t * p.channels)] = x[(u64)r * (u64)width + i];
    }
    __syncthreads();
    forward(b, me, 0, false, rows);
    for (i32 e = b.tid; e < rows * p.outputs; e += B::threads) {
      i32 r = e / p.outputs, c = e - r * p.outputs;
      me.out[(first + (u32)r) * (u64)p.outputs + c] = b.at(p.y)[r * p.ys + c];
    }
    __syncthreads();
  }
}

// begin is the block before its first individual.
template <class B>
DEVICE B begin(const Args &a) {
  B b;
  b.tid = (i32)threadIdx.x;
  b.work = a.work ? a.work + (u64)blockIdx.x * a.workStride : nullptr;
  return b;
}

// next takes an entry of the queue; null where there are none left. Two barriers inside.
template <class B>
DEVICE Individual *next(const B &b, const Args &a) {
  __syncthreads();
  if (b.tid == 0) control()->task = atomicAdd(a.next, 1u);
  __syncthreads();
  u32 task = control()->task;
  return task < a.count ? a.population + a.queue[task] : nullptr;
}

}  // namespace doin
