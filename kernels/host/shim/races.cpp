// The search for races: the kernels are compiled with -fsanitize=thread, whose calls before every access end here.
//
// Two accesses to the same 4 bytes, at least one of which writes, must be ordered: by a barrier of the block, by a
// rendezvous of the warp when both threads belong to it, or because one launch ended before the other began. Blocks of one
// launch are never ordered. Which access happened first does not matter, so neither does the order of threads.
//
// Every rendezvous has a number. An access is stamped with the rendezvous that its thread left last; it lies before a later
// rendezvous of the same threads exactly if its stamp is smaller. Of the reads of a word the last of two warps are
// remembered; whoever writes it later conflicts with one of them if it conflicts with any. Atomics are not looked at, nor is
// memory that the device did not allocate.
#include "block.hpp"
#include "memory.hpp"

#ifndef DOIN_RACES
void doin::forget() {}
#else

#include <cstdio>
#include <sys/mman.h>

namespace doin {
namespace {

constexpr uint16_t manyOf = 0x8000; // more than one thread of the warp in the lower bits

struct Access {
  uint32_t stamp; // 0: none
  uint16_t thread;
};

unsigned warpOf(uint16_t thread) { return thread & manyOf ? thread & ~manyOf : thread / 32; }

struct Word {
  Access write, reads[2];
  uint32_t blocks[3]; // of write and reads
};

Word *sharedWords;
// The allocation touched last.
uint64_t lastBegin, lastBytes;
Word *lastWords;

Word *reserve(size_t words, size_t *bytes) {
  *bytes = words * sizeof(Word);
  void *m = mmap(nullptr, *bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (m == MAP_FAILED) fail("no memory to search for races");
  return (Word *)m;
}

bool isShared(uint64_t address) { return address - (uint64_t)shared < sizeof shared; }

// The word of an address, or nullptr when it is not looked at.
Word *wordAt(uint64_t address) {
  if (isShared(address)) {
    size_t bytes;
    if (sharedWords == nullptr) sharedWords = reserve(sizeof shared / 4, &bytes);
    return &sharedWords[(address - (uint64_t)shared) / 4];
  }
  if (address - lastBegin >= lastBytes) {
    uint64_t begin;
    Allocation *a = find(address, &begin);
    if (a == nullptr) return nullptr;
    if (a->shadow == nullptr) a->shadow = reserve(a->bytes / 4 + 1, &a->shadowBytes);
    lastBegin = begin;
    lastBytes = a->bytes;
    lastWords = (Word *)a->shadow;
  }
  return &lastWords[(address - lastBegin) / 4];
}

[[noreturn]] void race(uint64_t address, const char *now, const char *before, const Access &a, uint32_t block) {
  uint64_t begin = (uint64_t)shared;
  if (!isShared(address)) find(address, &begin);
  char who[64];
  if (a.thread & manyOf)
    snprintf(who, sizeof who, "threads of warp %u", warpOf(a.thread));
  else
    snprintf(who, sizeof who, "thread %u", a.thread);
  fail("race: it %s byte %llu of the %s memory at %llx, which %s of block %u %s, and nothing orders the two", now,
       (unsigned long long)(address - begin), isShared(address) ? "shared" : "global", (unsigned long long)begin, who,
       block, before);
}

// Whether the access happened before everything that the running thread does now.
bool ordered(const Access &a, bool global) {
  if (a.stamp < running.launched || (!global && a.stamp < running.started)) return true;
  if (a.stamp < running.started) return false; // another block of the launch
  if (a.thread == running.thread) return true;
  if (a.stamp < running.together) return true;
  unsigned warp = running.thread / 32;
  return warpOf(a.thread) == warp && a.stamp < metWarp(warp);
}

void read(uint64_t address, Word *w, bool global) {
  if (w->write.stamp != 0 && !ordered(w->write, global)) race(address, "reads", "wrote", w->write, w->blocks[0]);
  Access a{metWarp(running.thread / 32), (uint16_t)running.thread};
  Access &last = w->reads[0];
  if (last.stamp != 0 && warpOf(last.thread) == running.thread / 32 && last.stamp >= running.started) {
    if (last.stamp == a.stamp && last.thread != a.thread) a.thread = (uint16_t)(manyOf | running.thread / 32);
  } else {
    w->reads[1] = last;
    w->blocks[2] = w->blocks[1];
  }
  last = a;
  w->blocks[1] = blockIdx.x;
}

void write(uint64_t address, Word *w, bool global) {
  if (w->write.stamp != 0 && !ordered(w->write, global)) race(address, "writes", "wrote", w->write, w->blocks[0]);
  for (int i = 0; i < 2; i++)
    if (w->reads[i].stamp != 0 && !ordered(w->reads[i], global))
      race(address, "writes", "read", w->reads[i], w->blocks[1 + i]);
  w->write = {metWarp(running.thread / 32), (uint16_t)running.thread};
  w->blocks[0] = blockIdx.x;
}

template <void (*touch)(uint64_t, Word *, bool)>
inline void each(const void *at, size_t bytes) {
  if (running.kernel == nullptr) return;
  uint64_t address = (uint64_t)at, end = address + bytes;
  for (uint64_t a = address & ~(uint64_t)3; a < end; a += 4)
    if (Word *w = wordAt(a)) touch(a, w, !isShared(a));
}

} // namespace

void forget() { lastBytes = 0; }

} // namespace doin

// What the compiler calls.
#define DOIN_ACCESS(n)                                                                       \
  void __tsan_read##n(void *at) { doin::each<doin::read>(at, n); }                           \
  void __tsan_write##n(void *at) { doin::each<doin::write>(at, n); }                         \
  void __tsan_unaligned_read##n(void *at) { doin::each<doin::read>(at, n); }                 \
  void __tsan_unaligned_write##n(void *at) { doin::each<doin::write>(at, n); }               \
  void __tsan_volatile_read##n(void *at) { doin::each<doin::read>(at, n); }                  \
  void __tsan_volatile_write##n(void *at) { doin::each<doin::write>(at, n); }

extern "C" {
DOIN_ACCESS(1)
DOIN_ACCESS(2)
DOIN_ACCESS(4)
DOIN_ACCESS(8)
DOIN_ACCESS(16)
void __tsan_read_range(void *at, size_t bytes) { doin::each<doin::read>(at, bytes); }
void __tsan_write_range(void *at, size_t bytes) { doin::each<doin::write>(at, bytes); }
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void *, void *) {}
}

#endif
