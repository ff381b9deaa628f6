// Activations other than the rectifier, and their gradients dx = f'(x) · dy; at a kink the derivative from below.
//
// Tensors of n elements, any shape. A thread takes every (grid × 256)th four of elements; neighbouring threads take
// neighbouring fours. 8 bytes an element (12 for the gradient) and 1 to about 40 FLOP.
// Sources: leaky: A. Maas et al., ICML 2013; ELU: D.-A. Clevert et al., arXiv:1511.07289; GELU, by the error function:
// D. Hendrycks and K. Gimpel, arXiv:1606.08415.
#include "pack.cuh"

// −|x|.
__device__ __forceinline__ float minus_absolute(float x) { return x < 0.f ? x : -x; }

// e/(1 + e)² with e = exp(−|x|): the derivative of the logistic function, free of overflow and of differences.
__device__ __forceinline__ float bell(float x) {
    float e = expf(minus_absolute(x));
    return e / ((1.f + e) * (1.f + e));
}

// Φ(x): how much of a normal distribution lies below x.
__device__ __forceinline__ float normal_distribution(float x) { return 0.5f * erfcf(x * -0.70710678f); }

// exp(−x²/2)/√(2π).
__device__ __forceinline__ float normal_density(float x) { return 0.39894228f * expf(-0.5f * x * x); }

KERNEL(256, leaky, In<float> x, Out<float> y, u64 n, float slope) {
    map(x, y, n, [=](float v) { return v > 0.f ? v : slope * v; });
}

KERNEL(256, leaky_grad, In<float> x, In<float> dy, Out<float> dx, u64 n, float slope) {
    zip(x, dy, dx, n, [=](float v, float g) { return v > 0.f ? g : slope * g; });
}

// 1/(1 + exp(−x)), of a negative x as exp(x)/(1 + exp(x)).
KERNEL(256, sigmoid, In<float> x, Out<float> y, u64 n) {
    map(x, y, n, [](float v) {
        float e = expf(minus_absolute(v));
        return (v < 0.f ? e : 1.f) / (1.f + e);
    });
}

KERNEL(256, sigmoid_grad, In<float> x, In<float> dy, Out<float> dx, u64 n) {
    zip(x, dy, dx, n, [](float v, float g) { return bell(v) * g; });
}

KERNEL(256, hyperbolic_tangent, In<float> x, Out<float> y, u64 n) {
    map(x, y, n, [](float v) { return tanhf(v); });
}

// tanh(x) = 2σ(2x) − 1, and so its derivative is 4σ'(2x).
KERNEL(256, hyperbolic_tangent_grad, In<float> x, In<float> dy, Out<float> dx, u64 n) {
    zip(x, dy, dx, n, [](float v, float g) { return 4.f * bell(2.f * v) * g; });
}

KERNEL(256, elu, In<float> x, Out<float> y, u64 n) {
    map(x, y, n, [](float v) { return v > 0.f ? v : expm1f(v); });
}

KERNEL(256, elu_grad, In<float> x, In<float> dy, Out<float> dx, u64 n) {
    zip(x, dy, dx, n, [](float v, float g) { return v > 0.f ? g : expf(v) * g; });
}

KERNEL(256, gelu, In<float> x, Out<float> y, u64 n) {
    map(x, y, n, [](float v) { return v * normal_distribution(v); });
}

KERNEL(256, gelu_grad, In<float> x, In<float> dy, Out<float> dx, u64 n) {
    zip(x, dy, dx, n, [](float v, float g) { return (normal_distribution(v) + v * normal_density(v)) * g; });
}
