// What of each class there is at a position: by labels, or as it stands.
#pragma once
#include "losses.cuh"

struct Regions {
    In<float> target; // [positions], class numbers, where it is labelled, else [positions, channels]
    int channels;
    int labelled;
    int ignore; // the label whose positions do not count

    __device__ __forceinline__ Regions(In<float> target, int channels, int labelled, int ignore)
        : target(target), channels(channels), labelled(labelled), ignore(ignore) {}

    // How much of class k there is; `counts`: whether the position counts at all.
    __device__ __forceinline__ float share(u64 position, int k, bool& counts) const {
        counts = true;
        if (!labelled) return target(position * channels + k);
        int named = class_of(target(position), channels, ignore);
        counts = named != IGNORED;
        return named == -1 ? undefined() : named == k ? 1.f : 0.f;
    }
};
