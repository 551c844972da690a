// train_streamed: train for models that do not fit shared memory: the block's memory lies in the workspace, and passes
// through the caches. See train.cu.
#include "run.cuh"

extern "C" __global__ void __launch_bounds__(256, 1) train_streamed_f32(Args args) {
  auto b = doin::begin<doin::Block<256, true>>(args);
  while (Individual *i = doin::next(b, args)) doin::train(b, args, i);
}
