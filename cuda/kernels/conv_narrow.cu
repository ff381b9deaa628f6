// Convolution of maps with few channels: the first layers of nets, on grey (C = 1) and on coloured pictures (C = 3).
// There a tile of windows would be gathered word by word; here windows are read where they lie.
//
// x [N, map…, C], w [K, window…, C], y [N, windows…, K], bias [K]; one group, the last axis not dilated. A line of a window
// (its last axis and the channels) is then one run of neighbouring words, and whether one of them is on the map is one
// comparison. A thread computes two positions × 16 filters: neighbouring threads have neighbouring positions, whose windows
// overlap, so that most loads are found in the cache. The filters come through shared memory, 32 words of the 16 at a
// time, all lanes reading the same 16 bytes.
// 2·N·windows·K·window·C FLOPs; 4 bytes of loads for every 16 FMAs, of shared loads for every 8 (as 16 bytes).
// Source: as A. Krizhevsky's cuda-convnet (2012), which has kernels of its own for few channels.
#include "conv.cuh"

constexpr int POSITIONS = 256; // of a block, two to a thread
constexpr int FILTERS = 16;
constexpr int WORDS = 32;      // of each filter in shared memory at a time

// A position's window: what does not change along its line.
struct Line {
    int image;  // of the batch
    int corner[3];
    int begin;  // of this line in x, which may lie on the padding
    int left;   // the number, within the line of the map, of its first word; OUTSIDE if the line is not on the map

    __device__ __forceinline__ Line(const Convolution& conv, u32 row, u32 rows) {
        image = among<3>(row, conv.windows, corner);
#pragma unroll
        for (int axis = 0; axis < 3; ++axis) corner[axis] = corner[axis] * conv.stride[axis] - conv.pad[axis];
        if (row >= rows) corner[0] = OUTSIDE;
    }

    __device__ __forceinline__ void go_to(const Convolution& conv, int plane, int line) {
        int at[3] = {corner[0] + plane * conv.dilate[0], corner[1] + line * conv.dilate[1], 0};
        int first = (image * int(volume(conv.map)) + position<3>(conv.map, at)) * conv.channels;
        left = inside<3>(conv.map, at) ? corner[2] * conv.channels : OUTSIDE;
        begin = first + left;
    }
};

KERNEL(128, conv_narrow, In<float> x, In<float> w, In<float> bias, Out<float> y, Convolution conv, int relu) {
    TILE(float, filters, WORDS, FILTERS);
    u32 rows = conv.batch * volume(conv.windows), columns = conv.filters, across = (columns + FILTERS - 1) / FILTERS;
    u32 first_row = blockIdx.x / across * POSITIONS + threadIdx.x, column = blockIdx.x % across * FILTERS;
    int depth = volume(conv.window) * conv.channels;
    int run = conv.window[2] * conv.channels, map_line = conv.map[2] * conv.channels;

    Line lines[2] = {Line(conv, first_row, rows), Line(conv, first_row + POSITIONS / 2, rows)};
    float sums[2][FILTERS] = {};
    int plane = 0, line = -1, along = run - 1; // just before the first word
    for (int from = 0; from < depth; from += WORDS) {
        __syncthreads();
        for (int i = threadIdx.x; i < WORDS * FILTERS; i += 128) {
            u32 word = from + i / FILTERS, k = column + i % FILTERS;
            filters(i / FILTERS, i % FILTERS) = word < u32(depth) && k < columns ? w(k * depth + word) : 0.f;
        }
        __syncthreads();
        int words = min(WORDS, depth - from);
        for (int word = 0; word < words; ++word) {
            if (++along == run) {
                along = 0;
                if (++line == conv.window[1]) line = 0, ++plane;
                lines[0].go_to(conv, plane, line);
                lines[1].go_to(conv, plane, line);
            }
            float v[2];
#pragma unroll
            for (int p = 0; p < 2; ++p)
                v[p] = u32(lines[p].left + along) < u32(map_line) ? x(lines[p].begin + along) : 0.f;
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
#pragma unroll
    for (int p = 0; p < 2; ++p) {
        u32 row = first_row + p * (POSITIONS / 2);
        if (row >= rows) continue;
#pragma unroll
        for (u32 q = 0; q < FILTERS; q += 4) {
            if (column + q >= columns) continue;
            float v[4];
#pragma unroll
            for (u32 j = 0; j < 4; ++j) {
                float b = bias.given() && column + q + j < columns ? bias(column + q + j) : 0.f;
                v[j] = finished(sums[p][q + j], b, relu != 0);
            }
            put_quad(y, u64(row) * columns + column + q, v, columns - column - q, columns % 4 == 0);
        }
    }
}
