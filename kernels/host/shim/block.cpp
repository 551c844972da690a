#include "block.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <utility>
#include <vector>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

#ifndef DOIN_STACK
#define DOIN_STACK (256 << 10)
#endif

uint3 threadIdx, blockIdx, blockDim, gridDim;
alignas(4096) unsigned char shared[doin::sharedMost + doin::sharedGuard];

namespace doin {

Entry *Entry::first;
Running running;
size_t sharedBytes;
const char *file;
volatile int line;

namespace {

enum class State : uint8_t { ready, atBlock, atWarp, ended };

struct Site {
  const char *what = nullptr, *file = nullptr;
  int line = 0;

  bool operator==(const Site &o) const {
    return line == o.line && (file == o.file || strcmp(file, o.file) == 0) &&
           (what == o.what || strcmp(what, o.what) == 0);
  }
};

struct Thread {
  Fiber fiber;
  const Site *site = nullptr; // where it waits; on its own stack
  State state = State::ready;
};

struct Warp {
  unsigned waiting = 0;
  unsigned turn = 0; // rendezvous so far: its lowest bit says which of the two sets below is written
  uint32_t met = 0;
  Site site;
  uint32_t votes[2];
  uint32_t values[2][32];
};

// Everything about the running block.
Thread threads[threadsMost];
Warp warps[threadsMost / 32];
Fiber outside; // the server
unsigned made;  // fibers
unsigned count; // threads of the block
unsigned ended, waiting;
Site meeting;            // of the threads that wait for the block
uint16_t ready[threadsMost]; // threads that may run; the last is next, unless the order is shuffled
unsigned readyCount;
uint32_t clock; // rendezvous of any kind, over all launches
size_t written = sizeof shared; // bytes of shared memory that may not hold poison

const Entry *entry;
const void *args;

Order order = Order::forward;
uint64_t state = 1;

uint32_t draw(uint32_t below) { // xorshift64*
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)(((state * 0x2545f4914f6cdd1dull >> 32) * below) >> 32);
}

// Says which threads wait where, and ends the process.
[[noreturn]] void stuck() {
  fprintf(stderr, "host: kernel %s, block %u: divergence: the %u threads of the block can not all go on\n", entry->name,
          blockIdx.x, count);
  std::vector<std::pair<const Thread *, unsigned>> groups;
  for (unsigned t = 0; t < count; t++) {
    bool known = false;
    for (auto &g : groups) {
      if (g.first->state != threads[t].state) continue;
      if (g.first->state == State::ended || *g.first->site == *threads[t].site) {
        g.second++;
        known = true;
        break;
      }
    }
    if (!known) groups.emplace_back(&threads[t], 1);
  }
  unsigned told = 0;
  for (auto &g : groups) {
    if (told++ == 16) break;
    unsigned first = (unsigned)(g.first - threads);
    if (g.first->state == State::ended)
      fprintf(stderr, "host:   %u ended (first: thread %u)\n", g.second, first);
    else
      fprintf(stderr, "host:   %u wait at %s, %s:%d (first: thread %u)\n", g.second, g.first->site->what,
              g.first->site->file, g.first->site->line, first);
  }
  fflush(stderr);
  _exit(70);
}

void pushThreads(unsigned from, unsigned to) {
  if (order == Order::reversed)
    for (unsigned t = from; t < to; t++) ready[readyCount++] = (uint16_t)t;
  else
    for (unsigned t = to; t-- > from;) ready[readyCount++] = (uint16_t)t;
}

// Goes on with the next thread, or with the server when all have ended.
inline __attribute__((always_inline)) void next(unsigned self) {
  Fiber *to = &outside;
  if (readyCount > 0) {
    unsigned i = readyCount - 1;
    if (order == Order::shuffled) {
      i = draw(readyCount);
      std::swap(ready[i], ready[readyCount - 1]);
      i = readyCount - 1;
    }
    unsigned t = ready[i];
    readyCount--;
    threadIdx.x = running.thread = t;
    threads[t].state = State::ready;
    if (t == self) return;
    to = &threads[t].fiber;
  } else if (ended < count) {
    stuck();
  }
  switchTo(self < threadsMost ? threads[self].fiber : outside, *to);
}

void body() {
  begun();
  unsigned self = running.thread;
  for (;;) {
    entry->invoke(entry->kernel, args);
    threads[self].state = State::ended;
    ended++;
    next(self);
  }
}

// Whether a shuffle or vote orders its warp's accesses to memory, as only __syncwarp must by the letter.
#ifdef DOIN_SHUFFLES_ORDER_NOTHING
constexpr bool exchangeOrders = false;
#else
constexpr bool exchangeOrders = true;
#endif

// Waits for the warp. Returns the set of values that the rendezvous used.
unsigned meet(const char *what, unsigned mask, uint32_t value, bool vote, bool orders, const char *file, int line) {
  unsigned self = running.thread, lane = self & 31;
  Warp &w = warps[self / 32];
  Site site{what, file, line};
  if (mask != 0xffffffff) fail("%s, %s:%d: mask %08x: only full warps can meet", what, file, line, mask);
  if (self / 32 * 32 + 32 > count)
    fail("%s, %s:%d: the block has %u threads: its last warp is not full", what, file, line, count);
  if (w.waiting == 0)
    w.site = site;
  else if (!(w.site == site))
    fail("divergence: %s, %s:%d, while others of the warp wait at %s, %s:%d", what, file, line, w.site.what, w.site.file,
         w.site.line);
  unsigned set = w.turn & 1;
  w.values[set][lane] = value;
  w.votes[set] |= (uint32_t)vote << lane;
  threads[self].state = State::atWarp;
  threads[self].site = &site;
  if (++w.waiting == 32) {
    w.waiting = 0;
    w.turn++;
    w.votes[set ^ 1] = 0; // all have read it
    if (orders) w.met = ++clock;
    pushThreads(self / 32 * 32, self / 32 * 32 + 32);
  }
  next(self);
  return set;
}

void runBlock() {
  fill(shared, written);
  written = (sharedBytes + 3) & ~(size_t)3;
  ASAN_POISON_MEMORY_REGION(shared + sharedBytes, sizeof shared - sharedBytes);
  ended = waiting = readyCount = 0;
  running.started = running.together = ++clock;
  for (unsigned w = 0; w * 32 < count; w++) {
    warps[w].waiting = warps[w].turn = 0;
    warps[w].votes[0] = warps[w].votes[1] = 0;
    warps[w].met = clock;
  }
  pushThreads(0, count);
  next(threadsMost);
  ASAN_UNPOISON_MEMORY_REGION(shared, sizeof shared);
  for (size_t i = written; i < sizeof shared; i += 4) {
    uint32_t v;
    memcpy(&v, shared + i, 4);
    if (v != poison) fail("byte %zu of shared memory was written, behind the %zu bytes of the launch", i, sharedBytes);
  }
}

} // namespace

void setOrder(Order o, uint64_t seed) {
  order = o;
  state = seed * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull; // never 0 for the seeds that matter
  if (state == 0) state = 1;
}

void launch(const Entry &e, unsigned grid, unsigned n, size_t bytes, const void *a) {
  sharedBytes = bytes;
  if (outside.stack == nullptr) outside.adopt();
  entry = &e;
  args = a;
  count = n;
  for (; made < n; made++) threads[made].fiber.create(DOIN_STACK, made, body);
  blockDim = {n, 1, 1};
  gridDim = {grid, 1, 1};
  running.kernel = e.name;
  running.launched = ++clock;
  std::vector<unsigned> blocks(grid);
  for (unsigned i = 0; i < grid; i++) blocks[i] = order == Order::reversed ? grid - 1 - i : i;
  if (order == Order::shuffled)
    for (unsigned i = grid; i > 1; i--) std::swap(blocks[i - 1], blocks[draw(i)]);
  for (unsigned b : blocks) {
    blockIdx = {b, 0, 0};
    runBlock();
  }
  running.kernel = nullptr;
}

uint32_t metWarp(unsigned warp) {
  uint32_t met = warps[warp].met;
  return met > running.together ? met : running.together;
}

void fail(const char *format, ...) {
  if (running.kernel != nullptr)
    fprintf(stderr, "host: kernel %s, block %u, thread %u: ", running.kernel, blockIdx.x, running.thread);
  else
    fprintf(stderr, "host: ");
  if (running.kernel != nullptr && file != nullptr) fprintf(stderr, "%s:%d: ", file, line);
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  fflush(stderr);
  _exit(70);
}

bool overflowsStack(const void *address) {
  for (unsigned t = 0; t < made; t++)
    if (threads[t].fiber.overflows(address)) return true;
  return false;
}

void fill(void *at, size_t bytes) {
  uint32_t *words = (uint32_t *)at;
  for (size_t i = 0; i < bytes / 4; i++) words[i] = poison;
}

void syncBlock(const char *file, int line) {
  unsigned self = running.thread;
  Site site{"__syncthreads", file, line};
  if (waiting == 0)
    meeting = site;
  else if (!(meeting == site))
    fail("divergence: __syncthreads, %s:%d, while others of the block wait at %s:%d", file, line, meeting.file,
         meeting.line);
  threads[self].state = State::atBlock;
  threads[self].site = &site;
  if (++waiting == count) {
    waiting = 0;
    running.together = ++clock;
    pushThreads(0, count);
  }
  next(self);
}

void syncWarp(unsigned mask, const char *file, int line) { meet("__syncwarp", mask, 0, false, true, file, line); }

unsigned shuffle(const char *what, unsigned mask, unsigned value, unsigned source, const char *file, int line) {
  unsigned self = running.thread;
  unsigned set = meet(what, mask, value, false, exchangeOrders, file, line);
  return warps[self / 32].values[set][source & 31];
}

unsigned ballot(const char *what, unsigned mask, bool vote, const char *file, int line) {
  unsigned self = running.thread;
  unsigned set = meet(what, mask, 0, vote, exchangeOrders, file, line);
  return warps[self / 32].votes[set];
}

unsigned add(unsigned *at, unsigned value) {
  unsigned old = *at;
  *at = old + value;
  return old;
}

} // namespace doin
