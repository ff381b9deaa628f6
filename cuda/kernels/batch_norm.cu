// Batch normalisation and its gradient by x (S. Ioffe and C. Szegedy, arXiv:1502.03167).
//
// x, y, dy, dx [positions, channels], all else [channels]. A thread takes four channels (one where channels is no
// multiple of 4) of every so many positions; what follows from the statistics alone it works out once. 8 bytes and 3
// FLOP an element forward, 12 bytes and 5 FLOP backward: bound by bytes.
#include "channels.cuh"

// σ = √(variance + eps).
__device__ __forceinline__ float deviation(float variance, float eps) { return sqrtf(variance + eps); }

template <int W>
__device__ __forceinline__ void normalized(In<float> x, In<float> mean, In<float> variance, In<float> scale,
                                           In<float> shift, Out<float> y, int positions, int channels, int width,
                                           float eps) {
    Channels<W> mine(positions, channels, width);
    if (!mine.any()) return;
    Pack<W> middle = load<W>(mean, mine.channel), end = load<W>(shift, mine.channel);
    Pack<W> factor = mine.each([&](int c) { return scale(c) / deviation(variance(c), eps); });
    mine.walk([&](u64 i) {
        Pack<W> v = load<W>(x, i);
        for (int l = 0; l < W; l++) v.lane[l] = (v.lane[l] - middle.lane[l]) * factor.lane[l] + end.lane[l];
        store(y, i, v);
    });
}

// y = scale · (x − mean)/σ + shift.
KERNEL(256, batch_norm, In<float> x, In<float> mean, In<float> variance, In<float> scale, In<float> shift, Out<float> y,
       int positions, int channels, int width, float eps) {
    if (channels % 4 == 0) {
        normalized<4>(x, mean, variance, scale, shift, y, positions, channels, width, eps);
    } else {
        normalized<1>(x, mean, variance, scale, shift, y, positions, channels, width, eps);
    }
}

template <int W>
__device__ __forceinline__ void batch_gradient(In<float> x, In<float> mean, In<float> variance, In<float> scale,
                                               In<float> dy, In<float> dscale, In<float> dshift, Out<float> dx,
                                               int positions, int channels, int width, float eps) {
    Channels<W> mine(positions, channels, width);
    if (!mine.any()) return;
    float n = float(positions);
    Pack<W> middle = load<W>(mean, mine.channel);
    Pack<W> factor = mine.each([&](int c) { return scale(c) / deviation(variance(c), eps); });
    Pack<W> slope = mine.each([&](int c) { return dscale(c) / n / deviation(variance(c), eps); });
    Pack<W> level = mine.each([&](int c) { return dshift(c) / n; });
    mine.walk([&](u64 i) {
        Pack<W> v = load<W>(x, i), g = load<W>(dy, i);
        for (int l = 0; l < W; l++) {
            float tilt = (v.lane[l] - middle.lane[l]) * slope.lane[l];
            g.lane[l] = (g.lane[l] - level.lane[l] - tilt) * factor.lane[l];
        }
        store(dx, i, g);
    });
}

// dx = scale/σ · (dy − dshift/n − (x − mean)/σ · dscale/n), n the positions: the statistics are the batch's own.
KERNEL(256, batch_norm_dgrad, In<float> x, In<float> mean, In<float> variance, In<float> scale, In<float> dy,
       In<float> dscale, In<float> dshift, Out<float> dx, int positions, int channels, int width, float eps) {
    if (channels % 4 == 0) {
        batch_gradient<4>(x, mean, variance, scale, dy, dscale, dshift, dx, positions, channels, width, eps);
    } else {
        batch_gradient<1>(x, mean, variance, scale, dy, dscale, dshift, dx, positions, channels, width, eps);
    }
}

template <int W>
__device__ __forceinline__ void running_gradient(In<float> variance, In<float> scale, In<float> dy, Out<float> dx,
                                                 int positions, int channels, int width, float eps) {
    Channels<W> mine(positions, channels, width);
    if (!mine.any()) return;
    Pack<W> factor = mine.each([&](int c) { return scale(c) / deviation(variance(c), eps); });
    mine.walk([&](u64 i) {
        Pack<W> g = load<W>(dy, i);
        for (int l = 0; l < W; l++) g.lane[l] *= factor.lane[l];
        store(dx, i, g);
    });
}

// dx = scale/σ · dy: the statistics are running ones, which do not follow x.
KERNEL(256, batch_norm_running_dgrad, In<float> variance, In<float> scale, In<float> dy, Out<float> dx, int positions,
       int channels, int width, float eps) {
    if (channels % 4 == 0) {
        running_gradient<4>(variance, scale, dy, dx, positions, channels, width, eps);
    } else {
        running_gradient<1>(variance, scale, dy, dx, positions, channels, width, eps);
    }
}
