// The tiled matrix product that every convolution and fully connected layer is computed by.
//
// sums[i, j] = Σ over depth of A(row + i, depth)·B(column + j, depth). A block holds a tile of ROWS × COLUMNS sums in
// its threads' registers, SIDE × SIDE each, and walks the depth DEPTH at a time: both operands' parts are fetched from
// global memory as quads (four neighbours: 16 bytes where they lie aligned), held in registers while the tile before is
// multiplied, then put into the other of two shared buffers; so there is one barrier a tile, and loads overlap with
// FMAs. A word loaded serves ROWS or COLUMNS FMAs: (ROWS + COLUMNS)/(ROWS·COLUMNS) words an FMA from global memory,
// 2/SIDE from shared memory.
//
// Both tiles are stored by depth, tile(depth, i), i being exclusive-ored with (depth / 4)·(128 / DEPTH). Reads: the
// lanes of a warp have one depth, hence one permutation of aligned groups of four; they read at most eight different
// 16-byte groups, which are neighbours (128 bytes: every bank once), the others are broadcast. Writes of quads that lie
// along the rows are 16-byte writes of neighbours. Writes of quads along the depth are four 4-byte writes each; in each
// of them the lanes have DEPTH/4 depths × 128/DEPTH neighbouring rows, and the exclusive or sends these to 32 different
// banks. (Only in tiles 16 wide do pairs of lanes share a bank.)
//
// Tiles of 4×4 sums a thread add up at most 256 products before they are added to a second sum, so that the error does
// not grow with the square root of the depth.
//
// Source: V. Volkov and J. Demmel, "Benchmarking GPUs to tune dense linear algebra", SC 2008; R. Nath, S. Tomov and
// J. Dongarra, "An improved MAGMA GEMM for Fermi GPUs", 2010 (register blocking, prefetch).
#pragma once
#include "fovea.cuh"

// How a product is cut up: sums of a block, depth of a tile, and how many rows and columns of sums a thread has.
template <int ROWS_, int COLUMNS_, int DEPTH_, int SIDE_>
struct Tiling {
    static constexpr int ROWS = ROWS_, COLUMNS = COLUMNS_, DEPTH = DEPTH_, SIDE = SIDE_;
    static constexpr int THREADS = ROWS * COLUMNS / (SIDE * SIDE);
    static constexpr int ACROSS = COLUMNS / SIDE;                     // threads side by side in a block
    static constexpr int LANES_ACROSS = ACROSS < 8 ? ACROSS : 8;      // and in a warp
    static constexpr int LANES_DOWN = 32 / LANES_ACROSS;
    static constexpr int WARPS_ACROSS = ACROSS / LANES_ACROSS;
    static constexpr int QUADS = SIDE / 4;                            // groups of four rows (columns) of a thread …
    static constexpr int ROW_STEP = ROWS / QUADS;                     // … which lie so far apart
    static constexpr int COLUMN_STEP = COLUMNS / QUADS;
    static constexpr int UNROLL = THREADS == 256 ? 4 : 2;             // depths at once; more would take more registers
};
using Small = Tiling<64, 64, 16, 4>;   // 256 threads
using Large = Tiling<128, 64, 8, 8>;   // 128 threads
using Slim = Tiling<64, 16, 16, 4>;    // 64 threads; for few columns
using Square = Tiling<32, 32, 16, 4>;  // 64 threads; for few rows or columns of great depth

constexpr int RUN = 256;  // how many products are summed before they are added to the second sum

// What a thread computes: SIDE × SIDE sums, in groups of four rows and four columns.
template <class T>
struct Sums {
    float at[T::SIDE][T::SIDE];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < T::SIDE; ++i)
#pragma unroll
            for (int j = 0; j < T::SIDE; ++j) at[i][j] = 0.f;
    }

    __device__ __forceinline__ void add(const Sums& other) {
#pragma unroll
        for (int i = 0; i < T::SIDE; ++i)
#pragma unroll
            for (int j = 0; j < T::SIDE; ++j) at[i][j] += other.at[i][j];
    }
};

// The first row and the first column of this thread's sums within the block's.
template <class T>
__device__ __forceinline__ int thread_row() {
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    return 4 * (warp / T::WARPS_ACROSS * T::LANES_DOWN + lane / T::LANES_ACROSS);
}

template <class T>
__device__ __forceinline__ int thread_column() {
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    return 4 * (warp % T::WARPS_ACROSS * T::LANES_ACROSS + lane % T::LANES_ACROSS);
}

// Where row (or column) i of a tile lies at this depth: see the head.
template <class T, int WIDTH>
__device__ __forceinline__ int swizzled(int i, int depth) {
    return i ^ ((depth / 4 * (128 / T::DEPTH)) & (WIDTH - 1));
}

// A thread's part in bringing one operand's tiles, WIDTH rows of it, to shared memory. An operand has
//   ALONG_DEPTH         whether the four elements of a quad follow each other in depth, or else in rows,
//   Place at(row)       what is known of a quad before its depth is,
//   float4 quad(place, depth)   the quad; zeros beyond the operand's rows and depth.
template <class T, int WIDTH, class Operand>
struct Stage {
    static constexpr int QUADS = WIDTH * T::DEPTH / 4 / T::THREADS;
    static_assert(QUADS * 4 * T::THREADS == WIDTH * T::DEPTH, "every thread brings as many quads");
    typename Operand::Place places[QUADS];
    float4 held[QUADS];

    // Of quad number i: its row within the tile, and its depth.
    static __device__ __forceinline__ int row(int i) {
        int quad = threadIdx.x + i * T::THREADS;
        return Operand::ALONG_DEPTH ? quad / (T::DEPTH / 4) : quad % (WIDTH / 4) * 4;
    }
    static __device__ __forceinline__ int depth(int i) {
        int quad = threadIdx.x + i * T::THREADS;
        return Operand::ALONG_DEPTH ? quad % (T::DEPTH / 4) * 4 : quad / (WIDTH / 4);
    }

    __device__ __forceinline__ void begin(const Operand& operand, u32 first_row) {
#pragma unroll
        for (int i = 0; i < QUADS; ++i) places[i] = operand.at(first_row + row(i));
    }

    __device__ __forceinline__ void fetch(const Operand& operand, u32 first_depth) {
#pragma unroll
        for (int i = 0; i < QUADS; ++i) held[i] = operand.quad(places[i], first_depth + depth(i));
    }

    __device__ __forceinline__ void put(const Tile<float, 2, T::DEPTH, WIDTH>& tile, int buffer) const {
#pragma unroll
        for (int i = 0; i < QUADS; ++i) {
            int d = depth(i), r = swizzled<T, WIDTH>(row(i), d);
            if constexpr (Operand::ALONG_DEPTH) {
                tile(buffer, d, r) = held[i].x;
                tile(buffer, d + 1, r) = held[i].y;
                tile(buffer, d + 2, r) = held[i].z;
                tile(buffer, d + 3, r) = held[i].w;
            } else {
                tile.put4(buffer, d, r, held[i]);
            }
        }
    }
};

// A thread's rows (or columns) of one depth of a tile, into registers.
template <class T, int WIDTH, int STEP>
__device__ __forceinline__ void read(float (&into)[T::SIDE], const Tile<float, 2, T::DEPTH, WIDTH>& tile, int buffer,
                                     int depth, int i) {
#pragma unroll
    for (int q = 0; q < T::QUADS; ++q) {
        float4 four = tile.four(buffer, depth, swizzled<T, WIDTH>(i + q * STEP, depth));
        into[4 * q] = four.x;
        into[4 * q + 1] = four.y;
        into[4 * q + 2] = four.z;
        into[4 * q + 3] = four.w;
    }
}

// Where a block is among the tiles of a product. The tiles of one row of tiles follow each other, so that what they
// share is in the cache; then come the rows, the slices of the depth, and what else there is.
struct BlockPlace {
    u32 row;    // the first of its tile
    u32 column; // the first of its tile
    u32 slice;  // of the depth
    u32 rest;   // which of several such products

    template <class T>
    static __device__ __forceinline__ BlockPlace of(u32 rows, u32 columns, u32 slices) {
        u32 down = (rows + T::ROWS - 1) / T::ROWS, across = (columns + T::COLUMNS - 1) / T::COLUMNS;
        u32 row = blockIdx.x / across, slice = row / down;
        return BlockPlace{row % down * T::ROWS, blockIdx.x % across * T::COLUMNS, slice % slices, slice / slices};
    }
};

// Where slice number `slice` of `slices` begins, in a depth that is cut at multiples of 16; it ends where the next
// begins.
__device__ __forceinline__ u32 slice_begin(u32 depth, u32 slices, u32 slice) {
    u32 begin = u32(u64((depth + 15) / 16) * slice / slices) * 16;
    return begin < depth ? begin : depth;
}

// The sums of this block's tile over its slice of the depth.
template <class T, class A, class B>
__device__ __forceinline__ Sums<T> product(const A& a, const B& b, const BlockPlace& place, u32 depth, u32 slices) {
    TILE(float, rows, 2, T::DEPTH, T::ROWS);
    TILE(float, columns, 2, T::DEPTH, T::COLUMNS);
    Stage<T, T::ROWS, A> stage_a;
    Stage<T, T::COLUMNS, B> stage_b;
    u32 from = slice_begin(depth, slices, place.slice), to = slice_begin(depth, slices, place.slice + 1);
    stage_a.begin(a, place.row);
    stage_b.begin(b, place.column);
    stage_a.fetch(a, from);
    stage_b.fetch(b, from);
    stage_a.put(rows, 0);
    stage_b.put(columns, 0);
    __syncthreads();

    Sums<T> sums, total;
    sums.clear();
    if constexpr (T::SIDE == 4) total.clear();
    int buffer = 0;
    int my_row = thread_row<T>(), my_column = thread_column<T>();
    for (u32 next = from + T::DEPTH; next < to + T::DEPTH; next += T::DEPTH) {
        if (next < to) {
            stage_a.fetch(a, next);
            stage_b.fetch(b, next);
        }
#pragma unroll (T::UNROLL)
        for (int d = 0; d < T::DEPTH; ++d) {
            float left[T::SIDE], right[T::SIDE];
            read<T, T::ROWS, T::ROW_STEP>(left, rows, buffer, d, my_row);
            read<T, T::COLUMNS, T::COLUMN_STEP>(right, columns, buffer, d, my_column);
#pragma unroll
            for (int i = 0; i < T::SIDE; ++i)
#pragma unroll
                for (int j = 0; j < T::SIDE; ++j) sums.at[i][j] = fmaf(left[i], right[j], sums.at[i][j]);
        }
        if constexpr (T::SIDE == 4) {
            if ((next - from) % RUN == 0) {
                total.add(sums);
                sums.clear();
            }
        }
        // The other buffer was last read before the barrier of the tile before.
        buffer ^= 1;
        if (next < to) {
            stage_a.put(rows, buffer);
            stage_b.put(columns, buffer);
            __syncthreads();
        }
    }
    if constexpr (T::SIDE == 4) sums.add(total);
    return sums;
}

// A matrix as an operand: element (row, depth) lies at offset + row·stride + depth if DEPTH_FIRST, that is, if depth is
// the axis along which it is stored, else at offset + depth·stride + row. WIDE: stride, offset and the stored axis are
// multiples of 4.
template <bool DEPTH_FIRST, bool WIDE>
struct Matrix {
    static constexpr bool ALONG_DEPTH = DEPTH_FIRST;
    In<float> data;
    u32 offset;
    u32 stride;
    u32 rows;
    u32 depth;

    struct Place {
        u32 index;  // of the quad's first element at depth 0
        u32 left;   // how much there is along the stored axis: the depth, or the rows from here on
    };

    __device__ __forceinline__ Place at(u32 row) const {
        u32 index = offset + (DEPTH_FIRST ? row * stride : row);
        if (row >= rows) return Place{0, 0};
        return Place{index, DEPTH_FIRST ? depth : rows - row};
    }

    __device__ __forceinline__ float4 quad(const Place& place, u32 d) const {
        u32 index = place.index + (DEPTH_FIRST ? d : d * stride);
        u32 first = DEPTH_FIRST ? d : 0;
        float4 four = make_float4(0.f, 0.f, 0.f, 0.f);
        if (d >= depth) return four;
        if constexpr (WIDE) {
            if (first < place.left) four = data.four(index);
        } else {
            if (first < place.left) four.x = data(index);
            if (first + 1 < place.left) four.y = data(index + 1);
            if (first + 2 < place.left) four.z = data(index + 2);
            if (first + 3 < place.left) four.w = data(index + 3);
        }
        return four;
    }
};

// v + bias, rectified if wanted; what is not a number stays so.
__device__ __forceinline__ float finished(float v, float bias, bool relu) {
    v += bias;
    return relu && v < 0.f ? 0.f : v;
}

// How sums become elements of y: with a bias where it is given, rectified where that is wanted.
struct Finish {
    Out<float> y;
    In<float> bias;
    u32 first_bias; // that of column 0
    u32 columns;    // beyond which nothing is written
    bool wide;      // whether columns that divide by 4 lie at multiples of 16 bytes
    bool relu;

    // Four neighbours, the first at `index` of y.
    __device__ __forceinline__ void put(u64 index, u32 column, float4 sums) const {
        float v[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
        for (u32 j = 0; j < 4; ++j) {
            float b = bias.given() && column + j < columns ? bias(first_bias + column + j) : 0.f;
            v[j] = finished(v[j], b, relu);
        }
        if (wide && column + 4 <= columns) {
            y.put4(index, make_float4(v[0], v[1], v[2], v[3]));
        } else {
#pragma unroll
            for (u32 j = 0; j < 4; ++j)
                if (column + j < columns) y.put(index + j, v[j]);
        }
    }
};

// Writes this thread's sums: row i begins at `line(i)`.
template <class T, class Line>
__device__ __forceinline__ void store(const Sums<T>& sums, const Finish& finish, const BlockPlace& place, u32 rows,
                                      const Line& line) {
#pragma unroll
    for (int i = 0; i < T::SIDE; ++i) {
        u32 row = place.row + thread_row<T>() + i / 4 * T::ROW_STEP + i % 4;
        if (row >= rows) continue;
        u64 begin = line(row);
#pragma unroll
        for (int q = 0; q < T::QUADS; ++q) {
            u32 column = place.column + thread_column<T>() + q * T::COLUMN_STEP;
            const float(&v)[T::SIDE] = sums.at[i];
            finish.put(begin + column, column, make_float4(v[4 * q], v[4 * q + 1], v[4 * q + 2], v[4 * q + 3]));
        }
    }
}
