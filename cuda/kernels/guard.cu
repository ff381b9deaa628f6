// The guard of a training step: whether all that the updates will read is finite, and what the host is told of the step.
//
// Both read what other kernels have written and are bound by bytes: 4 an element watched, once a step.
#include "fovea.cuh"

// A value that must be finite.
struct Watched {
    In<float> x;
    u32 first_block; // of those that look at it
};

// How many elements a block looks at.
constexpr int WATCHED_PER_BLOCK = 16384;

// Lowers `halted` to the number of the first entry with an element that is not finite. A block looks at a piece of one
// entry, thread after thread; the lowest number wins whatever the order, so the answer is always the same.
KERNEL(256, finite, In<Watched> table, InOut<u32> halted) {
    int entry = 0;
    for (int step = 1 << 24; step > 0; step /= 2) {
        int next = entry + step;
        if (next < int(table.size) && table(next).first_block <= blockIdx.x) entry = next;
    }
    Watched watched = table(entry);
    u64 start = u64(blockIdx.x - watched.first_block) * WATCHED_PER_BLOCK;
    u64 end = start + WATCHED_PER_BLOCK < watched.x.size ? start + WATCHED_PER_BLOCK : watched.x.size;
    bool finite = true;
    for (u64 i = start + threadIdx.x; i < end; i += blockDim.x) {
        float v = watched.x(i);
        finite = finite && v - v == 0.f;
    }
    if (!finite) halted.lower(0, u32(entry));
}

// results(0) has the bits of `halted`, results(1 + i) the only element of scalars(i): one copy brings all of it to the host.
KERNEL(32, gather, In<In<float>> scalars, InOut<u32> halted, Out<float> results) {
    if (threadIdx.x == 0) results.put(0, __uint_as_float(halted(0)));
    for (int i = threadIdx.x; i < int(scalars.size); i += 32) results.put(1 + i, scalars(i)(0));
}
