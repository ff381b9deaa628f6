// Rows of numbers, each the business of a few threads: softmax and what follows from it.
#pragma once
#include "fovea.cuh"

// A block of 256 threads is divided into groups of `lanes` threads, a power of two up to 32, or all 256; a group takes
// a row at a time. All groups go round equally often, so that they may exchange values: `valid()` says whether there is
// a row for this one.
struct Rows {
    int rows;
    int channels;
    int lanes;
    u32 row; // the group's

    __device__ __forceinline__ Rows(int rows, int channels, int lanes) : rows(rows), channels(channels), lanes(lanes) {
        row = blockIdx.x * groups() + threadIdx.x / lanes;
    }

    __device__ __forceinline__ u32 groups() const { return 256 / lanes; }
    __device__ __forceinline__ int lane() const { return int(threadIdx.x) % lanes; }
    __device__ __forceinline__ bool valid() const { return row < u32(rows); }

    // Whether a group of the block has a row left; the same for all its threads.
    __device__ __forceinline__ bool any() const { return row - threadIdx.x / lanes < u32(rows); }
    __device__ __forceinline__ void next() { row += gridDim.x * groups(); }

    // Calls f with each of the thread's channels and its index.
    template <class F>
    __device__ __forceinline__ void walk(F f) const {
        if (!valid()) return;
        for (int k = lane(); k < channels; k += lanes) f(k, u64(row) * channels + k);
    }
};

// What f, associative and commutative, makes of the values of a group's threads, in all of them; always in the same
// order. `warps` holds a number for each warp of the block.
template <class Warps, class F>
__device__ __forceinline__ float across(const Warps& warps, float v, int lanes, F f) {
    for (int other = (lanes < 32 ? lanes : 32) / 2; other > 0; other /= 2) {
        v = f(v, __shfl_xor_sync(ALL_LANES, v, other));
    }
    if (lanes <= 32) return v;
    if (threadIdx.x % 32 == 0) warps(threadIdx.x / 32) = v;
    __syncthreads();
    v = warps(0);
    for (int w = 1; w < 8; w++) v = f(v, float(warps(w)));
    __syncthreads();
    return v;
}

template <class Warps>
__device__ __forceinline__ float sum_across(const Warps& warps, float v, int lanes) {
    return across(warps, v, lanes, [](float a, float b) { return a + b; });
}

// The largest; what is not a number is passed over.
template <class Warps>
__device__ __forceinline__ float max_across(const Warps& warps, float v, int lanes) {
    return across(warps, v, lanes, [](float a, float b) { return fmaxf(a, b); });
}

constexpr float LOWEST = -3.402823466e38f;

// The largest of a row; LOWEST where nothing is larger.
template <class Warps>
__device__ __forceinline__ float largest(const Warps& warps, const Rows& row, In<float> x) {
    float largest = LOWEST;
    row.walk([&](int, u64 i) { largest = fmaxf(largest, x(i)); });
    return max_across(warps, largest, row.lanes);
}
