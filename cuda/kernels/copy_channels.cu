// A range of channels copied to a range of channels: a part of a concatenation, or a slice.
//
// x [positions, x_channels], y [positions, y_channels]. A thread takes every (grid × 256)th four of the copied elements
// (one where a length is no multiple of 4); neighbouring threads take neighbouring channels. 8 bytes an element: bound
// by bytes.
#include "pack.cuh"

struct ChannelRange {
    int x_channels;
    int x_start; // the first channel that is copied
    int y_channels;
    int y_start; // where it goes
    int channels; // how many
};

template <int W>
__device__ __forceinline__ void copied(In<float> x, Out<float> y, u64 positions, const ChannelRange& range) {
    u32 packs = range.channels / W;
    for (u64 i = first(); i < positions * packs; i += stride()) {
        u32 position = u32(i) / packs, channel = u32(i) % packs * W;
        Pack<W> v = load<W>(x, u64(position) * range.x_channels + range.x_start + channel);
        store(y, u64(position) * range.y_channels + range.y_start + channel, v);
    }
}

// y[…, y_start + c] = x[…, x_start + c].
KERNEL(256, copy_channels, In<float> x, Out<float> y, u64 positions, ChannelRange range) {
    int lengths = range.x_channels | range.x_start | range.y_channels | range.y_start | range.channels;
    if (lengths % 4 == 0) {
        copied<4>(x, y, positions, range);
    } else {
        copied<1>(x, y, positions, range);
    }
}
