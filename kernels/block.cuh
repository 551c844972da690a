// Block: what the threads of one block share while they work on one individual.
//
// A block's memory is a row of elements: the parameters first, then the buffers that the program names by their offsets.
// It lies in shared memory, or, for models that do not fit, in the block's part of the workspace in global memory; which
// one, a template says, so that the compiler knows the address space of every access.
#pragma once
#include "random.cuh"

// The block's dynamic shared memory: Control first, then the block's memory unless that is streamed.
extern __shared__ float4 shared[];

namespace doin {

constexpr i32 controlElements = 64; // of shared memory, for Control
constexpr i32 warp = 32;
constexpr u32 everyLane = 0xffffffffu;

// Control is what one thread tells the others.
struct Control {
  f32 *moments; // of the individual, in global memory: m, v, each [size]
  i32 size;
  u32 task;
  u32 flag;
  f32 loss;
  f32 scale;
  u32 last;
  u32 keys[feistelRounds];
  // The scalars of an optimizer's step.
  f32 rate, decay, beta1, beta2, rest1, rest2, correct1, correct2, epsilon, momentum, weightDecay;
  i32 optimizer;
};
static_assert(sizeof(Control) <= controlElements * 4, "Control is larger than its place");

DEVICE Control *control() { return reinterpret_cast<Control *>(shared); }

template <i32 THREADS, bool STREAMED>
struct Block {
  f32 *work;          // the block's part of the workspace, null where it needs none
  const Program *program;
  i32 tid;

  static constexpr i32 threads = THREADS;

  // at is the block's memory from an offset on.
  DEVICE f32 *at(i32 offset) const {
    if (STREAMED) return work + offset;
    return reinterpret_cast<f32 *>(shared) + controlElements + offset;
  }

  // spare is the workspace behind the memory of a streamed block, and the whole workspace of another one.
  DEVICE f32 *spare(i32 offset) const { return work + (STREAMED ? program->memory : 0) + offset; }
};

// Walk goes through the elements of a matrix of so many columns, row by row, a thread to one element of every `threads`.
struct Walk {
  i32 row, column;

  template <class B>
  DEVICE Walk(const B &b, i32 of) : columns(of) {
    // n ÷ of, rounded down, is n·inverse ÷ 2¹⁶ for n below 2⁹: the error of the inverse is below of ÷ 2¹⁶.
    u32 inverse = (0xffffu + (u32)of) / (u32)of;
    row = (i32)((u32)b.tid * inverse >> 16);
    column = b.tid - row * of;
    down = (i32)((u32)B::threads * inverse >> 16);
    right = B::threads - down * of;
  }

  DEVICE void next() {
    row += down;
    column += right;
    if (column >= columns) {
      column -= columns;
      row++;
    }
  }

 private:
  i32 columns, down, right; // what one step goes on
};

// sumLanes combines the 32 partial sums of a warp in order R3; every lane gets the sum.
DEVICE f32 sumLanes(f32 lane) {
#pragma unroll
  for (i32 s = warp / 2; s > 0; s /= 2) lane = add(lane, __shfl_xor_sync(everyLane, lane, s));
  return lane;
}

}  // namespace doin
