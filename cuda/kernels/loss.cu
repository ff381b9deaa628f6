// The cross-entropy, its gradient, how much labels count, and the number of right answers.
//
// x [rows, channels], labels [rows] (class numbers held as floats); dy, total and the losses are scalars. Softmax and its
// source as in softmax.cu: `lanes` threads a row. A loss is summed in two passes of fixed order: each block writes its
// partial sum to the workspace, and channel_sum adds those up; where one block does it all, its sum is the loss. 4 bytes
// and about 25 FLOP an element (8 bytes for the gradient): bound by bytes.
//
// The `counted` kernels are those of labels that do not count alike: weights [channels], if there are any; `ignore`, the
// label that counts for nothing (−1: none); the share `smoothing` that every class has of the label's place; and what
// all labels count, `total` (rows, where it is not given).
#include "losses.cuh"
#include "rows.cuh"

// Σ exp(x − top) over a row, but for one channel.
template <class Warps>
__device__ __forceinline__ float other_exponentials(const Warps& warps, const Rows& row, In<float> x, float top,
                                                    int but) {
    float sum = 0.f;
    row.walk([&](int k, u64 i) {
        if (k != but) sum += expf(x(i) - top);
    });
    return sum_across(warps, sum, row.lanes);
}

// −log softmax(x)[k], from the largest of the row and the sum of the others' exponentials.
__device__ __forceinline__ float negative_log(float below, float others) {
    return below == 0.f ? log1pf(others) : logf(expf(-below) + others) + below;
}

// Σ −log softmax(x)[label], a block's part of it. Where the label's is the largest, log(1 + the others) keeps what a
// logarithm of their sum would round away.
KERNEL(256, cross_entropy, In<float> x, In<float> labels, Out<float> partial, int rows, int channels, int lanes,
       float share) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels, IGNORED) : IGNORED;
        float top = largest(warps, row, x);
        float others = other_exponentials(warps, row, x, top, label);
        if (!row.valid() || row.lane() > 0) continue;
        if (label < 0) {
            sum.add(undefined());
        } else {
            float below = top - x(u64(row.row) * channels + label);
            sum.add(negative_log(below, others));
        }
    }
    put_sum(warps, partial, sum, share);
}

// dx = (softmax(x) − onehot(label)) · dy/rows; at the label −(the others' share), without a difference.
KERNEL(256, cross_entropy_grad, In<float> x, In<float> labels, In<float> dy, Out<float> dx, int rows, int channels,
       int lanes) {
    TILE(float, warps, 8);
    float scale = dy(0) / float(rows);
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels, IGNORED) : IGNORED;
        float top = largest(warps, row, x);
        float others = other_exponentials(warps, row, x, top, label);
        float own = label < 0 ? undefined() : expf(x(u64(row.row) * channels + label) - top);
        float sum = own + others;
        row.walk([&](int k, u64 i) {
            float share = k == label ? -others / sum : expf(x(i) - top) / sum;
            dx.put(i, share * scale);
        });
    }
}

// What a class counts.
__device__ __forceinline__ float weight_of(In<float> weights, int k) { return weights.given() ? weights(k) : 1.f; }

// A number divided by what all labels count; 0 where none does.
__device__ __forceinline__ float share_of(float number, In<float> total, int rows) {
    float all = total.given() ? total(0) : float(rows);
    return all == 0.f ? 0.f : number / all;
}

// Σ (1 − s)·w[label]·(−log softmax(x)[label]) + s/channels·Σ w[k]·(−log softmax(x)[k]), a block's part of it.
KERNEL(256, counted_cross_entropy, In<float> x, In<float> labels, In<float> total, In<float> weights,
       Out<float> partial, int rows, int channels, int lanes, float smoothing, int ignore) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels, ignore) : IGNORED;
        float top = largest(warps, row, x);
        float others = other_exponentials(warps, row, x, top, label);
        float smooth = 0.f;
        if (smoothing > 0.f) {
            float own = label < 0 ? 0.f : expf(x(u64(row.row) * channels + label) - top);
            float log = logf(own + others), all = 0.f;
            row.walk([&](int k, u64 i) { all += weight_of(weights, k) * (log + (top - x(i))); });
            smooth = smoothing / float(channels) * sum_across(warps, all, lanes);
        }
        if (label == IGNORED || row.lane() > 0) continue;
        if (label < 0) {
            sum.add(undefined());
        } else {
            float below = top - x(u64(row.row) * channels + label);
            sum.add((1.f - smoothing) * weight_of(weights, label) * negative_log(below, others) + smooth);
        }
    }
    put_sum(warps, partial, sum, share_of(1.f, total, rows));
}

// The gradient of that: for each class its probability times all that is wanted, less what is wanted of it.
KERNEL(256, counted_cross_entropy_grad, In<float> x, In<float> labels, In<float> dy, In<float> total,
       In<float> weights, Out<float> dx, int rows, int channels, int lanes, float smoothing, int ignore) {
    TILE(float, warps, 8);
    float scale = share_of(dy(0), total, rows), each = smoothing / float(channels);
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels, ignore) : IGNORED;
        float top = largest(warps, row, x);
        float others = other_exponentials(warps, row, x, top, label);
        float all = float(channels);
        if (weights.given()) {
            all = 0.f;
            row.walk([&](int k, u64) { all += weights(k); });
            all = sum_across(warps, all, lanes);
        }
        float own = label < 0 ? undefined() : expf(x(u64(row.row) * channels + label) - top);
        float sum = own + others, wanted = (1.f - smoothing) * weight_of(weights, label < 0 ? 0 : label);
        row.walk([&](int k, u64 i) {
            float e = expf(x(i) - top);
            float of_label = wanted * (k == label ? -others : e) / sum;
            float of_all = each * (all * (e / sum) - weight_of(weights, k));
            dx.put(i, label == IGNORED ? 0.f : (each > 0.f ? of_label + of_all : of_label) * scale);
        });
    }
}

// Σ w[label], a block's part of it.
KERNEL(256, label_weight, In<float> labels, In<float> weights, Out<float> partial, u64 n, int ignore, float share) {
    TILE(float, warps, 8);
    Sum sum;
    for (u64 i = first(); i < n; i += stride()) {
        float label = labels(i);
        if (label == float(ignore) && ignore != IGNORED) continue;
        if (!weights.given()) {
            sum.add(1.f);
            continue;
        }
        int named = class_of(label, int(weights.size), IGNORED);
        sum.add(named < 0 ? undefined() : weights(named));
    }
    put_sum(warps, partial, sum, share);
}

// How many rows have their label's x as the largest, of equal ones the first; a block's part of it. What is not a
// number is passed over, unless the row begins with it: then nothing is larger.
KERNEL(256, correct, In<float> x, In<float> labels, Out<float> partial, int rows, int channels, int lanes,
       int ignore) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels, ignore) : IGNORED;
        u64 start = u64(row.row) * channels;
        float named = label < 0 ? undefined() : x(start + label);
        float beaten = 0.f;
        row.walk([&](int k, u64 i) {
            float v = x(i);
            if (k < label ? v >= named : v > named) beaten = 1.f;
        });
        beaten = max_across(warps, beaten, lanes);
        if (label < 0 || row.lane() > 0) continue;
        float begin = x(start);
        bool right = begin == begin ? named == named && beaten == 0.f : label == 0;
        sum.add(right ? 1.f : 0.f);
    }
    put_sum(warps, partial, sum, 1.f);
}
