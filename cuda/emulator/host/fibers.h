// Stacks that the threads of a block run on, and the switch between them.
#pragma once
#include <cstddef>

#pragma GCC visibility push(hidden)
namespace emulator {

struct Fiber {
    void* top = nullptr; // its stack pointer while another runs
    char* stack = nullptr;
    size_t number = 0;
    unsigned long long launch = 0; // the launch it last worked for
    void* sanitizer = nullptr;
};

// A fiber that nobody uses; `work` is what a new one does, for ever.
Fiber* idle_fiber(void (*work)());
void make_idle(Fiber* fiber);

// From the fiber that runs (null: the host's thread) to another (null: the host's thread).
void switch_fiber(Fiber* from, Fiber* to);

// From the fiber that runs to the host's thread; all fibers forget what they did and are idle.
[[noreturn]] void abandon();

} // namespace emulator
#pragma GCC visibility pop
