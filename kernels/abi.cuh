// What the host hands to the kernels. abi.go mirrors every struct and code here, name by name; a test compares the two.
//
// Offsets into shared or global memory are in elements of 4 bytes; −1 is "none". Strides are the elements from one
// position (a step of a sample) to the next. All structs have the same layout on host and device: members are 4 bytes
// wide, or 8 and aligned to 8. An Op is a multiple of 16 bytes, and so are its places.
#pragma once

typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef float f32;

// Op is one instruction of a program. Positions are rows × steps; "R1" and "R2" are the contract's orders of sums.
struct Op {
  i32 code;
  i32 steps;          // of a sample
  i32 in, out;        // channels
  i32 x, xs;          // a tensor and its stride; what it is stands with the code
  i32 y, ys;
  i32 z, zs;
  i32 w, ws, b;       // matrix [taps·in][out] with its stride, and bias [out]
  i32 taps, dilation; // of a convolution; 1 and 1 for a dense layer
  i32 act;            // activation
  i32 flags;
  i32 a0, a1, a2;     // more of what a code needs
};

// Codes of Op. Each is followed by a barrier of the block unless it has flag ON.
enum {
  // Forward. x is the input, y the output.
  OP_PRODUCT = 1,  // y = act(b + x·W) in order R1; act is none or relu
  OP_ACTIVATE = 2, // y = act(x), [in] channels
  OP_ADD = 3,      // y = x + z
  OP_LAST = 4,     // y = the last step of x
  OP_FLATTEN = 5,  // y [1][steps·in] = x [steps][in]
  OP_NORM = 6,     // y = layer norm of x with gain w and bias b; z keeps the normalized x, a0 the factor of each position
  OP_DROPOUT = 7,  // y = x, dropped where a draw is below threshold a0, else scaled by the float a1; a2 = elements of a sample before
  // Backward. y is the gradient that comes in, of the operation's output; x is what is written or changed.
  OP_BACK = 8,     // of OP_PRODUCT. Gradient of W and b, from the input a0 (stride a1) and y, in order R2, to a2. Then, if x is
                   // there, x = y·Wᵀ in order R1, with flag ADD added to x; then × act′ of the value z, for relu, tanh, sigmoid
  OP_MOVE = 9,     // W and b move by the gradient at a2, which is laid out like them
  OP_SCALE = 10,   // x = x × act′(z), [in] channels
  OP_COPY = 11,    // x = y
  OP_SPREAD = 12,  // x = y in the last step, +0 before
  OP_UNFLATTEN = 13,
  OP_NORM_BACK = 14,    // gradients of gain w and bias b from y and z, to a2; x, if there, = gradient of the input; y is overwritten
  OP_DROPOUT_BACK = 15, // x, dropped and scaled as forward
};

// Flags of Op.
enum {
  FLAG_HOLD = 1,  // the gradient waits in registers until x is written: a2 and x may take the place of a0, a2 that of y
  FLAG_ADD = 2,   // add to what is there
  FLAG_SPARE = 4, // a2 lies in the workspace
  FLAG_MOVE = 8,  // with HOLD: W and b move by the gradient in the registers, and there is no a2
  FLAG_ON = 16,   // no barrier: nothing that the next instruction touches before one of its own depends on what this one does
};

// Activations: of Op.act.
enum { ACT_NONE = 0, ACT_RELU = 1, ACT_TANH = 2, ACT_SIGMOID = 3, ACT_GELU = 4, ACT_SILU = 5 };

// Losses: of Program.loss.
enum { LOSS_MSE = 1, LOSS_MAE = 2, LOSS_HUBER = 3, LOSS_SOFTMAX = 4, LOSS_BINARY = 5 };

// Optimizers: of Program.optimizer.
enum { OPT_ADAMW = 1, OPT_SGD = 2 };

// States of a run: of Individual.status. The ends are nn.Status.
enum { STATUS_RUNNING = 0, STATUS_COMPLETED = 1, STATUS_STOPPED = 2, STATUS_DIVERGED = 3 };

// Segment is a block [rows][cols] of the parameters: a matrix of weights, a bias or a gain. Element (r, c) is number
// first + r·cols + c in the contract's order, and lies at at + r·stride + c in the padded one.
struct Segment {
  i32 at, rows, cols, stride;
  i32 first;
  i32 fan;    // what the initial weights are scaled by; 0: begin as +0; −1: begin as 1
  i32 matrix; // number of the matrix in the model
};

// Program is a model with its batch, loss and optimizer: everything that fixes the layout of a block's memory. The
// parameters lie at the beginning of the memory, padded, [0, size).
struct Program {
  i32 ops, forward, backward; // first instruction, and the number of each kind; forward first
  i32 segments, segmentCount;
  i32 size;                   // of the padded parameters; a multiple of 4
  i32 parameters;             // as the contract counts them
  i32 batch;                  // rows of a step, and at most so many are evaluated at once
  i32 steps, channels;        // of a sample
  i32 x, xs;                  // input
  i32 outputs, y, ys;         // predictions
  i32 dy, dys;                // their gradient
  i32 target, values, index;  // [batch][outputs], [batch·outputs], [batch]
  i32 gradient;               // of the parameters; −1: none is kept
  i32 code;                   // the instructions, in the block's memory too
  i32 memory;                 // elements of all of these
  i32 scratch;                // elements of the workspace that sums in order R2 need
  i32 loss, optimizer;
  i32 clip;                   // 1: the gradient is clipped, and all parameters move at the end
};

// Individual is one training, or one set of predictions: what defines it, and how far it is.
struct Individual {
  f32 *state;                 // w, m, v, best, each [size]
  const f32 *trainX, *trainY; // [rows][inputs, padded to a multiple of 4], [rows][outputs]
  const f32 *validX, *validY;
  const f32 *rates;           // [maxSteps], the learning rate of each step
  const f32 *corrections;     // [maxSteps][2], its bias corrections
  f32 *out;                   // predictions [validRows][outputs]; of collect_f32, weights [size]
  u32 program;                // its index
  u32 trainRows, validRows;
  u32 key0, key1;
  u32 maxSteps, evalEvery, patience, segment;
  f32 minDelta, clipNorm, weightDecay, beta1, beta2, epsilon, momentum;
  u32 stepsPerLaunch;         // steps to make at most
  u32 fresh;                  // 1: draw the initial weights first
  // How far it is; the kernel goes on from here and writes it back.
  u32 step, status, bestStep, stale;
  f32 best, loss;             // smallest and last validation loss
  u32 validations;            // made in this launch
  u32 spare;
};

// Args is the one argument of every kernel. Blocks take entries of queue until there are none.
struct Args {
  Individual *population;
  const u32 *queue;
  u32 *next;                  // 0 at the start of a launch
  const Program *programs;
  const Op *ops;
  const Segment *segments;
  f32 *work;                  // workspace of each block: workStride elements
  u64 workStride;
  u32 count;                  // entries of queue
  u32 spare;
};

// ProbeArgs is the one argument of probe_f32.
struct ProbeArgs {
  f32 *y;
  const f32 *x;
  u64 n;
  u32 probe, first;
};

// What probe_f32 computes, of the arguments a, b and c.
enum {
  PROBE_ADD = 1,
  PROBE_SUB = 2,
  PROBE_MUL = 3,
  PROBE_DIV = 4,
  PROBE_SQRT = 5,
  PROBE_FMA = 6,
  PROBE_EXP = 7,
  PROBE_LOG = 8,
  PROBE_TANH = 9,
  PROBE_SIGMOID = 10,
  PROBE_SILU = 11,
  PROBE_GELU = 12,
  PROBE_SILU_GRAD = 13,
  PROBE_GELU_GRAD = 14,
  PROBE_RELU = 15,
  PROBE_UNIFORM = 16, // of word i mod 4 of the draws with the key (a, b), purpose 1, step 2 and block c, all as bits
};
