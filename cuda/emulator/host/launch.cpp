// The scheduler: blocks one after the other, the threads of a block in turn until each waits or is done.
//
// `ready` holds the threads that can run. In order, the last of it is taken and it is filled backwards, so threads of
// one warp run together; with a seed any of it is taken. A thread that does not wait returns to Entry::work, which
// starts the next one on the same fiber; one that waits turns to another fiber directly.
#include "launch.h"
#include "fibers.h"
#include <cstdarg>
#include <cstdio>

uint3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {

Traffic traffic;
u64 running_block = 0;

namespace {

constexpr u32 MAX_THREADS = 1024;
constexpr size_t MAX_SHARED = 48 << 10;

const Kernel* kernels = nullptr;

// ---- the launch
const Launch* launch;
std::vector<void*> arguments;
u64 launches = 0, blocks, next_block;
std::vector<u32> block_order;
size_t shared_bytes;
Random random_order{1};
Finding finding;

// ---- the block
u32 ready[MAX_THREADS], ready_count, done_count, barrier_count;
Source barrier_source;
Fiber* fibers[MAX_THREADS]; // of the threads that have begun
Fiber* running;

struct Warp {
    u32 arrived = 0; // lanes that wait
    // Of each of them: for whom it waits, in what, what it gives and then gets, whose it wants, and its line.
    u32 mask[32];
    Together what[32];
    u64 bits[32];
    u32 source[32];
    Source where[32];
} warps[MAX_THREADS / 32];

const char* words(Together what) {
    switch (what) {
    case Together::syncwarp: return "__syncwarp";
    case Together::shuffle: return "__shfl_sync";
    case Together::ballot: return "__ballot_sync";
    default: return "nothing";
    }
}

u32 take() {
    if (launch->seed) std::swap(ready[random_order.below(ready_count)], ready[ready_count - 1]);
    return ready[--ready_count];
}

void all_ready() {
    u32 n = blockDim.x;
    for (u32 t = 0; t < n; t++) ready[t] = n - 1 - t;
    ready_count = n;
}

// The next block of the launch; false if there is none.
bool start_block() {
    if (next_block == blocks) return false;
    u64 b = block_order.empty() ? next_block : block_order[next_block];
    next_block++;
    blockIdx = {u32(b % gridDim.x), u32(b / gridDim.x % gridDim.y), u32(b / gridDim.x / gridDim.y)};
    running_block++;
    shared_bytes = 0;
    clock_block();
    std::memset(fibers, 0, sizeof(Fiber*) * blockDim.x);
    done_count = barrier_count = 0;
    all_ready();
    return true;
}

void work() {
    for (;;) {
        running->launch = launches;
        launch->kernel->work(arguments.data());
    }
}

// Nobody can run and not all are done or at the barrier.
[[noreturn]] void stuck() {
    for (u32 t = 0; t < blockDim.x; t++) {
        Warp& warp = warps[t / 32];
        if (!(warp.arrived >> t % 32 & 1)) continue;
        threadIdx.x = t;
        fail(Fault::launch_failed, warp.where[t % 32],
             "deadlock: %s waits for lanes %#010x, of which only %#010x came; %u threads wait at __syncthreads and %u "
             "have left the kernel",
             words(warp.what[t % 32]), warp.mask[t % 32], warp.arrived & warp.mask[t % 32], barrier_count, done_count);
    }
    fail(Fault::launch_failed, barrier_source,
         "divergent barrier: %u of %u threads wait at __syncthreads, %u have left the kernel", barrier_count,
         blockDim.x, done_count);
}

// The running thread waits, or is done and its fiber `idle`. Returns on this fiber when its thread can run again, or an
// idle fiber has a new thread.
void proceed(bool is_idle) {
    Fiber* self = running;
    while (!ready_count) {
        if (barrier_count == blockDim.x) {
            barrier_count = 0;
            clock_barrier();
            all_ready();
        } else if (done_count == blockDim.x) {
            if (start_block()) continue;
            make_idle(self);
            switch_fiber(self, nullptr);
            return;
        } else {
            stuck();
        }
    }
    u32 thread = take();
    threadIdx.x = thread;
    Fiber* other = fibers[thread];
    if (!other) other = fibers[thread] = is_idle ? self : idle_fiber(work);
    if (other == self) return;
    if (is_idle) make_idle(self);
    running = other;
    switch_fiber(self, other);
}

std::string vformat(const char* format, va_list values) {
    char text[1024];
    vsnprintf(text, sizeof text, format, values);
    return text;
}

std::string format(const char* format, ...) {
    va_list values;
    va_start(values, format);
    std::string text = vformat(format, values);
    va_end(values);
    return text;
}

} // namespace

Kernel::Kernel(const char* name, u32 threads, void (*work)(void**), const Parameter* parameters, u32 count)
    : name(name), threads(threads), work(work), parameters(parameters), count(count), next(kernels) {
    kernels = this;
}

const Kernel* find(const char* name) {
    const Kernel* kernel = kernels;
    while (kernel && strcmp(kernel->name, name) != 0) kernel = kernel->next;
    return kernel;
}

Finding run(Launch& what) {
    launch = &what;
    launches++;
    arguments.clear();
    for (auto& bytes : what.arguments) arguments.push_back(bytes.data());
    blockDim = {what.kernel->threads, 1, 1};
    gridDim = what.grid;
    blocks = u64(gridDim.x) * gridDim.y * gridDim.z;
    next_block = 0;
    finding = {Fault::launch_failed, ""};
    for (Warp& warp : warps) warp.arrived = 0;
    block_order.clear();
    if (what.seed) {
        random_order.state = what.seed * 0x9e3779b97f4a7c15u | 1;
        for (u64 b = 0; b < blocks; b++) block_order.push_back(b);
        for (u64 b = blocks; b > 1; b--) std::swap(block_order[b - 1], block_order[random_order.below(b)]);
    }
    clock_launch(what);
    start_block();
    running = idle_fiber(work);
    u32 thread = take();
    threadIdx = {thread, 0, 0};
    fibers[thread] = running;
    switch_fiber(nullptr, running);
    return std::move(finding);
}

bool next_thread() {
    done_count++;
    proceed(true);
    return running->launch == launches;
}

void reach(Site& site, void* storage, size_t bytes, Source from) {
    site.block = running_block;
    shared_bytes += bytes;
    if (shared_bytes > MAX_SHARED)
        fail(Fault::launch_failed, from, "%zu bytes of tiles, %zu fit in a block", shared_bytes, MAX_SHARED);
    std::memset(storage, 0xff, bytes);
}

void barrier(Source from) {
    if (barrier_count == 0) barrier_source = from;
    if (from.line != barrier_source.line || strcmp(from.file, barrier_source.file) != 0)
        fail(Fault::launch_failed, from, "divergent barrier: others of the block wait at the __syncthreads of %s:%d",
             barrier_source.file, barrier_source.line);
    barrier_count++;
    proceed(false);
}

u64 collective(Together what, u32 mask, u64 bits, u32 source, Source from) {
    u32 number = threadIdx.x / 32, lane = threadIdx.x % 32;
    u32 lanes = blockDim.x - number * 32;
    if (lanes < 32) mask &= (1u << lanes) - 1;
    Warp& warp = warps[number];
    if (!(mask >> lane & 1))
        fail(Fault::launch_failed, from, "%s: lane %u is not in its own mask %#010x", words(what), lane, mask);
    warp.arrived |= 1u << lane;
    warp.mask[lane] = mask;
    warp.what[lane] = what;
    warp.bits[lane] = bits;
    warp.source[lane] = source;
    warp.where[lane] = from;
    if ((warp.arrived & mask) != mask) {
        proceed(false);
        return warp.bits[lane];
    }
    u64 given[32], ballot = 0;
    for (u32 l = 0; l < 32; l++) {
        if (!(mask >> l & 1)) continue;
        if (warp.mask[l] != mask || warp.what[l] != what)
            fail(Fault::launch_failed, from, "divergent warp: %s for lanes %#010x meets the %s for %#010x of %s:%d",
                 words(what), mask, words(warp.what[l]), warp.mask[l], warp.where[l].file, warp.where[l].line);
        given[l] = warp.bits[l];
        ballot |= given[l] << l;
    }
    for (u32 l = 32; l-- > 0;) {
        if (!(mask >> l & 1)) continue;
        if (what == Together::shuffle && !(mask >> warp.source[l] & 1))
            fail(Fault::launch_failed, warp.where[l],
                 "__shfl_sync: lane %u reads lane %u, which is not in the mask %#010x", l, warp.source[l], mask);
        warp.bits[l] = what == Together::shuffle ? given[warp.source[l]] : ballot;
        if (l != lane) ready[ready_count++] = number * 32 + l;
    }
    warp.arrived &= ~mask;
    if (what == Together::syncwarp && mask == (lanes < 32 ? (1u << lanes) - 1 : ~0u)) clock_warp(number);
    return warp.bits[lane];
}

void fail(Fault fault, Source from, const char* what, ...) {
    va_list values;
    va_start(values, what);
    std::string text = vformat(what, values);
    va_end(values);
    finding = {fault, format("%s, %s:%d: %s; block (%u, %u, %u) of (%u, %u, %u), thread %u of %u", launch->kernel->name,
                             from.file, from.line, text.c_str(), blockIdx.x, blockIdx.y, blockIdx.z, gridDim.x,
                             gridDim.y, gridDim.z, threadIdx.x, blockDim.x)};
    text.~basic_string(); // nobody returns from here
    abandon();
}

void outside(const char* what, u64 index, u64 size, Source from) {
    fail(Fault::illegal_address, from, "%s index %lld of a view of %llu elements", what, static_cast<long long>(index),
         size);
}

void outside_tile(const char* tile, int dimension, long long index, int size, Source from) {
    fail(Fault::illegal_address, from, "index %lld of tile %s, whose dimension %d has %d", index, tile, dimension,
         size);
}

void misaligned(const char* what, u64 index, Source from) {
    fail(Fault::misaligned_address, from, "%s: 16 bytes at index %lld, which is not at a multiple of 16 bytes", what,
         static_cast<long long>(index));
}

} // namespace emulator
