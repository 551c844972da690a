// Fibers: stacks that one thread of the system runs in turn.
//
// On x86-64 a switch saves the six registers that a call preserves; elsewhere, or with DOIN_UCONTEXT, it is swapcontext.
// Under the address sanitizer every switch is announced to it.
#pragma once

#include <cstddef>
#if !defined(__x86_64__) && !defined(DOIN_UCONTEXT)
#define DOIN_UCONTEXT
#endif
#ifdef DOIN_UCONTEXT
#include <ucontext.h>
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace doin {

struct Fiber {
  void *top = nullptr; // stack pointer while it does not run
  char *stack = nullptr;
  size_t bytes = 0;
  void *fake = nullptr; // the sanitizer's
#ifdef DOIN_UCONTEXT
  ucontext_t context;
#endif

  // Makes a fiber that begins with body, which must not return. A page below the stack is kept from access. `number`
  // staggers the stacks, so that their tops do not all fall into the same lines of the cache.
  void create(size_t stackBytes, unsigned number, void (*body)());

  // Takes the stack of the calling thread, so that it can be returned to.
  void adopt();

  // Whether an address lies in the page below the stack.
  bool overflows(const void *address) const;
};

#ifndef DOIN_UCONTEXT
// The return address is saved by the call itself. Threads that wait at one place of a kernel return to one place of the
// runtime, so that a processor predicts the return although it happens on another stack.
extern "C" void doinSwitch(void **saved, void *next);
#endif

// Leaves `from`, which runs, and goes on with `to`. Returns when something switches back.
inline void switchTo(Fiber &from, Fiber &to) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(&from.fake, to.stack, to.bytes);
#endif
#ifdef DOIN_UCONTEXT
  swapcontext(&from.context, &to.context);
#else
  doinSwitch(&from.top, to.top);
#endif
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(from.fake, nullptr, nullptr);
#endif
}

// Must be the first call of a fiber's body.
void begun();

} // namespace doin
