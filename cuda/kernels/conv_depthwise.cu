// Convolution in many groups of few channels, and its gradients; with one channel a group it is called depthwise
// (F. Chollet, "Xception", CVPR 2017; A. Howard et al., MobileNets, 2017, arXiv:1704.04861). Nothing is shared between
// groups, so tiles of a matrix product would be mostly empty: these kernels read what they need where it lies.
//
// x [N, map…, C], w [K, window…, C/groups], y and dy [N, windows…, K], bias [K]. Each is bound by bytes:
// 4 for an element of each tensor and 2·window·C/groups FLOPs for one of y. Neighbouring threads have neighbouring
// channels, and what neighbouring windows share is found in the cache.
#include "conv.cuh"

constexpr int STRIP = 4; // neighbouring positions (fprop) or window elements (wgrad) of a thread

// A thread computes a strip of four neighbours along the last axis for one filter k, each weight loaded once for the
// four: 5 loads for 4 FMAs.
KERNEL(256, conv_depthwise, In<float> x, In<float> w, In<float> bias, Out<float> y, Convolution conv, int relu) {
    int strips = (conv.windows[2] + STRIP - 1) / STRIP, counts[3] = {conv.windows[0], conv.windows[1], strips};
    u64 n = u64(conv.batch) * volume(counts) * conv.filters;
    for (u64 i = first(); i < n; i += stride()) {
        u32 k = u32(i) % conv.filters;
        int p[3], at[3];
        u32 image = among<3>(u32(i) / conv.filters, counts, p);
        p[2] *= STRIP;
        int first_channel = k / conv.group_filters * conv.group_channels, left = conv.windows[2] - p[2];
        float sums[STRIP] = {};
        for (int r0 = 0; r0 < conv.window[0]; ++r0) {
            for (int r1 = 0; r1 < conv.window[1]; ++r1) {
                at[0] = p[0] * conv.stride[0] - conv.pad[0] + r0 * conv.dilate[0];
                at[1] = p[1] * conv.stride[1] - conv.pad[1] + r1 * conv.dilate[1];
                at[2] = 0;
                if (!inside<3>(conv.map, at)) continue;
                u32 begin = (image * volume(conv.map) + position<3>(conv.map, at)) * conv.channels + first_channel;
                int line = (k * conv.window[0] + r0) * conv.window[1] + r1;
                int corner = p[2] * conv.stride[2] - conv.pad[2];
                for (int r2 = 0; r2 < conv.window[2]; ++r2) {
                    at[2] = corner + r2 * conv.dilate[2];
                    for (int c = 0; c < conv.group_channels; ++c) {
                        float v = w((line * conv.window[2] + r2) * conv.group_channels + c);
#pragma unroll
                        for (int j = 0; j < STRIP; ++j) {
                            int along = at[2] + j * conv.stride[2];
                            if (j < left && u32(along) < u32(conv.map[2]))
                                sums[j] = fmaf(x(begin + along * conv.channels + c), v, sums[j]);
                        }
                    }
                }
            }
        }
        float b = bias.given() ? bias(k) : 0.f;
        u64 index = (image * volume(conv.windows) + position<3>(conv.windows, p)) * conv.filters + k;
#pragma unroll
        for (int j = 0; j < STRIP; ++j)
            if (j < left) y.put(index + j * conv.filters, finished(sums[j], b, relu != 0));
    }
}

// The windows `from` to `to` − 1: those that see a position along one axis.
struct SeenBy {
    int from;
    int to;

    __device__ __forceinline__ SeenBy(const Convolution& conv, int axis, int at) {
        int reach = at + conv.pad[axis], span = (conv.window[axis] - 1) * conv.dilate[axis], stride = conv.stride[axis];
        from = reach > span ? (reach - span + stride - 1) / stride : 0;
        to = min(conv.windows[axis], reach / stride + 1);
    }
};

// Through which tap of window p a position is seen along one axis; −1 where dilation skips it.
__device__ __forceinline__ int tap_of(const Convolution& conv, int axis, int at, int p) {
    int distance = at + conv.pad[axis] - p * conv.stride[axis], dilate = conv.dilate[axis];
    return distance % dilate == 0 ? distance / dilate : -1;
}

// A thread computes one element of dx, going through the windows that see it: 2 loads an FMA.
KERNEL(256, conv_depthwise_dgrad, In<float> w, In<float> dy, Out<float> dx, Convolution conv) {
    u64 n = u64(conv.batch) * volume(conv.map) * conv.channels;
    for (u64 i = first(); i < n; i += stride()) {
        u32 channel = u32(i) % conv.channels, pixel = u32(i) / conv.channels;
        int at[3];
        u32 image = among<3>(pixel, conv.map, at);
        u32 group = channel / conv.group_channels, c = channel % conv.group_channels;
        SeenBy planes(conv, 0, at[0]), lines(conv, 1, at[1]), along(conv, 2, at[2]);
        float sum = 0.f;
        for (int p0 = planes.from; p0 < planes.to; ++p0) {
            int r0 = tap_of(conv, 0, at[0], p0);
            for (int p1 = lines.from; p1 < lines.to; ++p1) {
                int r1 = tap_of(conv, 1, at[1], p1);
                for (int p2 = along.from; p2 < along.to; ++p2) {
                    int r2 = tap_of(conv, 2, at[2], p2);
                    if (r0 < 0 || r1 < 0 || r2 < 0) continue;
                    int window[3] = {p0, p1, p2}, tap[3] = {r0, r1, r2};
                    u32 seen = (image * volume(conv.windows) + position<3>(conv.windows, window)) * conv.filters;
                    u32 element = position<3>(conv.window, tap);
                    for (int k = group * conv.group_filters; k < int(group + 1) * conv.group_filters; ++k)
                        sum = fmaf(dy(seen + k), w((k * volume(conv.window) + element) * conv.group_channels + c), sum);
                }
            }
        }
        dx.put(i, sum);
    }
}

// The arguments of the gradient by the filters.
struct DepthwiseWgrad {
    Convolution conv;
    Divider windows[3]; // by the axes of dy
    int slices;         // into which the positions of dy are cut
};

// A block computes 32 filters × 4 elements of the window over a slice of the positions of dy: its eight warps every
// eighth position, a lane one filter; then four warps add up the eight, in order. dw is a workspace [slices, size of
// dw] for sum_slices of matmul.cu, or with one slice dw itself. 5 loads for 4 FMAs.
KERNEL(256, conv_depthwise_wgrad, In<float> x, In<float> dy, Out<float> dw, DepthwiseWgrad g) {
    TILE(float, parts, 8, STRIP, 32);
    const Convolution& conv = g.conv;
    int elements = volume(conv.window) * conv.group_channels, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    u32 across = (elements + STRIP - 1) / STRIP, down = (conv.filters + 31) / 32;
    u32 block = blockIdx.x / across, slice = block / down;
    int element = blockIdx.x % across * STRIP, k = block % down * 32 + lane;
    u32 depth = conv.batch * volume(conv.windows);
    u32 from = slice_begin(depth, g.slices, slice), to = slice_begin(depth, g.slices, slice + 1);
    int first_channel = k / conv.group_filters * conv.group_channels;

    int offset[STRIP][3], channel[STRIP];
#pragma unroll
    for (int e = 0; e < STRIP; ++e) {
        channel[e] = first_channel + (element + e) % conv.group_channels;
        among<3>((element + e) / conv.group_channels, conv.window, offset[e]);
#pragma unroll
        for (int a = 0; a < 3; ++a) offset[e][a] = offset[e][a] * conv.dilate[a] - conv.pad[a];
        if (element + e >= elements || k >= conv.filters) offset[e][0] = 2 * OUTSIDE;
    }
    float sums[STRIP] = {};
    for (u32 m = from + warp; m < to; m += 8) {
        int corner[3];
        u32 image = among<3>(m, g.windows, corner);
        float d = k < conv.filters ? dy(m * conv.filters + k) : 0.f;
#pragma unroll
        for (int e = 0; e < STRIP; ++e) {
            int at[3];
#pragma unroll
            for (int a = 0; a < 3; ++a) at[a] = corner[a] * conv.stride[a] + offset[e][a];
            if (!inside<3>(conv.map, at)) continue;
            u32 pixel = image * volume(conv.map) + position<3>(conv.map, at);
            sums[e] = fmaf(d, x(pixel * conv.channels + channel[e]), sums[e]);
        }
    }
#pragma unroll
    for (int e = 0; e < STRIP; ++e) parts(warp, e, lane) = sums[e];
    __syncthreads();
    if (warp >= STRIP || element + warp >= elements || k >= conv.filters) return;
    float sum = 0.f;
#pragma unroll
    for (int w = 0; w < 8; ++w) sum += parts(w, warp, lane);
    dw.put((u64(slice) * conv.filters + k) * elements + element + warp, sum);
}
