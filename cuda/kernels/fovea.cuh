// What every kernel is written in: tensors with their sizes, tiles of shared memory, the line that exports a kernel.
//
// A kernel reaches global memory through In, Out and InOut, shared memory through TILE, and is defined by KERNEL; it
// has no raw pointer, no inline assembly and no float atomic. So the same source runs on a GPU, where all of this
// compiles to plain loads and stores, and on the emulator, which checks every index, counts every access and finds
// every race.
#pragma once
typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef FOVEA_EMULATOR
#include "emulator.h"
#else

// KERNEL(threads, name, parameters…) { … }: a kernel run by blocks of `threads` threads along x. Parameters are In,
// Out, InOut, int, u32, u64, float, double and structs of these; the launch wrappers in Rust are made from this line.
#define KERNEL(threads, name, ...) extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)

// A tensor (or a table of structs) that a kernel only reads: `x(i)`, and `x.four(i)` for the 16 bytes of elements
// i … i+3, i a multiple of 4.
template <class T>
struct In {
    const T* data;
    u64 size; // in elements; the emulator checks every index against it

    // Whether it was given at all: a bias may be missing.
    __device__ __forceinline__ bool given() const { return data != nullptr; }
    __device__ __forceinline__ T operator()(u64 i) const { return data[i]; }
    __device__ __forceinline__ float4 four(u64 i) const { return __ldg(reinterpret_cast<const float4*>(data + i)); }
};

template <>
__device__ __forceinline__ float In<float>::operator()(u64 i) const {
    return __ldg(data + i);
}

// A tensor that a kernel only writes.
template <class T>
struct Out {
    T* data;
    u64 size;

    __device__ __forceinline__ bool given() const { return data != nullptr; }
    __device__ __forceinline__ void put(u64 i, T value) const { data[i] = value; }
    __device__ __forceinline__ void put4(u64 i, float4 value) const { *reinterpret_cast<float4*>(data + i) = value; }
};

// A tensor that a kernel reads and writes.
template <class T>
struct InOut {
    T* data;
    u64 size;

    __device__ __forceinline__ bool given() const { return data != nullptr; }
    __device__ __forceinline__ T operator()(u64 i) const { return data[i]; }
    __device__ __forceinline__ void put(u64 i, T value) const { data[i] = value; }
    // Lowers an element to `value` if it is larger, atomically; on integers the order of such calls does not matter.
    __device__ __forceinline__ void lower(u64 i, T value) const { atomicMin(data + i, value); }
};

// An array in shared memory, row-major: `tile(i, j)` to read or assign, `tile.four(i, j)` and `tile.put4(i, j, v)` for
// the 16 bytes of tile(i, j) … tile(i, j+3). Read into a typed variable: `float a = tile(i, j);`.
template <class T, int... Dims>
struct Tile;

template <class T, int N>
struct Tile<T, N> {
    T* data;
    __device__ __forceinline__ T& operator()(int i) const { return data[i]; }
    __device__ __forceinline__ float4 four(int i) const { return *reinterpret_cast<const float4*>(data + i); }
    __device__ __forceinline__ void put4(int i, float4 v) const { *reinterpret_cast<float4*>(data + i) = v; }
};

template <class T, int M, int N>
struct Tile<T, M, N> {
    T* data;
    __device__ __forceinline__ T& operator()(int i, int j) const { return data[i * N + j]; }
    __device__ __forceinline__ float4 four(int i, int j) const {
        return *reinterpret_cast<const float4*>(data + i * N + j);
    }
    __device__ __forceinline__ void put4(int i, int j, float4 v) const {
        *reinterpret_cast<float4*>(data + i * N + j) = v;
    }
};

template <class T, int L, int M, int N>
struct Tile<T, L, M, N> {
    T* data;
    __device__ __forceinline__ T& operator()(int h, int i, int j) const { return data[(h * M + i) * N + j]; }
    __device__ __forceinline__ float4 four(int h, int i, int j) const {
        return *reinterpret_cast<const float4*>(data + (h * M + i) * N + j);
    }
    __device__ __forceinline__ void put4(int h, int i, int j, float4 v) const {
        *reinterpret_cast<float4*>(data + (h * M + i) * N + j) = v;
    }
};

template <int... Dims>
struct Product {
    static constexpr int value = (Dims * ...);
};

// TILE(float, name, 16, 68): a tile shared by the block. 16-byte aligned; at most 48 KB a kernel.
#define TILE(T, name, ...)                                                   \
    __shared__ __align__(16) T name##_storage[Product<__VA_ARGS__>::value]; \
    const Tile<T, __VA_ARGS__> name { name##_storage }

#endif

// What a step is told: one struct in device memory, since a captured graph's arguments never change.
struct StepFeed {
    float rate; // learning rate
    u32 step;   // number of the step, 0 the first
    u32 seed_low;
    u32 seed_high;
};

// How the threads of a grid share n pieces of work, however many there are:
// `for (u64 i = first(); i < n; i += stride())`.
__device__ __forceinline__ u64 first() { return u64(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ __forceinline__ u64 stride() { return u64(gridDim.x) * blockDim.x; }

constexpr u32 ALL_LANES = 0xffffffffu;

// The sum over the warp, in every lane; always in the same order.
__device__ __forceinline__ float warp_sum(float v) {
    for (int lanes = 16; lanes > 0; lanes /= 2) v += __shfl_xor_sync(ALL_LANES, v, lanes);
    return v;
}
