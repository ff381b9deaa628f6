// Convolution as an implicit matrix product (S. Chetlur et al., "cuDNN: Efficient primitives for deep learning", 2014,
// arXiv:1410.0759): the matrix of windows is never in memory, only its tiles are, in shared memory.
//
// x [N, map…, C], w [K, window…, C/groups], y [N, windows…, K], bias [K]. For each group y = windows·wᵀ: rows are the
// positions of y, columns the group's filters, the depth runs over the window's elements and, fastest, its channels. A
// block computes a tile of y as matmul.cuh says. 2·N·windows·K·window·C/groups FLOPs; a tile of 64×64 (large: 128×64,
// slim: 64×16) loads 4 bytes for every 32 (43, 13) FMAs. _2d: the first spatial axis is 1. _wide and _large: C/groups
// divides by 4, so that the quads of both operands lie in 16 aligned bytes.
//
// With slices, y is a workspace [slices, size of y], and sum_slices of matmul.cu adds bias and ReLU.
#include "conv.cuh"

// The arguments of convolution.
struct Fprop {
    Convolution conv;
    Divider channels;  // by the channels of a group
    Divider window[3]; // by the window's axes
    int slices;        // into which the depth is cut
    int relu;          // 1 where it is fused in
};

// The windows of x: rows are positions of y, the depth runs over window elements and channels.
template <int AXES, bool WIDE>
struct Windows {
    static constexpr bool ALONG_DEPTH = true;
    In<float> x;
    const Fprop& f;
    u32 first_channel;
    u32 rows;
    u32 depth;

    struct Place {
        u32 index;        // of the first channel at the window's corner, which may lie on the padding
        int corner[AXES];
    };

    __device__ __forceinline__ Place at(u32 row) const {
        const Convolution& conv = f.conv;
        Place place;
        u32 n = among<AXES>(row, conv.windows, place.corner);
#pragma unroll
        for (int a = 0; a < AXES; ++a) {
            int axis = a + 3 - AXES;
            place.corner[a] = place.corner[a] * conv.stride[axis] - conv.pad[axis];
        }
        place.index = (n * volume(conv.map) + position<AXES>(conv.map, place.corner)) * conv.channels + first_channel;
        if (row >= rows) place.corner[0] = OUTSIDE;
        return place;
    }

    // Whether this element of the window is on the map, and where it is.
    __device__ __forceinline__ bool find(const Place& place, u32 d, u32& index) const {
        u32 element = divide(d, f.channels);
        int step[AXES], at[AXES];
        within<AXES>(element, f.window, step);
#pragma unroll
        for (int a = 0; a < AXES; ++a) {
            step[a] *= f.conv.dilate[a + 3 - AXES];
            at[a] = place.corner[a] + step[a];
        }
        index = place.index + position<AXES>(f.conv.map, step) * f.conv.channels + (d - element * f.channels.divisor);
        return d < depth && inside<AXES>(f.conv.map, at);
    }

    __device__ __forceinline__ float4 quad(const Place& place, u32 d) const {
        float4 four = make_float4(0.f, 0.f, 0.f, 0.f);
        u32 index;
        if constexpr (WIDE) {
            if (find(place, d, index)) four = x.four(index);
        } else {
            if (find(place, d, index)) four.x = x(index);
            if (find(place, d + 1, index)) four.y = x(index);
            if (find(place, d + 2, index)) four.z = x(index);
            if (find(place, d + 3, index)) four.w = x(index);
        }
        return four;
    }
};

template <class T, int AXES, bool WIDE>
__device__ __forceinline__ void fprop(In<float> x, In<float> w, In<float> bias, Out<float> y, const Fprop& f) {
    const Convolution& conv = f.conv;
    u32 rows = conv.batch * volume(conv.windows), columns = conv.group_filters;
    u32 depth = volume(conv.window) * conv.group_channels;
    BlockPlace place = BlockPlace::of<T>(rows, columns, f.slices);
    u32 group = place.rest, first_filter = group * columns;
    Windows<AXES, WIDE> windows{x, f, group * conv.group_channels, rows, depth};
    Matrix<true, WIDE> filters{w, first_filter * depth, depth, columns, depth};
    Sums<T> sums = product<T>(windows, filters, place, depth, f.slices);
    Finish finish{y, bias, first_filter, columns, columns % 4 == 0 && conv.filters % 4 == 0, f.relu != 0};
    u64 part = u64(place.slice) * rows * conv.filters + first_filter;
    store<T>(sums, finish, place, rows, [&](u32 row) { return part + u64(row) * conv.filters; });
}

KERNEL(256, conv_fprop_2d, In<float> x, In<float> w, In<float> bias, Out<float> y, Fprop f) {
    fprop<Small, 2, false>(x, w, bias, y, f);
}
KERNEL(256, conv_fprop_2d_wide, In<float> x, In<float> w, In<float> bias, Out<float> y, Fprop f) {
    fprop<Small, 2, true>(x, w, bias, y, f);
}
KERNEL(128, conv_fprop_2d_large, In<float> x, In<float> w, In<float> bias, Out<float> y, Fprop f) {
    fprop<Large, 2, true>(x, w, bias, y, f);
}
KERNEL(64, conv_fprop_2d_slim, In<float> x, In<float> w, In<float> bias, Out<float> y, Fprop f) {
    fprop<Slim, 2, false>(x, w, bias, y, f);
}

KERNEL(256, conv_fprop_3d, In<float> x, In<float> w, In<float> bias, Out<float> y, Fprop f) {
    fprop<Small, 3, false>(x, w, bias, y, f);
}
KERNEL(256, conv_fprop_3d_wide, In<float> x, In<float> w, In<float> bias, Out<float> y, Fprop f) {
    fprop<Small, 3, true>(x, w, bias, y, f);
}
