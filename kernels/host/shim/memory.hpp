// The device's memory: allocations, each between two guards that nothing may touch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace doin {

// How much can be allocated in all.
void setMemory(uint64_t bytes);

// Memory of the given size, aligned to 256 bytes and filled with poison; 0 when there is not enough.
uint64_t allocate(uint64_t bytes);

// False when nothing was allocated there.
bool release(uint64_t address);

// Whether all the bytes lie in one allocation.
bool within(uint64_t address, uint64_t bytes);

// Allocation is a piece of memory as the search for races sees it.
struct Allocation {
  uint64_t bytes;  // asked for
  char *map;       // with its guards
  size_t mapBytes;
  void *shadow;    // of the search for races, or nullptr
  size_t shadowBytes;
};

// The allocation that holds the address, and where it begins; nullptr when there is none.
Allocation *find(uint64_t address, uint64_t *begin);

// Makes the search for races forget which allocation it saw last.
void forget();

} // namespace doin
