// A device over a pipe: requests on standard input, one reply to each on standard output, in their order.
//
//   request   u32 call | u32 bytes of name | u64 a | u64 b | u64 bytes of payload | name | payload
//   reply     u32 status | u32 0 | u64 value | u64 bytes of payload | payload
//
// All numbers in the byte order of the machine.
//
//   call      a          b                name    payload      value, payload of the reply
//   kernels                                                    number; a line "name threads argument-bytes" each
//   alloc     bytes                                            address
//   free      address
//   upload    address                             bytes
//   download  address    bytes                                 -, bytes
//   launch    grid       threads, shared  kernel  arguments    (b = threads << 32 | shared)
//   order     order      seed
//
// A reply with a status other than 0 carries a message. What a kernel does wrong ends the process with a message on
// standard error.
#include "block.hpp"
#include "memory.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

enum Call : uint32_t { kernels = 1, alloc, release, upload, download, launch, order };
enum Status : uint32_t { ok = 0, memory = 1, invalid = 2 };

struct Request {
  uint32_t call, nameBytes;
  uint64_t a, b, bytes;
};
struct Reply {
  uint32_t status, zero;
  uint64_t value, bytes;
};

constexpr uint64_t nameMost = 256, argsMost = 4096;

int out; // where replies go; standard output itself goes to standard error
uint64_t sharedPerBlock = 232448;
uint64_t failLaunch; // number of the launch that loses the device; 0: none
uint64_t launches;

bool readAll(void *to, size_t n) {
  char *p = (char *)to;
  while (n > 0) {
    ssize_t got = read(0, p, n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    p += got;
    n -= (size_t)got;
  }
  return true;
}

void writeAll(const void *from, size_t n) {
  const char *p = (const char *)from;
  while (n > 0) {
    ssize_t put = write(out, p, n);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) _exit(0); // nobody listens
    p += put;
    n -= (size_t)put;
  }
}

void reply(uint32_t status, uint64_t value, const void *payload, uint64_t bytes) {
  Reply r{status, 0, value, bytes};
  writeAll(&r, sizeof r);
  writeAll(payload, bytes);
}

void done(uint64_t value = 0) { reply(ok, value, "", 0); }
void refuse(uint32_t status, const std::string &why) { reply(status, 0, why.data(), why.size()); }

void doKernels() {
  std::string list;
  uint64_t n = 0;
  for (const doin::Entry *e = doin::Entry::first; e != nullptr; e = e->next, n++)
    list += std::string(e->name) + " " + std::to_string(e->threads) + " " + std::to_string(e->argBytes) + "\n";
  reply(ok, n, list.data(), list.size());
}

void doUpload(const Request &r) {
  if (doin::within(r.a, r.bytes)) {
    if (!readAll((void *)r.a, r.bytes)) _exit(0);
    done();
    return;
  }
  char scrap[4096];
  for (uint64_t left = r.bytes; left > 0;) {
    size_t n = left < sizeof scrap ? left : sizeof scrap;
    if (!readAll(scrap, n)) _exit(0);
    left -= n;
  }
  refuse(invalid, "the bytes do not lie in one allocation");
}

void doLaunch(const Request &r, const std::string &name, const std::vector<char> &args) {
  uint64_t threads = r.b >> 32, shared = r.b & 0xffffffff;
  const doin::Entry *e = doin::Entry::first;
  while (e != nullptr && name != e->name) e = e->next;
  if (e == nullptr) return refuse(invalid, "there is no such kernel");
  if (r.a < 1 || r.a > 0x7fffffff) return refuse(invalid, "grid of " + std::to_string(r.a));
  if (threads < 1 || threads > e->threads)
    return refuse(invalid, std::to_string(threads) + " threads, the kernel takes " + std::to_string(e->threads));
  if (shared > sharedPerBlock)
    return refuse(invalid, std::to_string(shared) + " bytes of shared memory, a block has " + std::to_string(sharedPerBlock));
  if (args.size() != e->argBytes)
    return refuse(invalid, std::to_string(args.size()) + " bytes of arguments, the kernel takes " + std::to_string(e->argBytes));
  if (++launches == failLaunch) doin::fail("launch %llu loses the device, as it was told to", (unsigned long long)launches);
  doin::launch(*e, (unsigned)r.a, (unsigned)threads, shared, args.data());
  done();
}

void serve() {
  Request r;
  while (readAll(&r, sizeof r)) {
    if (r.nameBytes > nameMost || (r.call != upload && r.bytes > argsMost)) doin::fail("request out of bounds");
    std::string name(r.nameBytes, 0);
    if (!readAll(&name[0], r.nameBytes)) return;
    std::vector<char> payload(r.call == upload ? 0 : r.bytes);
    if (!readAll(payload.data(), payload.size())) return;
    switch (r.call) {
    case kernels:
      doKernels();
      break;
    case alloc:
      if (uint64_t address = doin::allocate(r.a))
        done(address);
      else
        refuse(memory, "");
      break;
    case release:
      if (doin::release(r.a))
        done();
      else
        refuse(invalid, "nothing is allocated there");
      break;
    case upload:
      doUpload(r);
      break;
    case download:
      if (doin::within(r.a, r.b))
        reply(ok, 0, (void *)r.a, r.b);
      else
        refuse(invalid, "the bytes do not lie in one allocation");
      break;
    case launch:
      doLaunch(r, name, payload);
      break;
    case order:
      doin::setOrder((doin::Order)r.a, r.b);
      done();
      break;
    default:
      doin::fail("unknown request %u", r.call);
    }
  }
}

// Says where a kernel touched what it must not.
void fault(int number, siginfo_t *info, void *) {
  const char *why = number == SIGSEGV && doin::overflowsStack(info->si_addr) ? "stack overflow"
                    : number == SIGSEGV || number == SIGBUS                 ? "illegal address"
                                                                             : "illegal instruction";
  doin::fail("%s (signal %d, address %p)", why, number, info->si_addr);
}

void catchFaults() {
#ifndef __SANITIZE_ADDRESS__ // which reports them better
  stack_t own = {};
  own.ss_size = 64 << 10;
  own.ss_sp = malloc(own.ss_size);
  sigaltstack(&own, nullptr);
  struct sigaction act = {};
  act.sa_sigaction = fault;
  act.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(number, &act, nullptr);
#else
  (void)fault;
#endif
}

} // namespace

extern "C" const char *__asan_default_options() { return "detect_leaks=0:detect_stack_use_after_return=0"; }
extern "C" const char *__ubsan_default_options() { return "print_stacktrace=0"; }

// Arguments: bytes of device memory, bytes of shared memory of a block, the launch that fails or 0.
int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s memory shared fail-launch\n", argv[0]);
    return 2;
  }
  doin::setMemory(strtoull(argv[1], nullptr, 10));
  sharedPerBlock = strtoull(argv[2], nullptr, 10);
  failLaunch = strtoull(argv[3], nullptr, 10);
  if (sharedPerBlock > doin::sharedMost) doin::fail("%llu bytes of shared memory", (unsigned long long)sharedPerBlock);
  out = dup(1);
  dup2(2, 1);
  signal(SIGPIPE, SIG_IGN);
  catchFaults();
  serve();
  return 0;
}
