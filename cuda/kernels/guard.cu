// Watching a step: whether its loss and gradients are finite, and what the host wants to know of it.
//
// Tables in device memory have an entry a tensor. A block looks at 4096 neighbouring elements of one tensor, whose entry it
// finds by binary search, a thread at fours of them; 4 bytes and 2 FLOP an element: bound by bytes. The smallest entry with
// an element that is no finite number ends up in `halted`, in whatever order the blocks run: a minimum of integers.
#include "pack.cuh"

constexpr int PIECE = 4096;

struct Watched {
    In<float> x;
    u32 first_block;
};

__device__ __forceinline__ bool finite_number(float v) { return v - v == 0.f; }

// Lowers halted to the first entry with an element that is no finite number. The host resets it before a step.
KERNEL(256, check_finite, In<Watched> table, InOut<u32> halted) {
    int low = 0, high = int(table.size);
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (table(middle).first_block <= blockIdx.x) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Watched e = table(low);
    u64 begin = u64(blockIdx.x - e.first_block) * PIECE;
    u64 end = begin + PIECE < e.x.size ? begin + PIECE : e.x.size;
    bool spoiled = false;
    for (u64 i = begin + 4 * threadIdx.x; i < end; i += 4 * 256) {
        if (i + 4 <= end) {
            Pack<4> v = load<4>(e.x, i);
            for (int l = 0; l < 4; l++) spoiled = spoiled || !finite_number(v.lane[l]);
        } else {
            for (u64 j = i; j < end; j++) spoiled = spoiled || !finite_number(e.x(j));
        }
    }
    if (__ballot_sync(ALL_LANES, spoiled) != 0 && threadIdx.x % 32 == 0) halted.lower(0, u32(low));
}

// An output of one element.
struct Scalar {
    In<float> x;
};

// results = the scalars, and word = halted: side by side, so that one copy brings all of it to the host.
KERNEL(32, gather, In<Scalar> scalars, In<u32> halted, Out<float> results, Out<u32> word) {
    for (u64 i = first(); i < scalars.size; i += stride()) results.put(i, scalars(i).x(0));
    if (first() == 0) word.put(0, halted(0));
}
