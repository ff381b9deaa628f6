// What optimizers do to parameters, and running statistics: many tensors in one launch.
//
// A table in device memory has an entry a tensor: where its operands lie, its numbers, and its first block. A block
// takes 2048 neighbouring elements of one tensor, whose entry it finds by binary search; each thread takes every 256th
// of them. New values may lie where the old ones do: a thread reads an element before it writes it, and nobody else
// does either. Unless `halted` is NOBODY, some value of the step is not finite, and nothing is written. Bytes and FLOP
// an element: SGD 20 and 6 (10 by Nesterov), Adam 28 and 16, RMSprop 28 and 14, running statistics 12 and 3; the norm
// that gradients are clipped by 4 and 2; bound by bytes. Where gradients are clipped, an update reads each times `clip`.
// Sources: I. Sutskever et al., ICML 2013; D. Kingma and J. Ba, arXiv:1412.6980; I. Loshchilov and F. Hutter,
// arXiv:1711.05101; G. Hinton, "Neural networks for machine learning", lecture 6e; R. Pascanu et al., ICML 2013; all in
// PyTorch's form.
#include "table.cuh"

// How many elements a block takes.
constexpr int UPDATED_PER_BLOCK = 2048;
constexpr u32 NOBODY = 0xffffffffu;
// How many of them a block of the norm takes.
constexpr int NORMED_PER_BLOCK = 16384;

// v' = momentum·v + g + decay·w, if new_v is given; w' = w − rate·factor·v', if new_w is given, and by Nesterov
// w' = w − rate·factor·(g + decay·w + momentum·v').
struct SgdEntry {
    InOut<float> w;
    In<float> g;
    InOut<float> v; // without new_v the velocity that the step takes
    Out<float> new_v;
    Out<float> new_w;
    In<float> clip;
    u64 first_block;
    float momentum;
    float decay;
    float factor; // of the learning rate
    u32 nesterov; // 1, or 0
    u32 gradient; // the guard's number for g
    u32 update; // and for what is new
};

// m' = mean_stays·m + mean_enters·(g + mean_decay·w), v' = square_stays·v + square_enters·(g + square_decay·w)², and
// w' = w − rate·decay·w − rate·m̂/(√v̂ + eps), m̂ and v̂ freed of their beginning at 0; each if its place is given.
struct AdamEntry {
    InOut<float> w;
    In<float> g;
    InOut<float> m; // without new_m the mean that the step takes
    InOut<float> v;
    Out<float> new_m;
    Out<float> new_v;
    Out<float> new_w;
    In<float> clip;
    double beta1;
    double beta2;
    double factor; // of the learning rate
    u64 first_block;
    float mean_stays;
    float mean_enters;
    float mean_decay;
    float square_stays;
    float square_enters;
    float square_decay;
    float eps;
    float decay;
    u32 gradient; // the guard's number for g
    u32 update; // and for what is new
};

// v' = square_stays·v + square_enters·(g + square_decay·w)², b' = momentum·b + (g + decay·w)/(√v' + eps), and
// w' = w − rate·factor·b'; each if its place is given.
struct RmsEntry {
    InOut<float> w;
    In<float> g;
    InOut<float> v; // without new_v the mean square that the step takes
    InOut<float> b; // without new_b the velocity that the step takes
    Out<float> new_v;
    Out<float> new_b;
    Out<float> new_w;
    In<float> clip;
    double factor; // of the learning rate
    u64 first_block;
    float square_stays;
    float square_enters;
    float square_decay;
    float momentum;
    float decay;
    float eps;
    u32 gradient; // the guard's number for g
    u32 update; // and for what is new
};

// A gradient of those that are clipped, min(1, limit / (‖all‖ + 1e-6)).
struct ClipEntry {
    In<float> g;
    InOut<float> norms; // one a block, of all gradients
    Out<float> clip;
    u64 first_block;
    double limit;
};

// r' = stays·r + enters·s.
struct RunningEntry {
    InOut<float> r;
    In<float> s;
    Out<float> new_r;
    u64 first_block;
    float stays;
    float enters;
};

// Calls f with each of the thread's elements of a tensor of n, whose first block is `first_block`.
template <class F>
__device__ __forceinline__ void walk(u64 first_block, u64 n, F f) {
    u64 begin = (blockIdx.x - first_block) * UPDATED_PER_BLOCK;
    u64 end = begin + UPDATED_PER_BLOCK < n ? begin + UPDATED_PER_BLOCK : n;
    for (u64 i = begin + threadIdx.x; i < end; i += blockDim.x) f(i);
}

// What gradients are multiplied by.
__device__ __forceinline__ float clip_of(In<float> clip) { return clip.given() ? clip(0) : 1.f; }

// Calls f with each element's new velocity and new value. The product with the factor of clipped gradients is rounded by
// itself: where that is 1, sums come out as if it were not there.
template <class F>
__device__ __forceinline__ void sgd_values(const SgdEntry& e, float rate, F f) {
    float clip = clip_of(e.clip);
    rate = __fmul_rn(rate, e.factor);
    walk(e.first_block, e.w.size, [&](u64 i) {
        float v = e.v(i);
        if (e.new_v.given()) v = e.momentum * v + __fmul_rn(clip, e.g(i)) + e.decay * e.w(i);
        if (e.nesterov) {
            f(i, v, e.w(i) - rate * (__fmul_rn(clip, e.g(i)) + e.decay * e.w(i) + e.momentum * v));
        } else {
            f(i, v, e.w(i) - rate * v);
        }
    });
}

KERNEL(256, sgd, In<SgdEntry> table, In<StepFeed> feed, In<u32> halted) {
    if (halted(0) != NOBODY) return;
    SgdEntry e = table(entry_of_block(table));
    sgd_values(e, feed(0).rate, [&](u64 i, float v, float w) {
        if (e.new_v.given()) e.new_v.put(i, v);
        if (e.new_w.given()) e.new_w.put(i, w);
    });
}

KERNEL(256, sgd_look, In<SgdEntry> table, In<StepFeed> feed, InOut<u32> halted) {
    SgdEntry e = table(entry_of_block(table));
    bool gradient = true, update = true;
    sgd_values(e, feed(0).rate, [&](u64 i, float v, float w) {
        if (e.g.given()) gradient = gradient && is_finite(e.g(i));
        update = update && is_finite(v) && (!e.new_w.given() || is_finite(w));
    });
    halt(halted, gradient, e.gradient);
    halt(halted, update, e.update);
}

// beta^t by squaring: no rounding that grows to anything in a double.
__device__ __forceinline__ double power(double beta, u64 t) {
    double result = 1.0;
    for (; t > 0; t /= 2) {
        if (t % 2 == 1) result *= beta;
        beta *= beta;
    }
    return result;
}

// Calls f with each element's new mean, new mean square and new value. Takes all threads and a tile of two numbers.
template <class Tile, class F>
__device__ __forceinline__ void adam_values(const AdamEntry& e, StepFeed now, const Tile& corrections, F f) {
    // In double: in float, 1 − beta^t of the first steps would lose most of its digits.
    if (threadIdx.x == 0) {
        corrections(0) = float(now.rate * e.factor / (1.0 - power(e.beta1, u64(now.step) + 1)));
        corrections(1) = sqrtf(float(1.0 / (1.0 - power(e.beta2, u64(now.step) + 1))));
    }
    __syncthreads();
    float rate = corrections(0), root = corrections(1), shrinks = float(now.rate * e.factor) * e.decay;
    float clip = clip_of(e.clip);
    walk(e.first_block, e.w.size, [&](u64 i) {
        float m = e.m.given() ? e.m(i) : 0.f, v = e.v.given() ? e.v(i) : 0.f, w = e.w(i);
        if (e.new_m.given()) m = e.mean_stays * m + e.mean_enters * (__fmul_rn(clip, e.g(i)) + e.mean_decay * w);
        if (e.new_v.given()) {
            float penalized = __fmul_rn(clip, e.g(i)) + e.square_decay * w;
            v = e.square_stays * v + e.square_enters * (penalized * penalized);
        }
        f(i, m, v, w - (shrinks * w + rate * m / (sqrtf(v) * root + e.eps)));
    });
}

KERNEL(256, adam, In<AdamEntry> table, In<StepFeed> feed, In<u32> halted) {
    if (halted(0) != NOBODY) return;
    AdamEntry e = table(entry_of_block(table));
    TILE(float, corrections, 2);
    adam_values(e, feed(0), corrections, [&](u64 i, float m, float v, float w) {
        if (e.new_m.given()) e.new_m.put(i, m);
        if (e.new_v.given()) e.new_v.put(i, v);
        if (e.new_w.given()) e.new_w.put(i, w);
    });
}

KERNEL(256, adam_look, In<AdamEntry> table, In<StepFeed> feed, InOut<u32> halted) {
    AdamEntry e = table(entry_of_block(table));
    TILE(float, corrections, 2);
    bool gradient = true, update = true;
    adam_values(e, feed(0), corrections, [&](u64 i, float m, float v, float w) {
        if (e.new_m.given() || e.new_v.given()) gradient = gradient && is_finite(e.g(i));
        update = update && is_finite(m) && is_finite(v) && (!e.new_w.given() || is_finite(w));
    });
    halt(halted, gradient, e.gradient);
    halt(halted, update, e.update);
}

// Calls f with each element's new mean square, new velocity and new value.
template <class F>
__device__ __forceinline__ void rms_values(const RmsEntry& e, float rate, F f) {
    float clip = clip_of(e.clip);
    rate = float(rate * e.factor);
    walk(e.first_block, e.w.size, [&](u64 i) {
        float v = e.v.given() ? e.v(i) : 0.f, b = e.b.given() ? e.b(i) : 0.f, w = e.w(i);
        float g = e.g.given() ? __fmul_rn(clip, e.g(i)) : 0.f;
        if (e.new_v.given()) {
            float penalized = g + e.square_decay * w;
            v = e.square_stays * v + e.square_enters * (penalized * penalized);
        }
        if (e.new_b.given()) b = e.momentum * b + (g + e.decay * w) / (sqrtf(v) + e.eps);
        f(i, v, b, w - rate * b);
    });
}

KERNEL(256, rmsprop, In<RmsEntry> table, In<StepFeed> feed, In<u32> halted) {
    if (halted(0) != NOBODY) return;
    RmsEntry e = table(entry_of_block(table));
    rms_values(e, feed(0).rate, [&](u64 i, float v, float b, float w) {
        if (e.new_v.given()) e.new_v.put(i, v);
        if (e.new_b.given()) e.new_b.put(i, b);
        if (e.new_w.given()) e.new_w.put(i, w);
    });
}

KERNEL(256, rmsprop_look, In<RmsEntry> table, In<StepFeed> feed, InOut<u32> halted) {
    RmsEntry e = table(entry_of_block(table));
    bool gradient = true, update = true;
    rms_values(e, feed(0).rate, [&](u64 i, float v, float b, float w) {
        if (e.g.given()) gradient = gradient && is_finite(e.g(i));
        update = update && is_finite(v) && is_finite(b) && (!e.new_w.given() || is_finite(w));
    });
    halt(halted, gradient, e.gradient);
    halt(halted, update, e.update);
}

// The sum of a block's 256 threads, in the first of them, always in the same order. In double: of finite floats no
// square is too large, and a sum of 2^30 of them keeps its first ten digits.
template <class Tile>
__device__ __forceinline__ double sum_of_block(const Tile& sums, double sum) {
    sums(threadIdx.x) = sum;
    __syncthreads();
    for (u32 half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) sums(threadIdx.x) = double(sums(threadIdx.x)) + double(sums(threadIdx.x + half));
        __syncthreads();
    }
    return sums(0);
}

// The norm of a block's share of a gradient.
KERNEL(256, gradient_norms, In<ClipEntry> table) {
    TILE(double, sums, 256);
    ClipEntry e = table(entry_of_block(table));
    u64 begin = (blockIdx.x - e.first_block) * NORMED_PER_BLOCK;
    u64 end = begin + NORMED_PER_BLOCK < e.g.size ? begin + NORMED_PER_BLOCK : e.g.size;
    double sum = 0.0;
    for (u64 i = begin + threadIdx.x; i < end; i += blockDim.x) sum += double(e.g(i)) * double(e.g(i));
    sum = sum_of_block(sums, sum);
    if (threadIdx.x == 0) e.norms.put(blockIdx.x, float(sqrt(sum)));
}

// What all gradients are multiplied by; one block. What is no number stays none.
KERNEL(256, clip_factor, In<ClipEntry> table) {
    TILE(double, sums, 256);
    ClipEntry e = table(0);
    double sum = 0.0;
    for (u64 i = threadIdx.x; i < e.norms.size; i += blockDim.x) sum += double(e.norms(i)) * double(e.norms(i));
    sum = sum_of_block(sums, sum);
    if (threadIdx.x > 0) return;
    double clip = e.limit / (sqrt(sum) + 1e-6);
    e.clip.put(0, clip > 1.0 ? 1.f : float(clip));
}

KERNEL(256, running, In<RunningEntry> table, In<u32> halted) {
    if (halted(0) != NOBODY) return;
    RunningEntry e = table(entry_of_block(table));
    walk(e.first_block, e.r.size, [&](u64 i) { e.new_r.put(i, e.stays * e.r(i) + e.enters * e.s(i)); });
}
