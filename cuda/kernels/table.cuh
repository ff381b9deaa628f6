// Tables of tensors in device memory: many tensors in one launch; and the guard's word, which their kernels lower.
#pragma once
#include "fovea.cuh"

// Which entry a block works for: the last whose `first_block` is not beyond it.
template <class Entry>
__device__ __forceinline__ int entry_of_block(In<Entry> table) {
    int low = 0, high = int(table.size);
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (table(middle).first_block <= blockIdx.x) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

__device__ __forceinline__ bool is_finite(float v) { return v - v == 0.f; }

// Lowers `halted`, the guard's word, to the number of a value where some thread of the warp has met what is not finite.
__device__ __forceinline__ void halt(InOut<u32> halted, bool finite, u32 number) {
    if (__ballot_sync(ALL_LANES, !finite) != 0 && threadIdx.x % 32 == 0) halted.lower(0, number);
}
