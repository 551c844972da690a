// A block of threads on one thread of the system.
//
// A thread runs until it waits or ends; then the next one that may run is chosen. A thread that waits for its warp or its
// block may run again once all threads of the warp or block wait at the same call. What cannot happen any more ends the
// process with a message: threads that wait for others which ended or wait elsewhere, calls of a warp with less than the
// full mask, threads that meet at different calls.
//
// Orders   forward: the lowest thread that may run, as far as it gets; reversed: the highest; shuffled: any, drawn anew each
//          time. Blocks run one after another, in the same order.
// Memory   shared memory holds `poison` when a block begins. A kernel must not touch what lies behind the bytes it was
//          launched with: the address sanitizer says where it did, and what was written there ends the process anyway.
#pragma once

#include "cuda.hpp"
#include "fiber.hpp"

namespace doin {

constexpr uint32_t poison = 0x7fa5a5a5; // a NaN that no operation makes
constexpr unsigned threadsMost = 1024;

enum class Order : uint32_t { forward = 0, reversed = 1, shuffled = 2 };

// How threads and blocks are ordered from the next launch on. The seed matters for shuffled only.
void setOrder(Order order, uint64_t seed);

// Runs all blocks. The caller has checked the numbers.
void launch(const Entry &entry, unsigned grid, unsigned threads, size_t sharedBytes, const void *args);

// What runs, for messages and for the search for races.
struct Running {
  const char *kernel;         // nullptr: nothing
  unsigned thread;            // of the block
  uint32_t launched, started; // rendezvous counted when the launch, and the block, began
  uint32_t together;          // when the block last met
};
extern Running running;

// Rendezvous counted when a warp of the running block last met.
uint32_t metWarp(unsigned warp);

// Ends the process with a message that names kernel, block and thread, and the line where the code says it.
[[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Whether the address is in the page below a thread's stack.
bool overflowsStack(const void *address);

// Fills memory with poison; bytes is a multiple of 4.
void fill(void *at, size_t bytes);

} // namespace doin

// The shared memory of the running block, and what guards it.
extern "C" unsigned char shared[doin::sharedMost + doin::sharedGuard];
