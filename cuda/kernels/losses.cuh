// What losses have in common: what labels say, and sums over all threads.
#pragma once
#include "pack.cuh"
#include "rows.cuh"
#include "sum.cuh"

// What is no label at all: where there is none to ignore, and what an ignored label names.
constexpr int IGNORED = -2;

// The class that a label names; IGNORED where it is `ignore`, −1 where it names none.
__device__ __forceinline__ int class_of(float label, int classes, int ignore) {
    if (ignore != IGNORED && label == float(ignore)) return IGNORED;
    return label >= 0.f && label < float(classes) ? int(label) : -1;
}

// Not a number.
__device__ __forceinline__ float undefined() { return sqrtf(-1.f); }

// The block's sum of its threads' sums, times share.
template <class Warps>
__device__ __forceinline__ void put_sum(const Warps& warps, Out<float> partial, Sum sum, float share) {
    float total = sum_across(warps, sum.value(), 256);
    if (threadIdx.x == 0) partial.put(blockIdx.x, total * share);
}

// Σ f(x, target), a block's part of it. A thread takes every (grid × 256)th four of elements.
template <class Warps, class F>
__device__ __forceinline__ void sum_pairs(const Warps& warps, In<float> x, In<float> target, Out<float> partial, u64 n,
                                          float share, F f) {
    Sum sum;
    for (u64 i = first(); i < n / 4; i += stride()) {
        Pack<4> u = load<4>(x, 4 * i), v = load<4>(target, 4 * i);
        for (int l = 0; l < 4; l++) sum.add(f(u.lane[l], v.lane[l]));
    }
    for (u64 i = n / 4 * 4 + first(); i < n; i += stride()) sum.add(f(x(i), target(i)));
    put_sum(warps, partial, sum, share);
}
