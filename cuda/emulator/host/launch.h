// What runs kernels, as the driver sees it.
#pragma once
#include "emulator.h"
#include <string>
#include <vector>

namespace emulator {

struct Launch {
    const Kernel* kernel;
    uint3 grid;
    u64 seed; // 0: blocks and threads in order; else in this random order
    std::vector<std::vector<char>> arguments;
};

struct Finding {
    Fault fault;
    std::string text; // empty: nothing was found
};

// Runs all blocks; stops at the first finding.
Finding run(Launch& launch);

// The kernel of this name, or null.
const Kernel* find(const char* name);

// A small random generator (xorshift64), the same on every machine.
struct Random {
    u64 state;
    u64 next() {
        state ^= state << 13;
        state ^= state >> 7;
        return state ^= state << 17;
    }
    u32 below(u32 bound) { return u32((next() >> 32) * bound >> 32); }
};

// ---- the clock of the races build (races.cpp)

// The launch and block begin, a barrier ends a stretch, a warp meets at __syncwarp.
void clock_launch(const Launch& launch);
void clock_block();
void clock_barrier();
void clock_warp(u32 warp);

} // namespace emulator
