// Local response normalisation across channels, and its gradient (A. Krizhevsky et al., NIPS 2012, section 3.3; alpha
// divided by the size, as in Caffe and PyTorch).
//
// x, y, dy, dx [positions, channels], n elements. A thread takes every (grid × 256)th element and reads the `before + 1
// + after` channels around it, mostly from cache; neighbouring threads take neighbouring channels. 8 bytes and 2·size +
// 20 FLOP an element. The gradient has two kernels: the first writes what each channel gives to its neighbours, so that
// the second need not take a power for each of them; 28 bytes an element: bound by bytes.
#include "fovea.cuh"

struct Response {
    int channels;
    int before; // channels before the middle one that a denominator sums over
    int after;
    float alpha; // divided by the size
    float beta;
    float k;
};

// Σ f(index) over the channels from c − before to c + after that exist, of the element at `index`, whose channel is c.
template <class F>
__device__ __forceinline__ float around(u64 index, int channels, int before, int after, F f) {
    int c = int(u32(index) % u32(channels));
    int low = c < before ? -c : -before, high = channels - 1 - c < after ? channels - 1 - c : after;
    float sum = 0.f;
    for (int offset = low; offset <= high; offset++) sum += f(index + offset);
    return sum;
}

// k + alpha · Σ x² over the channels around.
__device__ __forceinline__ float denominator(In<float> x, u64 index, const Response& r) {
    float squares = around(index, r.channels, r.before, r.after, [&](u64 i) { return x(i) * x(i); });
    return r.k + r.alpha * squares;
}

// y = x · D^−beta, D the denominator.
KERNEL(256, lrn, In<float> x, Out<float> y, u64 n, Response response) {
    for (u64 i = first(); i < n; i += stride()) y.put(i, x(i) * powf(denominator(x, i, response), -response.beta));
}

// What each channel's denominator gives to those that it sums over: given = dy·x·D^(−beta−1).
KERNEL(256, lrn_grad_given, In<float> x, In<float> dy, Out<float> given, u64 n, Response response) {
    for (u64 i = first(); i < n; i += stride()) {
        float d = denominator(x, i, response);
        given.put(i, dy(i) * x(i) * powf(d, -response.beta) / d);
    }
}

// dx = dy·D^−beta − 2·beta·alpha·x·Σ given over the channels whose denominators sum over this one.
KERNEL(256, lrn_grad, In<float> x, In<float> dy, In<float> given, Out<float> dx, u64 n, Response response) {
    float factor = 2.f * response.beta * response.alpha;
    for (u64 i = first(); i < n; i += stride()) {
        float sum = around(i, response.channels, response.after, response.before, [&](u64 j) { return given(j); });
        dx.put(i, dy(i) * powf(denominator(x, i, response), -response.beta) - factor * x(i) * sum);
    }
}
