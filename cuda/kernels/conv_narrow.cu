// Convolution of maps with few channels: the first layers of nets, on grey (C = 1) and on coloured pictures (C = 3).
// There a tile of windows would be gathered word by word; here windows are read where they lie.
//
// x [N, map…, C], w [K, window…, C], y [N, windows…, K], bias [K]; one group, the last axis not dilated. A line of a
// window (its last axis and the channels) is then one run of neighbouring words, and whether one of them is on the map
// is one comparison. A thread computes two positions × 16 filters: neighbouring threads have neighbouring positions,
// whose windows overlap, so that most loads are found in the cache. The filters come through shared memory, 32 words of
// the 16 at a time, all lanes reading the same 16 bytes. 2·N·windows·K·window·C FLOPs; 4 bytes of loads for every 16
// FMAs, and 16 bytes of shared loads for every 8.
// Source: as A. Krizhevsky's cuda-convnet (2012), which has kernels of its own for few channels.
#include "conv.cuh"

constexpr int POSITIONS = 256; // of a block, two to a thread
constexpr int FILTERS = 16;
constexpr int WORDS = 32;      // of each filter in shared memory at a time

// A position's window.
struct Corner {
    int at[3]; // where its first element lies on the map, or on the padding
    u32 index; // of its first word in x
    bool on;   // whether the line of the window that is being read lies on the map

    __device__ __forceinline__ Corner(const Convolution& conv, u32 row, u32 rows) : on(false) {
        u32 image = among<3>(row, conv.windows, at);
#pragma unroll
        for (int axis = 0; axis < 3; ++axis) at[axis] = at[axis] * conv.stride[axis] - conv.pad[axis];
        index = (image * volume(conv.map) + position<3>(conv.map, at)) * conv.channels;
        if (row >= rows) at[0] = OUTSIDE;
    }
};

KERNEL(128, conv_narrow, In<float> x, In<float> w, In<float> bias, Out<float> y, Convolution conv, int relu) {
    TILE(float, filters, WORDS, FILTERS);
    u32 rows = conv.batch * volume(conv.windows), columns = conv.filters, across = (columns + FILTERS - 1) / FILTERS;
    u32 first_row = blockIdx.x / across * POSITIONS + threadIdx.x, column = blockIdx.x % across * FILTERS;
    int depth = volume(conv.window) * conv.channels;
    int run = conv.window[2] * conv.channels, map_line = conv.map[2] * conv.channels;

    Corner corners[2] = {Corner(conv, first_row, rows), Corner(conv, first_row + POSITIONS / 2, rows)};
    float sums[2][FILTERS] = {};
    int step[3] = {0, -conv.dilate[1], 0}, along = run - 1; // just before the first word
    u32 begin = 0;                                          // of the line that is being read, from the corner's on
    for (int from = 0; from < depth; from += WORDS) {
        __syncthreads();
#pragma unroll 1
        for (int i = threadIdx.x; i < WORDS * FILTERS; i += 128) {
            u32 word = from + i / FILTERS, k = column + i % FILTERS;
            filters(i / FILTERS, i % FILTERS) = word < u32(depth) && k < columns ? w(k * depth + word) : 0.f;
        }
        __syncthreads();
        int words = min(WORDS, depth - from);
        for (int word = 0; word < words; ++word) {
            if (++along == run) {
                along = 0;
                step[1] += conv.dilate[1];
                if (step[1] == conv.window[1] * conv.dilate[1]) step[1] = 0, step[0] += conv.dilate[0];
                begin = position<3>(conv.map, step) * conv.channels;
#pragma unroll
                for (int p = 0; p < 2; ++p) {
                    int line[2] = {corners[p].at[0] + step[0], corners[p].at[1] + step[1]};
                    corners[p].on = u32(line[0]) < u32(conv.map[0]) && u32(line[1]) < u32(conv.map[1]);
                }
            }
            float v[2];
#pragma unroll
            for (int p = 0; p < 2; ++p) {
                bool there = corners[p].on && u32(corners[p].at[2] * conv.channels + along) < u32(map_line);
                v[p] = there ? x(corners[p].index + begin + along) : 0.f;
            }
#pragma unroll
            for (int q = 0; q < FILTERS; q += 4) {
                float4 four = filters.four(word, q);
#pragma unroll
                for (int p = 0; p < 2; ++p) {
                    sums[p][q] = fmaf(v[p], four.x, sums[p][q]);
                    sums[p][q + 1] = fmaf(v[p], four.y, sums[p][q + 1]);
                    sums[p][q + 2] = fmaf(v[p], four.z, sums[p][q + 2]);
                    sums[p][q + 3] = fmaf(v[p], four.w, sums[p][q + 3]);
                }
            }
        }
    }
    Finish finish{y, bias, 0, columns, columns % 4 == 0, relu != 0};
#pragma unroll
    for (int p = 0; p < 2; ++p) {
        u32 row = first_row + p * (POSITIONS / 2);
        if (row >= rows) continue;
#pragma unroll
        for (u32 q = 0; q < FILTERS; q += 4) {
            float4 four = make_float4(sums[p][q], sums[p][q + 1], sums[p][q + 2], sums[p][q + 3]);
            finish.put(u64(row) * columns + column + q, column + q, four);
        }
    }
}
