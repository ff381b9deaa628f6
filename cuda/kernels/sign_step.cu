// A step by the sign of a slope that stays near its origin (I. Goodfellow et al., arXiv:1412.6572).
//
// x, slope, origin, y [positions, channels], unit, low [channels]. A thread takes four channels (one where channels is no
// multiple of 4) of every so many positions; how far their values may go it works out once. 16 bytes and 6 FLOP an
// element: bound by bytes.
#include "channels.cuh"

// What is not a number stays so.
__device__ __forceinline__ float within(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

template <int W>
__device__ __forceinline__ void stepped(In<float> x, In<float> slope, In<float> origin, In<float> unit, In<float> low,
                                        Out<float> y, int positions, int channels, int width, float step, float eps) {
    Channels<W> mine(positions, channels, width);
    if (!mine.any()) return;
    Pack<W> far = mine.each([&](int c) { return step * unit(c); });
    Pack<W> bound = mine.each([&](int c) { return eps * unit(c); });
    Pack<W> least = load<W>(low, mine.channel);
    Pack<W> most = mine.each([&](int c) { return low(c) + unit(c); });
    mine.walk([&](u64 i) {
        Pack<W> v = load<W>(x, i), s = load<W>(slope, i), first = load<W>(origin, i);
        for (int l = 0; l < W; l++) {
            float sign = s.lane[l] > 0 ? 1.f : s.lane[l] < 0 ? -1.f : 0.f, from = first.lane[l];
            float near = within(v.lane[l] + sign * far.lane[l], from - bound.lane[l], from + bound.lane[l]);
            v.lane[l] = within(near, fminf(least.lane[l], from), fmaxf(most.lane[l], from));
        }
        store(y, i, v);
    });
}

// y = x + step·unit·sign(slope), no further than eps·unit from the origin and in low to low + unit.
KERNEL(256, sign_step, In<float> x, In<float> slope, In<float> origin, In<float> unit, In<float> low, Out<float> y,
       int positions, int channels, int width, float step, float eps) {
    if (channels % 4 == 0) {
        stepped<4>(x, slope, origin, unit, low, y, positions, channels, width, step, eps);
    } else {
        stepped<1>(x, slope, origin, unit, low, y, positions, channels, width, step, eps);
    }
}
