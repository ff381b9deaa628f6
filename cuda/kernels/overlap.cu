// How far regions cover each other: the gradient by the probabilities, the Dice loss and its gradient.
//
// p [positions, channels]; target [positions], class numbers held as floats, where it is `labelled`, else shares as p;
// sums and d [3, channels]; dy and the loss are scalars. The sums themselves are channel_sums.cu's. The gradient: a
// thread takes every (grid × 256)th element, 8 to 12 bytes and 2 FLOP each. The loss is the work of one block.
// Source: F. Milletari, N. Navab and S.-A. Ahmadi, 3DV 2016; see graph/src/op/overlap.rs.
#include "regions.cuh"
#include "rows.cuh"

// dp = d[0, k]·g + d[1, k] where a position counts, else 0.
KERNEL(256, overlap_grad, In<float> target, In<float> d, Out<float> dp, u64 n, int channels, int labelled,
       int ignore) {
    Regions regions(target, channels, labelled, ignore);
    for (u64 i = first(); i < n; i += stride()) {
        int k = int(i % channels);
        bool counts;
        float share = regions.share(i / channels, k, counts);
        dp.put(i, counts ? d(k) * share + d(channels + k) : 0.f);
    }
}

// 1 − mean (2·s[0, k] + 1) / (s[1, k] + s[2, k] + 1), as a sum of what is not covered.
KERNEL(256, dice, In<float> sums, Out<float> loss, int channels) {
    TILE(float, warps, 8);
    Sum sum;
    for (int k = threadIdx.x; k < channels; k += 256) {
        float both = sums(k), all = sums(channels + k) + sums(2 * channels + k);
        sum.add((all - 2.f * both) / (all + 1.f));
    }
    put_sum(warps, loss, sum, 1.f / float(channels));
}

// The gradient of that by the sums.
KERNEL(256, dice_grad, In<float> sums, In<float> dy, Out<float> d, int channels) {
    float scale = dy(0) / float(channels);
    for (u64 i = first(); i < 3 * u64(channels); i += stride()) {
        int k = int(i % channels);
        float below = sums(channels + k) + sums(2 * channels + k) + 1.f;
        float slope = i < u64(channels) ? -2.f / below : (2.f * sums(k) + 1.f) / (below * below);
        d.put(i, slope * scale);
    }
}
