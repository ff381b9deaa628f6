// Fibers: 256 KB of stack each, switched by saving the six registers that a call must keep (System V x86-64).
#include "fibers.h"
#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include <vector>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

asm(R"(
.text
.globl emulator_switch
.hidden emulator_switch
.type emulator_switch, @function
emulator_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
.size emulator_switch, .-emulator_switch
)");
extern "C" __attribute__((visibility("hidden"))) void emulator_switch(void** save, void* to);

namespace emulator {
namespace {

constexpr size_t STACK = 256 << 10, GUARD = 4096;

std::vector<Fiber*> all, idle;
void (*body)();
void* host_top;

// What AddressSanitizer wants to be told of a switch: where to, before it; that it happened, after it.
#ifdef __SANITIZE_ADDRESS__
const void* host_stack;
size_t host_size;
bool left_host;

void leave(void** sanitizer, bool host, Fiber* to) {
    left_host = host;
    __sanitizer_start_switch_fiber(sanitizer, to ? to->stack : host_stack, to ? STACK : host_size);
}
void arrive(void* sanitizer) {
    const void* stack;
    size_t size;
    __sanitizer_finish_switch_fiber(sanitizer, &stack, &size);
    if (left_host) host_stack = stack, host_size = size;
}
#else
void leave(void**, bool, Fiber*) {}
void arrive(void*) {}
#endif

void enter() {
    arrive(nullptr);
    body();
    abort();
}

// A stack whose first switch runs `enter`. The tops lie apart, or all fibers would fight for the same cache lines.
void begin(Fiber* fiber) {
    auto** top = reinterpret_cast<void**>(fiber->stack + STACK - 64 - fiber->number % 61 * 64);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(enter);
    for (int saved = 0; saved < 6; saved++) *--top = nullptr;
    fiber->top = top;
    fiber->launch = 0;
    fiber->sanitizer = nullptr;
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(fiber->stack + GUARD, STACK - GUARD);
#endif
}

} // namespace

Fiber* idle_fiber(void (*work)()) {
    body = work;
    if (idle.empty()) {
        void* stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED || mprotect(stack, GUARD, PROT_NONE) != 0) abort();
        auto* fiber = new Fiber;
        fiber->stack = static_cast<char*>(stack);
        fiber->number = all.size();
        begin(fiber);
        all.push_back(fiber);
        return fiber;
    }
    Fiber* fiber = idle.back();
    idle.pop_back();
    return fiber;
}

void make_idle(Fiber* fiber) { idle.push_back(fiber); }

void switch_fiber(Fiber* from, Fiber* to) {
    void* host_sanitizer = nullptr;
    void** sanitizer = from ? &from->sanitizer : &host_sanitizer;
    leave(sanitizer, from == nullptr, to);
    emulator_switch(from ? &from->top : &host_top, to ? to->top : host_top);
    arrive(*sanitizer);
}

void abandon() {
    idle.clear();
    for (Fiber* fiber : all) {
        begin(fiber); // clobbers the first frame at most, to which nobody returns
        idle.push_back(fiber);
    }
    void* nowhere;
    leave(nullptr, false, nullptr);
    emulator_switch(&nowhere, host_top);
    abort();
}

} // namespace emulator
