// Device memory: where it is, what is alive, and in the races build who touched each word.
#pragma once
#include "emulator.h"

#pragma GCC visibility push(hidden)
namespace emulator {

struct Allocation {
    u64 address;
    size_t bytes;
    int device;
};

// New memory, filled with 0xff; 0 if the host has none. Addresses are never given twice.
u64 allocate(size_t bytes, int device);
bool release(u64 address);
void release_all(int device);

// The live allocation that holds all of these bytes, or null.
const Allocation* holder(u64 address, size_t bytes);

// Whether a number could be an address of device memory, alive or not.
bool looks_like_device_memory(u64 number);

// The host (or a copy) has written these bytes; a copy hands on what was never written.
void host_wrote(u64 address, size_t bytes);
void host_copied(u64 to, u64 from, size_t bytes);

// The book of a word of device memory; null where there is none. Of the races build.
Shadow* shadow_of(u64 address);

} // namespace emulator
#pragma GCC visibility pop
