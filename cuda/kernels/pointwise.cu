// Losses of numbers against their targets, and their gradients.
//
// x and target of n elements, any shape; dy and the losses are scalars. A thread takes every (grid × 256)th four of
// elements; a loss is summed in two passes as in loss.cu. 8 bytes an element (12 for the gradient) and 2 to about 30
// FLOP. Sources: P. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964;
// I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press 2016, section 6.2.2.2 (logits).
#include "losses.cuh"

// −1, 0 or 1; not a number where x is none.
__device__ __forceinline__ float sign(float x) { return x > 0.f ? 1.f : x < 0.f ? -1.f : x; }

// |x|; not a number where x is none.
__device__ __forceinline__ float absolute(float x) { return x < 0.f ? -x : x; }

// Σ (x − target)².
KERNEL(256, squared_error, In<float> x, In<float> target, Out<float> partial, u64 n, float share) {
    TILE(float, warps, 8);
    sum_pairs(warps, x, target, partial, n, share, [](float v, float t) { return (v - t) * (v - t); });
}

// dx = 2 (x − target) · dy/n.
KERNEL(256, squared_error_grad, In<float> x, In<float> target, In<float> dy, Out<float> dx, u64 n) {
    float scale = 2.f * dy(0) / float(n);
    zip(x, target, dx, n, [=](float v, float t) { return (v - t) * scale; });
}

// Σ |x − target|.
KERNEL(256, absolute_error, In<float> x, In<float> target, Out<float> partial, u64 n, float share) {
    TILE(float, warps, 8);
    sum_pairs(warps, x, target, partial, n, share, [](float v, float t) { return absolute(v - t); });
}

KERNEL(256, absolute_error_grad, In<float> x, In<float> target, In<float> dy, Out<float> dx, u64 n) {
    float scale = dy(0) / float(n);
    zip(x, target, dx, n, [=](float v, float t) { return sign(v - t) * scale; });
}

// Σ (x − target)²/2 up to a distance of 1, from there on |x − target| − 1/2.
KERNEL(256, huber_error, In<float> x, In<float> target, Out<float> partial, u64 n, float share) {
    TILE(float, warps, 8);
    sum_pairs(warps, x, target, partial, n, share, [](float v, float t) {
        float distance = absolute(v - t);
        return distance < 1.f ? 0.5f * distance * distance : distance - 0.5f;
    });
}

KERNEL(256, huber_error_grad, In<float> x, In<float> target, In<float> dy, Out<float> dx, u64 n) {
    float scale = dy(0) / float(n);
    zip(x, target, dx, n, [=](float v, float t) {
        float distance = v - t;
        return (absolute(distance) >= 1.f ? sign(distance) : distance) * scale;
    });
}

// Σ −w·t·log σ(x) − (1 − t)·log(1 − σ(x)), a factor w for each of `factors.size` channels; by log(1 + exp(−|x|)).
KERNEL(256, weighed_logistic_error, In<float> x, In<float> target, In<float> factors, Out<float> partial, u64 n,
       float share) {
    TILE(float, warps, 8);
    Sum sum;
    for (u64 i = first(); i < n; i += stride()) {
        float v = x(i), t = target(i), w = factors(i % factors.size);
        float above = v < 0.f ? 0.f : v, far = log1pf(expf(-absolute(v)));
        sum.add((1.f - t) * (above + far) + w * t * (above - v + far));
    }
    put_sum(warps, partial, sum, share);
}

// dx = ((1 − t)·σ(x) − w·t·(1 − σ(x))) · dy/n.
KERNEL(256, weighed_logistic_error_grad, In<float> x, In<float> target, In<float> dy, In<float> factors, Out<float> dx,
       u64 n) {
    float scale = dy(0) / float(n);
    for (u64 i = first(); i < n; i += stride()) {
        float v = x(i), t = target(i), w = factors(i % factors.size);
        float e = expf(-absolute(v));
        float there = v < 0.f ? e : 1.f, not_there = v < 0.f ? 1.f : e;
        dx.put(i, ((1.f - t) * there - w * t * not_there) / (1.f + e) * scale);
    }
}

// Σ −t·log σ(x) − (1 − t)·log(1 − σ(x)), as max(x, 0) − x·t + log(1 + exp(−|x|)).
KERNEL(256, logistic_error, In<float> x, In<float> target, Out<float> partial, u64 n, float share) {
    TILE(float, warps, 8);
    sum_pairs(warps, x, target, partial, n, share, [](float v, float t) {
        float above = v < 0.f ? 0.f : v;
        return above - v * t + log1pf(expf(-absolute(v)));
    });
}

// dx = (σ(x) − target) · dy/n, by e = exp(−|x|) and without a difference where the target is 0 or 1.
KERNEL(256, logistic_error_grad, In<float> x, In<float> target, In<float> dy, Out<float> dx, u64 n) {
    float scale = dy(0) / float(n);
    zip(x, target, dx, n, [=](float v, float t) {
        float e = expf(-absolute(v));
        float above = v < 0.f ? e * (1.f - t) - t : (1.f - t) - t * e;
        return above / (1.f + e) * scale;
    });
}
