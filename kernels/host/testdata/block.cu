// Barriers, shared memory, queues, and the order of threads.
struct BlockArgs {
  unsigned *out;
  unsigned *queue; // next ticket, 0 at the start
  unsigned count;
};

extern __shared__ float4 shared[];

// Sums a word of each thread in log2(threads) rounds; every thread ends with the sum. Without the barrier within a round a
// thread may take its neighbour's next sum.
template <bool PLANTED>
__device__ __forceinline__ unsigned tree(unsigned own) {
  unsigned *sums = reinterpret_cast<unsigned *>(shared);
  sums[threadIdx.x] = own;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    unsigned sum = sums[threadIdx.x] + sums[(threadIdx.x + half) % blockDim.x];
    if (!PLANTED) __syncthreads();
    sums[threadIdx.x] = sum;
    __syncthreads();
  }
  return sums[0];
}

extern "C" __global__ void tree_right(BlockArgs a) {
  a.out[blockIdx.x * blockDim.x + threadIdx.x] = tree<false>(threadIdx.x * 977 + blockIdx.x);
}

// A barrier is missing, planted to be found.
extern "C" __global__ void tree_planted(BlockArgs a) {
  a.out[blockIdx.x * blockDim.x + threadIdx.x] = tree<true>(threadIdx.x * 977 + blockIdx.x);
}

// A word is read that another thread writes, with no barrier at all: one of the orders makes it right.
extern "C" __global__ void neighbour_planted(BlockArgs a) {
  unsigned *words = reinterpret_cast<unsigned *>(shared);
  words[threadIdx.x] = threadIdx.x;
  a.out[threadIdx.x] = words[threadIdx.x ^ 1];
}

// Threads write what is there already, while others read it: right in every order, and a race all the same.
extern "C" __global__ void silent_planted(BlockArgs a) {
  unsigned *words = reinterpret_cast<unsigned *>(shared);
  if (threadIdx.x == 0)
    for (unsigned k = 0; k < blockDim.x; k++) words[k] = k;
  __syncthreads();
  a.out[threadIdx.x] = words[threadIdx.x ^ 1];
  words[threadIdx.x] = threadIdx.x;
}

// Within a warp a rendezvous of the warp is enough.
extern "C" __global__ void neighbour_right(BlockArgs a) {
  unsigned *words = reinterpret_cast<unsigned *>(shared);
  for (unsigned k = 0; k < 4; k++) {
    words[threadIdx.x] = threadIdx.x + k;
    __syncwarp();
    a.out[threadIdx.x] = words[threadIdx.x ^ 1];
    __syncwarp();
  }
}

// Between warps it is not.
extern "C" __global__ void warps_planted(BlockArgs a) {
  unsigned *words = reinterpret_cast<unsigned *>(shared);
  words[threadIdx.x] = threadIdx.x;
  __syncwarp();
  a.out[threadIdx.x] = words[threadIdx.x ^ 32];
}

// Blocks that write the same word.
extern "C" __global__ void blocks_planted(BlockArgs a) { a.out[threadIdx.x] = blockIdx.x; }

// What shared memory holds when a block begins; then it is filled.
extern "C" __global__ void fresh(BlockArgs a) {
  unsigned *words = reinterpret_cast<unsigned *>(shared);
  a.out[blockIdx.x * blockDim.x + threadIdx.x] = words[threadIdx.x];
  words[threadIdx.x] = 7;
}

// Blocks take entries of a queue until there are none; every entry is taken once.
extern "C" __global__ void queue(BlockArgs a) {
  unsigned *ticket = reinterpret_cast<unsigned *>(shared);
  for (;;) {
    if (threadIdx.x == 0) *ticket = atomicAdd(a.queue, 1);
    __syncthreads();
    unsigned mine = *ticket;
    __syncthreads();
    if (mine >= a.count) return;
    if (threadIdx.x == blockDim.x - 1) a.out[mine] += 1;
  }
}

// When each thread came, before and behind a barrier.
extern "C" __global__ void arrivals(BlockArgs a) {
  unsigned row = gridDim.x * blockDim.x, i = blockIdx.x * blockDim.x + threadIdx.x;
  a.out[i] = atomicAdd(a.queue, 1);
  __syncthreads();
  a.out[row + i] = atomicAdd(a.queue, 1);
}

// count barriers and nothing else.
extern "C" __global__ void barriers(BlockArgs a) {
  for (unsigned k = 0; k < a.count; k++) __syncthreads();
}

#ifdef MARK
extern "C" __global__ void marked(BlockArgs) {}
#endif
