// Sums of many numbers whose error does not grow with their count.
#pragma once
#include "fovea.cuh"

// A sum and what rounding has taken from it so far (D. Knuth, "The art of computer programming", volume 2, 4.2.2).
struct Sum {
    float rounded = 0.f;
    float rest = 0.f;

    __device__ __forceinline__ void add(float v) {
        float sum = rounded + v;
        float added = sum - rounded;
        rest += (rounded - (sum - added)) + (v - added);
        rounded = sum;
    }

    __device__ __forceinline__ void add(Sum other) {
        add(other.rounded);
        rest += other.rest;
    }

    // An infinite sum has no rest: there it is not a number.
    __device__ __forceinline__ float value() const { return rest == rest ? rounded + rest : rounded; }
};
