#include "memory.hpp"

#include "block.hpp"

#include <map>
#include <sys/mman.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

namespace doin {
namespace {

constexpr size_t page = 4096;
constexpr size_t guard = 16 << 20; // on each side; it takes addresses, not memory
constexpr size_t alignment = 256;

std::map<uint64_t, Allocation> allocations;
uint64_t most, used;

size_t up(size_t n, size_t to) { return (n + to - 1) / to * to; }

} // namespace

void setMemory(uint64_t bytes) { most = bytes; }

uint64_t allocate(uint64_t bytes) {
  if (bytes == 0 || bytes > most) return 0;
  size_t size = up(bytes, alignment), body = up(size, page), whole = body + 2 * guard;
  if (size > most - used) return 0;
  char *m = (char *)mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (m == MAP_FAILED) return 0;
  if (mprotect(m + guard, body, PROT_READ | PROT_WRITE) != 0) {
    munmap(m, whole);
    return 0;
  }
  // The end is at the guard, as close as the alignment lets it be.
  char *at = m + guard + body - size;
  fill(m + guard, body);
  ASAN_POISON_MEMORY_REGION(m + guard, body);
  ASAN_UNPOISON_MEMORY_REGION(at, bytes);
  used += size;
  allocations[(uint64_t)at] = {bytes, m, whole, nullptr, 0};
  return (uint64_t)at;
}

bool release(uint64_t address) {
  auto i = allocations.find(address);
  if (i == allocations.end()) return false;
  Allocation &a = i->second;
  ASAN_UNPOISON_MEMORY_REGION(a.map + guard, a.mapBytes - 2 * guard);
  munmap(a.map, a.mapBytes);
  if (a.shadow != nullptr) munmap(a.shadow, a.shadowBytes);
  used -= up(a.bytes, alignment);
  allocations.erase(i);
  forget();
  return true;
}

Allocation *find(uint64_t address, uint64_t *begin) {
  auto i = allocations.upper_bound(address);
  if (i == allocations.begin()) return nullptr;
  --i;
  if (address - i->first >= i->second.bytes) return nullptr;
  *begin = i->first;
  return &i->second;
}

bool within(uint64_t address, uint64_t bytes) {
  uint64_t begin;
  Allocation *a = find(address, &begin);
  return a != nullptr && bytes <= a->bytes - (address - begin);
}

} // namespace doin
