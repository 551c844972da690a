// train_wide: train with 256 threads, which share a larger model, or take smaller tiles of the same. See train.cu.
#include "run.cuh"

extern "C" __global__ void __launch_bounds__(256, 1) train_wide_f32(Args args) {
  auto b = doin::begin<doin::Block<256, false>>(args);
  while (Individual *i = doin::next(b, args)) doin::train(b, args, i);
}
