// One number a channel, added at every position.
//
// x, y [positions, channels], b [channels]. A thread takes four channels (one where channels is no multiple of 4) of
// every so many positions and keeps their biases in registers. 8 bytes and 1 FLOP an element: bound by bytes.
#include "channels.cuh"

template <int W>
__device__ __forceinline__ void biased(In<float> x, In<float> b, Out<float> y, int positions, int channels, int width) {
    Channels<W> mine(positions, channels, width);
    if (!mine.any()) return;
    Pack<W> shift = load<W>(b, mine.channel);
    mine.walk([&](u64 i) {
        Pack<W> v = load<W>(x, i);
        for (int l = 0; l < W; l++) v.lane[l] += shift.lane[l];
        store(y, i, v);
    });
}

// y = x + b.
KERNEL(256, bias, In<float> x, In<float> b, Out<float> y, int positions, int channels, int width) {
    if (channels % 4 == 0) {
        biased<4>(x, b, y, positions, channels, width);
    } else {
        biased<1>(x, b, y, positions, channels, width);
    }
}
