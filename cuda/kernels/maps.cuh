// Where the elements of maps of three axes lie; a map of fewer has leading axes of 1.
#pragma once
#include "pack.cuh"

// A position on a map of three axes, and the image and channel it belongs to.
struct Position {
    int image;
    int at[3];
    int channel;
};

// Where the `pack`-th pack of W channels lies on maps [images, extent…, channels].
template <int W>
__device__ __forceinline__ Position position(u32 pack, const int (&extent)[3], int channels) {
    Position found;
    u32 packs = channels / W;
    found.channel = int(pack % packs) * W;
    u32 rest = pack / packs;
    for (int a = 2; a >= 0; a--) {
        found.at[a] = int(rest % extent[a]);
        rest /= extent[a];
    }
    found.image = int(rest);
    return found;
}

// The index of an element of the position's image and channel, at another place on maps of `extent`.
__device__ __forceinline__ u32 index_at(const Position& of, int i, int j, int k, const int (&extent)[3], int channels) {
    return (((u32(of.image) * extent[0] + i) * extent[1] + j) * extent[2] + k) * channels + of.channel;
}
