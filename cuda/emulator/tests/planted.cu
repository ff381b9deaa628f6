// Kernels with one error each, and beside each its repaired twin. Tests find the lines by their marks (`// <- mark`).
#include "fovea.cuh"

// ---- an index beyond a tile's row: in bounds of the storage, wrong all the same

KERNEL(128, tile_row, In<float> x, Out<float> y) {
    TILE(float, rows, 4, 32);
    int row = threadIdx.x / 32, lane = threadIdx.x % 32;
    rows(row, lane + 1) = x(first()); // <- tile_row
    __syncthreads();
    y.put(first(), rows(row, lane));
}
KERNEL(128, tile_row_repaired, In<float> x, Out<float> y) {
    TILE(float, rows, 4, 32);
    int row = threadIdx.x / 32, lane = threadIdx.x % 32;
    rows(row, lane) = x(first());
    __syncthreads();
    y.put(first(), rows(row, 31 - lane));
}

// ---- an index beyond a tensor

KERNEL(128, view_end, In<float> x, Out<float> y) {
    y.put(first() + 1, x(first())); // <- view_end
}
KERNEL(128, view_end_repaired, In<float> x, Out<float> y) { y.put(first(), x(first())); }

KERNEL(128, four_end, In<float> x, Out<float> y) {
    float4 v = x.four(4 * first() + 4 * (first() + 1 == y.size / 4)); // <- four_end
    y.put4(4 * first(), v);
}
KERNEL(128, four_end_repaired, In<float> x, Out<float> y) {
    if (4 * first() < y.size) y.put4(4 * first(), x.four(4 * first()));
}

KERNEL(128, four_crooked, In<float> x, Out<float> y) {
    float4 v = x.four(first()); // <- four_crooked
    y.put(first(), v.x);
}
KERNEL(128, four_crooked_repaired, In<float> x, Out<float> y) { y.put(first(), x.four(first() / 4 * 4).x); }

// ---- a barrier that is missing between writing and reading

KERNEL(128, no_barrier, In<float> x, Out<float> y) {
    TILE(float, turned, 128);
    turned(threadIdx.x) = 9.f;
    __syncthreads();
    turned(threadIdx.x) = x(first()); // <- no_barrier write
    y.put(first(), turned(127 - threadIdx.x)); // <- no_barrier
}
KERNEL(128, no_barrier_repaired, In<float> x, Out<float> y) {
    TILE(float, turned, 128);
    turned(threadIdx.x) = 9.f;
    __syncthreads();
    turned(threadIdx.x) = x(first());
    __syncthreads();
    y.put(first(), turned(127 - threadIdx.x));
}

// ---- and one that is missing between reading and the next round's writing

KERNEL(128, no_second_barrier, In<float> x, Out<float> y) {
    TILE(float, turned, 128);
    float sum = 0.f;
    for (int round = 0; round < 2; round++) {
        turned(threadIdx.x) = x(first()) + round; // <- no_second_barrier
        __syncthreads();
        sum += turned((threadIdx.x + 40) % 128); // <- no_second_barrier read
    }
    y.put(first(), sum);
}
KERNEL(128, no_second_barrier_repaired, In<float> x, Out<float> y) {
    TILE(float, turned, 128);
    float sum = 0.f;
    for (int round = 0; round < 2; round++) {
        turned(threadIdx.x) = x(first()) + round;
        __syncthreads();
        sum += turned((threadIdx.x + 40) % 128);
        __syncthreads();
    }
    y.put(first(), sum);
}

// ---- lanes of a warp that a shuffle does not order

KERNEL(128, no_syncwarp, In<float> x, Out<float> y) {
    TILE(float, pairs, 128);
    pairs(threadIdx.x) = warp_sum(x(first()));
    float sum = warp_sum(1.f);
    y.put(first(), sum + pairs(threadIdx.x ^ 1)); // <- no_syncwarp
}
KERNEL(128, no_syncwarp_repaired, In<float> x, Out<float> y) {
    TILE(float, pairs, 128);
    pairs(threadIdx.x) = warp_sum(x(first()));
    __syncwarp();
    y.put(first(), pairs(threadIdx.x ^ 1));
}

// ---- blocks that write, or read, what another writes

KERNEL(128, blocks_write, In<float> x, Out<float> y) {
    y.put(threadIdx.x, x(first())); // <- blocks_write
}
KERNEL(128, blocks_write_repaired, In<float> x, Out<float> y) { y.put(first(), x(first())); }

KERNEL(128, blocks_read, InOut<float> x, Out<float> y) {
    x.put(first(), 1.f); // <- blocks_read write
    y.put(first(), x((first() + 128) % x.size)); // <- blocks_read
}
KERNEL(128, blocks_read_repaired, InOut<float> x, Out<float> y) {
    x.put(first(), 1.f);
    __syncthreads();
    y.put(first(), x(first() ^ 1));
}

// ---- an atomic beside a plain write

KERNEL(128, lowers, In<float> x, InOut<u32> least) {
    if (threadIdx.x == 0 && blockIdx.x == 0) least.put(0, 7); // <- lowers plain
    least.lower(0, u32(x(first()) + 4.f)); // <- lowers
}
KERNEL(128, lowers_repaired, In<float> x, InOut<u32> least) { least.lower(0, u32(x(first()) + 4.f)); }

// ---- words that nobody has written

KERNEL(128, unwritten_tile, In<float> x, Out<float> y) {
    TILE(float, half, 128);
    if (threadIdx.x < 64) half(threadIdx.x) = x(first());
    __syncthreads();
    y.put(first(), half(threadIdx.x)); // <- unwritten_tile
}
KERNEL(128, unwritten_tile_repaired, In<float> x, Out<float> y) {
    TILE(float, half, 128);
    if (threadIdx.x < 64) half(threadIdx.x) = x(first());
    __syncthreads();
    y.put(first(), half(threadIdx.x % 64));
}

KERNEL(128, unwritten_view, In<float> x, InOut<float> y) {
    y.put(first(), x(first()) + y(first())); // <- unwritten_view
}
KERNEL(128, unwritten_view_repaired, In<float> x, InOut<float> y) { y.put(first(), x(first())); }

// ---- barriers that not all reach

KERNEL(128, barrier_in_branch, In<float> x, Out<float> y) {
    if (threadIdx.x < 64)
        __syncthreads(); // <- barrier_in_branch
    y.put(first(), x(first()));
}
KERNEL(128, barrier_in_branch_repaired, In<float> x, Out<float> y) {
    __syncthreads();
    y.put(first(), x(first()));
}

KERNEL(128, two_barriers, In<float> x, Out<float> y) {
    if (threadIdx.x < 64)
        __syncthreads();
    else
        __syncthreads(); // <- two_barriers
    y.put(first(), x(first()));
}
KERNEL(128, two_barriers_repaired, In<float> x, Out<float> y) {
    __syncthreads();
    y.put(first(), x(first()));
}

KERNEL(128, half_a_warp, In<float> x, Out<float> y) {
    float v = x(first());
    if (threadIdx.x % 32 < 16)
        v += __shfl_xor_sync(ALL_LANES, v, 1); // <- half_a_warp
    y.put(first(), v);
}
KERNEL(128, half_a_warp_repaired, In<float> x, Out<float> y) {
    float v = x(first()), other = __shfl_xor_sync(ALL_LANES, v, 1);
    y.put(first(), threadIdx.x % 32 < 16 ? v + other : v);
}

// ---- more shared memory than a block has

KERNEL(128, too_much_shared, In<float> x, Out<float> y) {
    TILE(float, a, 100, 64);
    TILE(float, b, 100, 64); // <- too_much_shared
    a(0, 0) = b(0, 0) = 1.f;
    y.put(first(), x(first()));
}
KERNEL(128, too_much_shared_repaired, In<float> x, Out<float> y) {
    TILE(float, a, 96, 64);
    TILE(float, b, 96, 64);
    if (threadIdx.x == 0) a(0, 0) = b(0, 0) = 1.f;
    y.put(first(), x(first()));
}

// ---- for the address sanitizer: an array of the thread's own

KERNEL(128, own_array, In<float> x, Out<float> y) {
    float values[4] = {};
    for (int i = 0; i < 4; i++) values[i] = x(i);
    y.put(first(), values[threadIdx.x % 5]);
}
KERNEL(128, own_array_repaired, In<float> x, Out<float> y) {
    float values[4] = {};
    for (int i = 0; i < 4; i++) values[i] = x(i);
    y.put(first(), values[threadIdx.x % 4]);
}

// ---- a view within a struct, and within a table of structs

struct Part {
    In<float> x;
    int scale;
};
KERNEL(128, within_struct, Part part, Out<float> y) { y.put(first(), part.x(first()) * part.scale); }
KERNEL(128, within_table, In<Part> parts, Out<float> y) { y.put(first(), parts(0).x(first()) * parts(0).scale); }

// ---- every collective, with sizes that fill no warp

KERNEL(48, collectives, In<float> x, Out<u32> y) {
    u32 lane = threadIdx.x % 32, i = threadIdx.x;
    u32 positive = __ballot_sync(ALL_LANES, x(i) > 0.f);
    u32 left = __shfl_sync(ALL_LANES, i, 0, 8), down = __shfl_down_sync(ALL_LANES, i, 3, 16);
    u64 wide = __shfl_xor_sync(ALL_LANES, u64(i) << 33, 1);
    y.put(i * 5, positive);
    y.put(i * 5 + 1, left);
    y.put(i * 5 + 2, down);
    y.put(i * 5 + 3, u32(wide >> 33));
    y.put(i * 5 + 4, lane);
}
