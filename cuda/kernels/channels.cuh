// Which thread takes which channels of which positions, where a kernel knows something of each channel.
#pragma once
#include "pack.cuh"

// Tensors [positions, channels], their channels in packs of W. A block is `width` threads (a power of two) along the
// packs and blockDim/width along the positions; the grid is packs/width by as many blocks as share the positions. So
// neighbouring threads take neighbouring channels, and what a thread knows of its own it works out once.
template <int W>
struct Channels {
    int positions;
    int channels;
    int channel; // the thread's first
    int from;    // its first position
    int step;    // from one of its positions to the next

    __device__ __forceinline__ Channels(int positions, int channels, int width)
        : positions(positions), channels(channels) {
        int lines = int(blockDim.x) / width;
        channel = (int(blockIdx.x) * width + int(threadIdx.x) % width) * W;
        from = int(blockIdx.y) * lines + int(threadIdx.x) / width;
        step = int(gridDim.y) * lines;
    }

    // Whether there are such channels at all.
    __device__ __forceinline__ bool any() const { return channel < channels; }

    // What f makes of the number of each of the thread's channels.
    template <class F>
    __device__ __forceinline__ Pack<W> each(F f) const {
        Pack<W> made;
        for (int l = 0; l < W; l++) made.lane[l] = f(channel + l);
        return made;
    }

    // Calls f with the index of the thread's first channel at each of its positions.
    template <class F>
    __device__ __forceinline__ void walk(F f) const {
        if (!any()) return;
        for (u64 p = from; p < u64(positions); p += step) f(p * channels + channel);
    }
};
