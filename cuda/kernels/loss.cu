// Losses, their gradients, and the number of right answers.
//
// x [rows, channels], labels [rows] (class numbers held as floats), target as x; dy and the losses are scalars. Softmax
// and its source as in softmax.cu: `lanes` threads a row; squared errors: a thread takes every (grid × 256)th four of
// elements. A loss is summed in two passes of fixed order: each block writes its partial sum to the workspace, and
// channel_sum adds those up; where one block does it all, its sum is the loss. 4 bytes and about 25 FLOP an element (8
// bytes for the gradient, 8 and 12 for squared errors): bound by bytes.
#include "pack.cuh"
#include "rows.cuh"
#include "sum.cuh"

// The class that a label names; −1 where it names none.
__device__ __forceinline__ int class_of(float label, int classes) {
    return label >= 0.f && label < float(classes) ? int(label) : -1;
}

// Not a number.
__device__ __forceinline__ float undefined() { return sqrtf(-1.f); }

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

// The block's sum of its threads' sums, times share.
template <class Warps>
__device__ __forceinline__ void put_sum(const Warps& warps, Out<float> partial, Sum sum, float share) {
    float total = sum_across(warps, sum.value(), 256);
    if (threadIdx.x == 0) partial.put(blockIdx.x, total * share);
}

// Σ −log softmax(x)[label], a block's part of it. Where the label's is the largest, log(1 + the others) keeps what a
// logarithm of their sum would round away.
KERNEL(256, cross_entropy, In<float> x, In<float> labels, Out<float> partial, int rows, int channels, int lanes,
       float share) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels) : -1;
        float top = largest(warps, row, x);
        float others = other_exponentials(warps, row, x, top, label);
        if (!row.valid() || row.lane() > 0) continue;
        if (label < 0) {
            sum.add(undefined());
        } else {
            float below = top - x(u64(row.row) * channels + label);
            sum.add(below == 0.f ? log1pf(others) : logf(expf(-below) + others) + below);
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
        int label = row.valid() ? class_of(labels(row.row), channels) : -1;
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

// How many rows have their label's x as the largest, of equal ones the first; a block's part of it. What is not a
// number is passed over, unless the row begins with it: then nothing is larger.
KERNEL(256, correct, In<float> x, In<float> labels, Out<float> partial, int rows, int channels, int lanes) {
    TILE(float, warps, 8);
    Sum sum;
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        int label = row.valid() ? class_of(labels(row.row), channels) : -1;
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

// Σ (x − target)², a block's part of it.
KERNEL(256, squared_error, In<float> x, In<float> target, Out<float> partial, u64 n, float share) {
    TILE(float, warps, 8);
    Sum sum;
    for (u64 i = first(); i < n / 4; i += stride()) {
        Pack<4> u = load<4>(x, 4 * i), v = load<4>(target, 4 * i);
        for (int l = 0; l < 4; l++) sum.add((u.lane[l] - v.lane[l]) * (u.lane[l] - v.lane[l]));
    }
    for (u64 i = n / 4 * 4 + first(); i < n; i += stride()) sum.add((x(i) - target(i)) * (x(i) - target(i)));
    put_sum(warps, partial, sum, share);
}

// dx = 2 (x − target) · dy/n.
KERNEL(256, squared_error_grad, In<float> x, In<float> target, In<float> dy, Out<float> dx, u64 n) {
    float scale = 2.f * dy(0) / float(n);
    zip(x, target, dx, n, [=](float u, float v) { return (u - v) * scale; });
}
