// Tables of tensors in device memory: many tensors in one launch.
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
