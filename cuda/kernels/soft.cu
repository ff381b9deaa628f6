// The cross-entropy of logits against shares of classes, its gradient, and how many shares are right.
//
// x and target [rows, channels]; weights [channels], if there are any; dy and the losses are scalars. Softmax and its
// source as in softmax.cu: `lanes` threads a row; a loss is summed in two passes as in loss.cu. What is wanted of a class
// is q = ((1 − smoothing)·target + smoothing/channels)·weight. 8 bytes (12 for the gradient) and about 30 FLOP an
// element: bound by bytes. Source: H. Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
#include "losses.cuh"
#include "rows.cuh"

// What is wanted of the class at k.
__device__ __forceinline__ float wanted_of(float share, In<float> weights, int k, int channels, float smoothing) {
    float wanted = (1.f - smoothing) * share + smoothing / float(channels);
    return weights.given() ? weights(k) * wanted : wanted;
}

// Σ exp(x − top) over a row.
template <class Warps>
__device__ __forceinline__ float exponentials(const Warps& warps, const Rows& row, In<float> x, float top) {
    float sum = 0.f;
    row.walk([&](int, u64 i) { sum += expf(x(i) - top); });
    return sum_across(warps, sum, row.lanes);
}

// Σ q·(−log softmax(x)), a block's part of it.
KERNEL(256, soft_cross_entropy, In<float> x, In<float> target, In<float> weights, Out<float> partial, int rows,
       int channels, int lanes, float smoothing, float share) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        float top = largest(warps, row, x);
        float log = logf(exponentials(warps, row, x, top));
        row.walk([&](int k, u64 i) {
            sum.add(wanted_of(target(i), weights, k, channels, smoothing) * (log + (top - x(i))));
        });
    }
    put_sum(warps, partial, sum, share);
}

// dx = (softmax(x)·Σ q − q) · dy/rows.
KERNEL(256, soft_cross_entropy_grad, In<float> x, In<float> target, In<float> dy, In<float> weights, Out<float> dx,
       int rows, int channels, int lanes, float smoothing) {
    TILE(float, warps, 8);
    float scale = dy(0) / float(rows);
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        float top = largest(warps, row, x);
        float sum = exponentials(warps, row, x, top);
        float all = 0.f;
        row.walk([&](int k, u64 i) { all += wanted_of(target(i), weights, k, channels, smoothing); });
        all = sum_across(warps, all, lanes);
        row.walk([&](int k, u64 i) {
            float wanted = wanted_of(target(i), weights, k, channels, smoothing);
            dx.put(i, (expf(x(i) - top) / sum * all - wanted) * scale);
        });
    }
}

// Σ target at the largest x of each row, of equal ones the first; a block's part of it. What is not a number is passed
// over, unless the row begins with it: then nothing is larger.
KERNEL(256, soft_correct, In<float> x, In<float> target, Out<float> partial, int rows, int channels, int lanes) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        float top = largest(warps, row, x);
        // The first of the largest, as −k, so that the largest of these is it.
        float named = LOWEST;
        row.walk([&](int k, u64 i) {
            if (x(i) == top) named = fmaxf(named, -float(k));
        });
        named = max_across(warps, named, lanes);
        if (!row.valid() || row.lane() > 0) continue;
        u64 start = u64(row.row) * channels;
        float begin = x(start);
        bool is_found = begin == begin && named != LOWEST;
        sum.add(target(is_found ? start + u64(-named) : start));
    }
    put_sum(warps, partial, sum, 1.f);
}
