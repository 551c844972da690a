// collect: the best weights of individuals in one place, so that the host fetches those of a population at once.
//
// Shapes   See Args. out [size] of each individual in the queue, from the end of its state.
// Launch   any 1-D grid of 256 threads; shared memory for Control.
// Numbers  copies.
#include "run.cuh"

extern "C" __global__ void __launch_bounds__(256) collect_f32(Args args) {
  auto b = doin::begin<doin::Block<256, true>>(args);
  while (Individual *i = doin::next(b, args)) {
    b.program = args.programs + i->program;
    doin::copyParameters(b, i->out, i->state + 3 * (u64)b.program->size);
  }
}
