// Watching a step: whether its loss and gradients are finite, and what the host wants to know of it.
//
// Tables in device memory have an entry a tensor. A block looks at 16384 neighbouring elements of one tensor, whose
// entry it finds by binary search, a thread at fours of them; 4 bytes and 2 FLOP an element: bound by bytes. The
// smallest entry with an element that is no finite number ends up in `halted`, in whatever order the blocks run: a
// minimum of integers.
#include "table.cuh"
#include "pack.cuh"

// How many elements a block looks at.
constexpr int WATCHED_PER_BLOCK = 16384;

// A value that must be finite.
struct Watched {
    In<float> x;
    u64 first_block; // of those that look at it
};

// Lowers `halted` to the first entry with an element that is no finite number. The host resets it.
KERNEL(256, check_finite, In<Watched> table, InOut<u32> halted) {
    int entry = entry_of_block(table);
    Watched watched = table(entry);
    u64 begin = (blockIdx.x - watched.first_block) * WATCHED_PER_BLOCK, size = watched.x.size;
    u64 end = begin + WATCHED_PER_BLOCK < size ? begin + WATCHED_PER_BLOCK : size;
    bool finite = true;
    for (u64 i = begin + 4 * threadIdx.x; i < end; i += 4 * blockDim.x) {
        if (i + 4 <= end) {
            Pack<4> v = load<4>(watched.x, i);
            for (int l = 0; l < 4; l++) finite = finite && is_finite(v.lane[l]);
        } else {
            for (u64 j = i; j < end; j++) finite = finite && is_finite(watched.x(j));
        }
    }
    halt(halted, finite, u32(entry));
}

// results(0) has the bits of `halted`, results(1 + i) the only element of scalars(i): one copy brings all of it to the
// host.
KERNEL(32, gather, In<In<float>> scalars, InOut<u32> halted, Out<float> results) {
    if (first() == 0) results.put(0, __uint_as_float(halted(0)));
    for (u64 i = first(); i < scalars.size; i += stride()) results.put(1 + i, scalars(i)(0));
}
