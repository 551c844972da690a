#include "fiber.hpp"

#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>

namespace {
constexpr size_t page = 4096;
}

#ifndef DOIN_UCONTEXT
asm(R"(
.text
.p2align 4
.globl doinSwitch
.type doinSwitch, @function
doinSwitch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size doinSwitch, .-doinSwitch
)");
#endif

namespace doin {

void Fiber::create(size_t stackBytes, unsigned number, void (*body)()) {
  void *m = mmap(nullptr, page + stackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (m == MAP_FAILED || mprotect(m, page, PROT_NONE) != 0) {
    perror("stack of a fiber");
    exit(71);
  }
  stack = (char *)m + page;
  bytes = stackBytes;
  size_t used = bytes - number % 61 * 64;
#ifdef DOIN_UCONTEXT
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = used;
  context.uc_link = nullptr;
  makecontext(&context, body, 0);
#else
  // Six registers, the address of body, and the return address that body believes to have.
  void **sp = (void **)(stack + used) - 2;
  sp[1] = nullptr;
  sp[0] = (void *)body;
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  top = sp;
#endif
}

void Fiber::adopt() {
  pthread_attr_t attributes;
  void *low = nullptr;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &low, &bytes);
    pthread_attr_destroy(&attributes);
  }
  stack = (char *)low;
}

bool Fiber::overflows(const void *address) const {
  return stack != nullptr && (char *)address < stack && (char *)address >= stack - page;
}

void begun() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

} // namespace doin
