// train: populations of neural networks, one thread block an individual.
//
// Shapes   See Args. Blocks take individuals from the queue until it is empty; each makes at most its steps per launch.
// Launch   any 1-D grid of 128 threads; shared memory for Control and the largest block memory of the queue.
// Numbers  DOIN-F32: one result for every grid, entry, tile shape, order and number of steps per launch.
// Mirrors  compute/nn Run; change both or neither.
//
// Tiles of 8 × 4 give each thread of a layer 64 wide one tile. train_wide.cu and train_streamed.cu are the same for other
// sizes of models; they are files of their own because each takes a compiler a while.
#include "run.cuh"

extern "C" __global__ void __launch_bounds__(128, 3) train_f32(Args args) {
  auto b = doin::begin<doin::Block<128, false>>(args);
  while (Individual *i = doin::next(b, args)) doin::train(b, args, i);
}
