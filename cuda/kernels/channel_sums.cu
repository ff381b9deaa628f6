// Sums over all but the channels: of elements, of squared distances, of products, of what two regions have in common.
//
// x [positions, channels], y [slices, channels], the workspace where slices > 1. A block is `width` threads along the
// channels (a power of two, at most 32) and 256/width along the positions of one slice; each thread sums every
// (256/width)th position, then the block adds up its threads, half to half. Neighbouring threads read neighbouring
// channels. `channel_sum` itself adds up the slices: two passes in a fixed order, no atomics. 4 bytes (8 with dy) and 8
// to 10 FLOP an element: bound by bytes. The rounding errors are summed too (see Sum), so that a million positions cost
// no accuracy. Squares are of distances from a mean that is known: the two-pass variance of T. Chan, G. Golub and
// R. LeVeque, The American Statistician 37, 1983.
#include "regions.cuh"

// What a sum is multiplied by in the end: `share`, and 1/√(variance + eps) where a variance is given.
struct Finish {
    float share;
    float eps;
    In<float> variance; // [channels]
};

// y[row, c] = Σ value(i, mean[c]) over the positions of the slice blockIdx.y, i the index of channel c there.
template <class RoundedTile, class RestTile, class F>
__device__ __forceinline__ void sum_channels(const RoundedTile& rounded, const RestTile& rest, In<float> mean,
                                             Out<float> y, u64 row, int positions, int channels, int slice,
                                             int width, Finish finish, F value) {
    int lines = 256 / width, line = int(threadIdx.x) / width;
    int c = int(blockIdx.x) * width + int(threadIdx.x) % width;
    Sum sum;
    if (c < channels) {
        u64 begin = u64(blockIdx.y) * slice, all = positions;
        u64 end = begin + slice < all ? begin + slice : all;
        float middle = mean.given() ? mean(c) : 0.f;
#pragma unroll 4
        for (u64 p = begin + line; p < end; p += lines) sum.add(value(p * channels + c, middle));
    }
    for (int half = lines / 2; half > 0; half /= 2) {
        rounded(threadIdx.x) = sum.rounded;
        rest(threadIdx.x) = sum.rest;
        __syncthreads();
        if (line < half) {
            Sum other;
            other.rounded = rounded(threadIdx.x + half * width);
            other.rest = rest(threadIdx.x + half * width);
            sum.add(other);
        }
        __syncthreads();
    }
    if (line > 0 || c >= channels) return;
    float total = sum.value() * finish.share;
    if (finish.variance.given()) total /= sqrtf(finish.variance(c) + finish.eps);
    y.put(row * channels + c, total);
}

// Σ x.
KERNEL(256, channel_sum, In<float> x, Out<float> y, int positions, int channels, int slice, int width, Finish finish) {
    TILE(float, rounded, 256);
    TILE(float, rest, 256);
    In<float> no_mean = {};
    sum_channels(rounded, rest, no_mean, y, blockIdx.y, positions, channels, slice, width, finish,
                 [&](u64 i, float) { return x(i); });
}

// Σ (x − mean)².
KERNEL(256, channel_squares, In<float> x, In<float> mean, Out<float> y, int positions, int channels, int slice,
       int width, Finish finish) {
    TILE(float, rounded, 256);
    TILE(float, rest, 256);
    sum_channels(rounded, rest, mean, y, blockIdx.y, positions, channels, slice, width, finish, [&](u64 i, float middle) {
        float distance = x(i) - middle;
        return distance * distance;
    });
}

// Σ dy·(x − mean).
KERNEL(256, channel_products, In<float> x, In<float> mean, In<float> dy, Out<float> y, int positions, int channels,
       int slice, int width, Finish finish) {
    TILE(float, rounded, 256);
    TILE(float, rest, 256);
    sum_channels(rounded, rest, mean, y, blockIdx.y, positions, channels, slice, width, finish,
                 [&](u64 i, float middle) { return dy(i) * (x(i) - middle); });
}

// Σ p·g, Σ p and Σ g over the positions that count, g being how much there is of a class; blockIdx.z says which of the
// three. y [slices, 3, channels].
KERNEL(256, overlap, In<float> p, In<float> target, Out<float> y, int positions, int channels, int slice, int width,
       int labelled, int ignore) {
    TILE(float, rounded, 256);
    TILE(float, rest, 256);
    In<float> none = {};
    Finish finish = {1.f, 0.f, none};
    Regions regions(target, channels, labelled, ignore);
    u64 row = u64(blockIdx.y) * 3 + blockIdx.z;
    sum_channels(rounded, rest, none, y, row, positions, channels, slice, width, finish, [&](u64 i, float) {
        bool counts;
        float share = regions.share(i / channels, int(i % channels), counts);
        if (!counts) return 0.f;
        return blockIdx.z == 0 ? p(i) * share : blockIdx.z == 1 ? p(i) : share;
    });
}
