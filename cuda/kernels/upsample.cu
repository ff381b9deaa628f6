// Larger maps, nearest or linear, and the gradient.
//
// x, dx [images, extent…, channels], y, dy [images, factor·extent…, channels]; maps of fewer than three axes have
// leading axes of 1. A thread takes four channels (one where channels is no multiple of 4) of one position of y, or of
// dx, and gathers from the elements it is mixed with: no atomics. Neighbouring threads take neighbouring channels. 4
// bytes an element of y and 4 for each element it reads, mostly from cache; linear 3 FLOP for each: bound by bytes.
// Samples lie at the middles of pixels (PyTorch's align_corners=False).
#include "maps.cuh"
#include "sum.cuh"

struct Enlarging {
    int extent[3]; // of the smaller map
    int enlarged[3]; // of the larger
    int factor[3];
    int channels;
    int linear; // 1: linear, 0: nearest
};

// Where an element of the larger axis takes its value from: two neighbours and the share of the second.
struct Source {
    int low;
    int high;
    float share;
};

// The middle of element i lies at (2i + 1 − factor)/(2·factor) of the smaller axis, in whole numbers without rounding.
__device__ __forceinline__ Source source(const Enlarging& by, int a, int i) {
    if (!by.linear) return {i / by.factor[a], i / by.factor[a], 0.f};
    u32 factor = by.factor[a], twice = 2 * u32(i) + 1;
    if (twice <= factor) return {0, 0, 0.f};
    u32 whole = (twice - factor) / (2 * factor), rest = (twice - factor) % (2 * factor);
    int low = int(whole), last = by.extent[a] - 1;
    if (low >= last) return {last, last, 0.f};
    return {low, low + 1, float(rest) / float(2 * factor)};
}

// How much of element j of the smaller axis is in element i of the larger.
__device__ __forceinline__ float share_of(const Enlarging& by, int a, int i, int j) {
    Source from = source(by, a, i);
    return (from.low == j ? 1.f - from.share : 0.f) + (from.high == j ? from.share : 0.f);
}

template <int W>
__device__ __forceinline__ void enlarged(In<float> x, Out<float> y, u64 n, const Enlarging& by) {
    for (u64 index = first(); index < n / W; index += stride()) {
        Position to = position<W>(u32(index), by.enlarged, by.channels);
        Source from[3];
        for (int a = 0; a < 3; a++) from[a] = source(by, a, to.at[a]);
        Pack<W> sum = {};
        for (int corner = 0; corner < 8; corner++) {
            int at[3];
            float share = 1.f;
            for (int a = 0; a < 3; a++) {
                bool high = corner >> a & 1;
                at[a] = high ? from[a].high : from[a].low;
                share *= high ? from[a].share : 1.f - from[a].share;
            }
            if (share == 0.f) continue;
            Pack<W> v = load<W>(x, index_at(to, at[0], at[1], at[2], by.extent, by.channels));
            for (int l = 0; l < W; l++) sum.lane[l] += share * v.lane[l];
        }
        store(y, index * W, sum);
    }
}

// y = Σ share · x over the two elements along each axis, or one; what has no share is not read.
KERNEL(256, upsample, In<float> x, Out<float> y, u64 n, Enlarging by) {
    if (by.channels % 4 == 0) {
        enlarged<4>(x, y, n, by);
    } else {
        enlarged<1>(x, y, n, by);
    }
}

// The elements of the larger axis that element j of the smaller may be in: from `low` up to `high`.
struct Readers {
    int low;
    int high;
};

__device__ __forceinline__ Readers readers(const Enlarging& by, int a, int j) {
    int factor = by.factor[a];
    if (!by.linear) return {j * factor, (j + 1) * factor};
    int low = (j - 1) * factor + (factor + 1) / 2, last = by.extent[a] - 1;
    return {low > 0 ? low : 0, j < last ? (j + 1) * factor + factor / 2 : by.enlarged[a]};
}

template <int W>
__device__ __forceinline__ void gathered(In<float> dy, Out<float> dx, u64 n, const Enlarging& by) {
    for (u64 index = first(); index < n / W; index += stride()) {
        Position to = position<W>(u32(index), by.extent, by.channels);
        Readers rows = readers(by, 0, to.at[0]), lines = readers(by, 1, to.at[1]), places = readers(by, 2, to.at[2]);
        Sum sum[W];
        for (int i = rows.low; i < rows.high; i++) {
            float outer = share_of(by, 0, i, to.at[0]);
            for (int j = lines.low; j < lines.high; j++) {
                float middle = outer * share_of(by, 1, j, to.at[1]);
                for (int k = places.low; k < places.high; k++) {
                    float share = middle * share_of(by, 2, k, to.at[2]);
                    if (share == 0.f) continue;
                    Pack<W> v = load<W>(dy, index_at(to, i, j, k, by.enlarged, by.channels));
                    for (int l = 0; l < W; l++) sum[l].add(share * v.lane[l]);
                }
            }
        }
        Pack<W> total;
        for (int l = 0; l < W; l++) total.lane[l] = sum[l].value();
        store(dx, index * W, total);
    }
}

// dx = Σ share · dy over the elements that x is in.
KERNEL(256, upsample_grad, In<float> dy, Out<float> dx, u64 n, Enlarging by) {
    if (by.channels % 4 == 0) {
        gathered<4>(dy, dx, n, by);
    } else {
        gathered<1>(dy, dx, n, by);
    }
}
