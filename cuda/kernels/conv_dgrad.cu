// The gradient of a convolution by its input, which is also the transposed convolution (V. Dumoulin and F. Visin,
// arXiv:1603.07285), as implicit matrix products (S. Chetlur et al., arXiv:1410.0759).
//
// filter w [K, window…, C/groups], dy [N, windows…, K], dx [N, map…, C]. Position i of dx sees the taps r of the window
// for which i + pad − r·dilate divides by the stride. The positions that are equal modulo the stride (a phase) see the
// same taps, so each of the stride² phases is a convolution of stride 1 of its own, and no zero is multiplied: along an
// axis, with g = gcd(stride, dilate), every (stride/g)th tap, each dilate/g positions of dy before the one before it.
//
// For each group and phase dx = (taps of dy)·w: rows are the phase's positions of dx, columns the group's channels, the
// depth runs over the phase's taps and, fastest, the group's filters. A block computes a tile of it as matmul.cuh says.
// 2·N·windows·K·window·C/groups FLOPs (less at the borders); a tile of 64×64 (large: 128×64, slim: 64×16) loads 4 bytes
// for every 32 (43, 13) FMAs. _2d: the first spatial axis is 1. _wide and _large: C/groups and K/groups divide by 4.
//
// With slices, dx is a workspace [slices, size of dx], which sum_slices of matmul.cu adds up.
#include "conv.cuh"

// The arguments of dgrad.
struct Dgrad {
    Convolution conv;
    Divider filters;  // by the filters of a group
    Divider fewer[3]; // by the taps that a phase has at least, or by 1 where that is 0
    Divider more[3];  // and at most
    int tap_step[3];  // from one tap of a phase to the next: stride / g, g as above
    int back[3];      // by how much what is seen through the next tap lies before: dilate / g
    int slices;       // into which the depth is cut
};

// What is known of the block's phase along each axis. It is in shared memory, for registers are few.
enum PhaseField {
    FIRST,      // position of dx; then come first + stride, …
    COUNT,      // of positions
    TAP,        // the first that they see; then come tap + tap_step, …
    ORIGIN,     // position of dy, seen by the first position through the first tap
    TAPS,       // how many; a Divider with the next two
    MULTIPLIER,
    SHIFT,
    PHASE_FIELDS
};
using PhaseTile = Tile<int, PHASE_FIELDS, 3>;

// One field along all axes.
__device__ __forceinline__ void read(int (&into)[3], const PhaseTile& phase, PhaseField field) {
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) into[axis] = phase(field, axis);
}

// Thread number `axis` finds out about the phase that begins at `first` along its axis.
__device__ __forceinline__ void find_phase(const PhaseTile& phase, const Dgrad& g, int axis, int first) {
    int stride = g.conv.stride[axis], dilate = g.conv.dilate[axis], window = g.conv.window[axis];
    int shifted = first + g.conv.pad[axis], step = g.tap_step[axis], limit = min(window, step), tap = 0;
    while (tap < limit && (shifted - tap * dilate) % stride != 0) ++tap;
    int taps = tap < limit ? (window - tap + step - 1) / step : 0;
    const Divider& by = u32(taps) == g.more[axis].divisor ? g.more[axis] : g.fewer[axis];
    phase(FIRST, axis) = first;
    phase(COUNT, axis) = (g.conv.map[axis] - first + stride - 1) / stride;
    phase(TAP, axis) = tap;
    phase(ORIGIN, axis) = (shifted - tap * dilate) / stride;
    phase(TAPS, axis) = taps;
    phase(MULTIPLIER, axis) = by.multiplier;
    phase(SHIFT, axis) = by.shift;
}

// Which tap of each axis the phase's tap number n is.
template <int AXES>
__device__ __forceinline__ void tap_numbers(const PhaseTile& phase, u32 n, int (&at)[AXES]) {
#pragma unroll
    for (int a = AXES - 1; a > 0; --a) {
        int taps = phase(TAPS, a + 3 - AXES), multiplier = phase(MULTIPLIER, a + 3 - AXES);
        int shift = phase(SHIFT, a + 3 - AXES);
        u32 rest = divide(n, Divider{u32(taps), u32(multiplier), u32(shift)});
        at[a] = n - rest * taps;
        n = rest;
    }
    at[0] = n;
}

// What the positions of dx see of dy: rows are these positions, the depth runs over taps and filters.
template <int AXES, bool WIDE>
struct Seen {
    static constexpr bool ALONG_DEPTH = true;
    In<float> dy;
    const Dgrad& g;
    const PhaseTile& phase;
    u32 first_filter;
    u32 rows;
    u32 depth;

    struct Place {
        u32 index;        // of the first filter at the corner, which may lie outside of dy
        int corner[AXES]; // what is seen through the first tap
    };

    __device__ __forceinline__ Place at(u32 row) const {
        Place place;
        int count[3], origin[3];
        read(count, phase, COUNT);
        read(origin, phase, ORIGIN);
        u32 n = among<AXES>(row, count, place.corner);
#pragma unroll
        for (int a = 0; a < AXES; ++a) place.corner[a] += origin[a + 3 - AXES];
        const Convolution& conv = g.conv;
        u32 corner = n * volume(conv.windows) + position<AXES>(conv.windows, place.corner);
        place.index = corner * conv.filters + first_filter;
        if (row >= rows) place.corner[0] = OUTSIDE;
        return place;
    }

    // Whether what is seen through this tap lies on dy, and where.
    __device__ __forceinline__ bool find(const Place& place, u32 d, u32& index) const {
        u32 tap = divide(d, g.filters);
        int step[AXES], at[AXES];
        tap_numbers<AXES>(phase, tap, step);
#pragma unroll
        for (int a = 0; a < AXES; ++a) {
            step[a] *= g.back[a + 3 - AXES];
            at[a] = place.corner[a] - step[a];
        }
        index = place.index - position<AXES>(g.conv.windows, step) * g.conv.filters + (d - tap * g.filters.divisor);
        return d < depth && inside<AXES>(g.conv.windows, at);
    }

    __device__ __forceinline__ float4 quad(const Place& place, u32 d) const {
        float4 four = make_float4(0.f, 0.f, 0.f, 0.f);
        u32 index;
        if constexpr (WIDE) {
            if (find(place, d, index)) four = dy.four(index);
        } else {
            if (find(place, d, index)) four.x = dy(index);
            if (find(place, d + 1, index)) four.y = dy(index);
            if (find(place, d + 2, index)) four.z = dy(index);
            if (find(place, d + 3, index)) four.w = dy(index);
        }
        return four;
    }
};

// The phase's taps of the filters: rows are channels, the depth runs over taps and filters.
template <int AXES, bool WIDE>
struct Taps {
    static constexpr bool ALONG_DEPTH = false;
    In<float> w;
    const Dgrad& g;
    const PhaseTile& phase;
    u32 first_filter;
    u32 depth;

    struct Place {
        u32 channel;
    };

    __device__ __forceinline__ Place at(u32 row) const { return Place{row}; }

    __device__ __forceinline__ float4 quad(const Place& place, u32 d) const {
        float4 four = make_float4(0.f, 0.f, 0.f, 0.f);
        u32 channels = g.conv.group_channels;
        if (d >= depth || place.channel >= channels) return four;
        u32 tap = divide(d, g.filters), filter = first_filter + d - tap * g.filters.divisor;
        int at[AXES];
        tap_numbers<AXES>(phase, tap, at);
#pragma unroll
        for (int a = 0; a < AXES; ++a) {
            int first = phase(TAP, a + 3 - AXES);
            at[a] = first + at[a] * g.tap_step[a + 3 - AXES];
        }
        u32 element = filter * volume(g.conv.window) + position<AXES>(g.conv.window, at);
        u32 index = element * channels + place.channel, left = channels - place.channel;
        if constexpr (WIDE) {
            four = w.four(index);
        } else {
            four.x = w(index);
            if (left > 1) four.y = w(index + 1);
            if (left > 2) four.z = w(index + 2);
            if (left > 3) four.w = w(index + 3);
        }
        return four;
    }
};

template <class T, int AXES, bool WIDE>
__device__ __forceinline__ void dgrad(In<float> w, In<float> dy, Out<float> dx, const Dgrad& g) {
    TILE(int, phase, PHASE_FIELDS, 3);
    const Convolution& conv = g.conv;
    u32 columns = conv.group_channels, most_rows = conv.batch, phases = 1;
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
        most_rows *= (conv.map[axis] + conv.stride[axis] - 1) / conv.stride[axis];
        phases *= min(conv.stride[axis], conv.map[axis]);
    }
    BlockPlace place = BlockPlace::of<T>(most_rows, columns, g.slices);
    u32 group = place.rest / phases, first_filter = group * conv.group_filters;
    if (threadIdx.x < 3) {
        int axis = threadIdx.x;
        u32 number = place.rest % phases; // row-major in the phases of the three axes
        for (int later = 2; later > axis; --later) number /= min(conv.stride[later], conv.map[later]);
        find_phase(phase, g, axis, number % min(conv.stride[axis], conv.map[axis]));
    }
    __syncthreads();
    int count[3], taps[3];
    read(count, phase, COUNT);
    read(taps, phase, TAPS);
    u32 rows = conv.batch * volume(count), depth = volume(taps) * conv.group_filters;
    if (place.row >= rows) return;
    Seen<AXES, WIDE> seen{dy, g, phase, first_filter, rows, depth};
    Taps<AXES, WIDE> through{w, g, phase, first_filter, depth};
    Sums<T> sums = product<T>(seen, through, place, depth, g.slices);
    Finish finish{dx, In<float>{nullptr, 0}, 0, columns, columns % 4 == 0 && conv.channels % 4 == 0, false};
    u64 part = u64(place.slice) * conv.batch * volume(conv.map);
    int first[3];
    read(first, phase, FIRST);
    read(count, phase, COUNT);
    store<T>(sums, finish, place, rows, [&](u32 row) {
        int at[AXES];
        u32 n = among<AXES>(row, count, at);
#pragma unroll
        for (int a = 0; a < AXES; ++a) at[a] = first[a + 3 - AXES] + at[a] * conv.stride[a + 3 - AXES];
        u64 pixel = part + n * volume(conv.map) + position<AXES>(conv.map, at);
        return pixel * conv.channels + group * columns;
    });
}

KERNEL(256, conv_dgrad_2d, In<float> w, In<float> dy, Out<float> dx, Dgrad g) {
    dgrad<Small, 2, false>(w, dy, dx, g);
}
KERNEL(256, conv_dgrad_2d_wide, In<float> w, In<float> dy, Out<float> dx, Dgrad g) {
    dgrad<Small, 2, true>(w, dy, dx, g);
}
KERNEL(128, conv_dgrad_2d_large, In<float> w, In<float> dy, Out<float> dx, Dgrad g) {
    dgrad<Large, 2, true>(w, dy, dx, g);
}
KERNEL(64, conv_dgrad_2d_slim, In<float> w, In<float> dy, Out<float> dx, Dgrad g) {
    dgrad<Slim, 2, false>(w, dy, dx, g);
}

KERNEL(256, conv_dgrad_3d, In<float> w, In<float> dy, Out<float> dx, Dgrad g) {
    dgrad<Small, 3, false>(w, dy, dx, g);
}
KERNEL(256, conv_dgrad_3d_wide, In<float> w, In<float> dy, Out<float> dx, Dgrad g) {
    dgrad<Small, 3, true>(w, dy, dx, g);
}
