// predict: the predictions of a population, one thread block an individual.
//
// Shapes   See Args. out [validRows][outputs] of each individual, from the weights at its state.
// Launch   as in train.cu; predict_streamed_f32 as in train_streamed.cu.
// Numbers  DOIN-F32, the bits of compute/nn Network.Predict.
#include "run.cuh"

extern "C" __global__ void __launch_bounds__(128, 3) predict_f32(Args args) {
  auto b = doin::begin<doin::Block<128, false>>(args);
  while (Individual *i = doin::next(b, args)) doin::predict(b, args, i);
}

extern "C" __global__ void __launch_bounds__(256, 1) predict_streamed_f32(Args args) {
  auto b = doin::begin<doin::Block<256, true>>(args);
  while (Individual *i = doin::next(b, args)) doin::predict(b, args, i);
}
