// The gradient of a convolution by its filters, as an implicit matrix product (S. Chetlur et al., arXiv:1410.0759).
//
// x [N, map…, C], dy [N, windows…, K], dw [K, window…, C/groups]. For each group dw = dyᵀ·windows: rows are the group's
// filters, columns the window's elements and, fastest, the group's channels, the depth runs over the positions of dy. A
// block computes a tile of dw as matmul.cuh says, over a slice of the depth: there are few tiles and many positions.
// With slices, dw is a workspace [slices, size of dw], and sum_slices of matmul.cu adds them up, always in the same
// order. 2·N·windows·K·window·C/groups FLOPs; a tile of 64×64 (large: 128×64, square: 32×32) loads 4 bytes for every 32
// (43, 16) FMAs. _2d: the first spatial axis is 1. _wide and _large: C/groups and K/groups divide by 4. _square is for
// few filters or few columns: the first layers of nets, with 1 or 3 channels.
#include "conv.cuh"

// The arguments of wgrad.
struct Wgrad {
    Convolution conv;
    Divider windows[3]; // by the axes of dy
    int slices;         // into which the depth is cut
};

// The windows of x, seen the other way: rows are window elements and channels, the depth runs over positions of dy.
template <int AXES, bool WIDE>
struct Elements {
    static constexpr bool ALONG_DEPTH = false;
    static constexpr int OWN = WIDE ? 1 : 4; // the four rows of a quad may belong to different elements of the window
    In<float> x;
    const Wgrad& g;
    u32 first_channel;
    u32 rows;
    u32 depth;

    struct Place {
        u32 index[OWN];        // of the element, relative to that at the first position of the map
        int offset[OWN][AXES]; // of the element, relative to where a window would begin without padding
    };

    __device__ __forceinline__ Place at(u32 row) const {
        const Convolution& conv = g.conv;
        Place place;
#pragma unroll
        for (int e = 0; e < OWN; ++e) {
            u32 element = (row + e) / u32(conv.group_channels), channel = row + e - element * conv.group_channels;
            among<AXES>(element, conv.window, place.offset[e]);
#pragma unroll
            for (int a = 0; a < AXES; ++a) {
                int axis = a + 3 - AXES;
                place.offset[e][a] = place.offset[e][a] * conv.dilate[axis] - conv.pad[axis];
            }
            place.index[e] = position<AXES>(conv.map, place.offset[e]) * conv.channels + first_channel + channel;
            if (row + e >= rows) place.offset[e][0] = 2 * OUTSIDE;
        }
        return place;
    }

    __device__ __forceinline__ float4 quad(const Place& place, u32 d) const {
        float four[4] = {0.f, 0.f, 0.f, 0.f};
        int corner[AXES];
        u32 n = among<AXES>(d, g.windows, corner);
#pragma unroll
        for (int a = 0; a < AXES; ++a) corner[a] *= g.conv.stride[a + 3 - AXES];
        u32 index = (n * volume(g.conv.map) + position<AXES>(g.conv.map, corner)) * g.conv.channels;
#pragma unroll
        for (int e = 0; e < OWN; ++e) {
            int at[AXES];
#pragma unroll
            for (int a = 0; a < AXES; ++a) at[a] = corner[a] + place.offset[e][a];
            if (d >= depth || !inside<AXES>(g.conv.map, at)) continue;
            if constexpr (WIDE) return x.four(index + place.index[0]);
            else four[e] = x(index + place.index[e]);
        }
        return make_float4(four[0], four[1], four[2], four[3]);
    }
};

template <class T, int AXES, bool WIDE>
__device__ __forceinline__ void wgrad(In<float> x, In<float> dy, Out<float> dw, const Wgrad& g) {
    const Convolution& conv = g.conv;
    u32 rows = conv.group_filters, columns = volume(conv.window) * conv.group_channels;
    u32 depth = conv.batch * volume(conv.windows);
    BlockPlace place = BlockPlace::of<T>(rows, columns, g.slices);
    u32 group = place.rest;
    Matrix<false, WIDE> filters{dy, group * rows, u32(conv.filters), rows, depth};
    Elements<AXES, WIDE> elements{x, g, group * conv.group_channels, columns, depth};
    Sums<T> sums = product<T>(filters, elements, place, depth, g.slices);
    Finish finish{dw, In<float>{nullptr, 0}, 0, columns, columns % 4 == 0, false};
    u64 first = u64(place.slice) * conv.filters + group * rows;
    store<T>(sums, finish, place, rows, [&](u32 row) { return (first + row) * columns; });
}

KERNEL(256, conv_wgrad_2d, In<float> x, In<float> dy, Out<float> dw, Wgrad g) {
    wgrad<Small, 2, false>(x, dy, dw, g);
}
KERNEL(256, conv_wgrad_2d_wide, In<float> x, In<float> dy, Out<float> dw, Wgrad g) {
    wgrad<Small, 2, true>(x, dy, dw, g);
}
KERNEL(128, conv_wgrad_2d_large, In<float> x, In<float> dy, Out<float> dw, Wgrad g) {
    wgrad<Large, 2, true>(x, dy, dw, g);
}
KERNEL(64, conv_wgrad_2d_square, In<float> x, In<float> dy, Out<float> dw, Wgrad g) {
    wgrad<Square, 2, false>(x, dy, dw, g);
}

KERNEL(256, conv_wgrad_3d, In<float> x, In<float> dy, Out<float> dw, Wgrad g) {
    wgrad<Small, 3, false>(x, dy, dw, g);
}
KERNEL(256, conv_wgrad_3d_wide, In<float> x, In<float> dy, Out<float> dw, Wgrad g) {
    wgrad<Small, 3, true>(x, dy, dw, g);
}
