// What the kernels of convolutions share: the sizes, and how a number is taken apart into coordinates.
#pragma once
#include "matmul.cuh"

// The sizes of y[n, p…, k] = Σ x[n, p·stride + r·dilate − pad …, c]·w[k, r…, c], with x [batch, map…, channels], the
// filter w [filters, window…, group_channels] and y [batch, windows…, filters]. Where there are fewer than three
// spatial axes, the first ones have size 1. Coordinates on the padded map are below 2^28.
struct Convolution {
    int batch;
    int channels;       // C, of all groups together
    int filters;        // K, of all groups together
    int group_channels; // C/groups
    int group_filters;  // K/groups
    int map[3];         // the spatial size of x
    int windows[3];     // the spatial size of y
    int window[3];      // the filter's window
    int stride[3];
    int dilate[3];
    int pad[3];         // before the map
};

// What divides numbers below 2^31 by a multiplication and a shift: shift is log2(divisor) rounded up, multiplier
// 1 + ⌊2^32·(2^shift − divisor)/divisor⌋ (T. Granlund and P. Montgomery, "Division by invariant integers using
// multiplication", PLDI 1994).
struct Divider {
    u32 divisor;
    u32 multiplier;
    u32 shift;
};

__device__ __forceinline__ u32 divide(u32 n, const Divider& by) {
    return (__umulhi(n, by.multiplier) + n) >> by.shift;
}

// A coordinate from which no window reaches the map.
constexpr int OUTSIDE = -(1 << 30);

// The size of a box.
__device__ __forceinline__ u32 volume(const int (&size)[3]) { return u32(size[0]) * size[1] * size[2]; }

// Where in a box, of which the last AXES axes are looked at, its element number n lies.
template <int AXES>
__device__ __forceinline__ void within(u32 n, const Divider (&size)[3], int (&at)[AXES]) {
#pragma unroll
    for (int a = AXES - 1; a > 0; --a) {
        const Divider& axis = size[a + 3 - AXES];
        u32 rest = divide(n, axis);
        at[a] = n - rest * axis.divisor;
        n = rest;
    }
    at[0] = n;
}

// In which of many such boxes element number n of them all lies, and where in it.
template <int AXES>
__device__ __forceinline__ u32 among(u32 n, const Divider (&size)[3], int (&at)[AXES]) {
    within<AXES>(n, size, at);
    const Divider& axis = size[3 - AXES];
    u32 box = divide(at[0], axis);
    at[0] -= box * axis.divisor;
    return box;
}

// The same where it is not done often enough for a Divider to be worth it.
template <int AXES>
__device__ __forceinline__ u32 among(u32 n, const int (&size)[3], int (&at)[AXES]) {
#pragma unroll
    for (int a = AXES - 1; a >= 0; --a) {
        u32 axis = size[a + 3 - AXES], rest = n / axis;
        at[a] = n - rest * axis;
        n = rest;
    }
    return n;
}

// The row-major number of a position in a box. It is linear modulo 2^32, hence also right as a part of a sum: the
// corner of a window on the padding and the step from there to an element on the map.
template <int AXES>
__device__ __forceinline__ u32 position(const int (&size)[3], const int (&at)[AXES]) {
    u32 n = at[0];
#pragma unroll
    for (int a = 1; a < AXES; ++a) n = n * size[a + 3 - AXES] + at[a];
    return n;
}

// Whether a position is in a box.
template <int AXES>
__device__ __forceinline__ bool inside(const int (&size)[3], const int (&at)[AXES]) {
    bool all = true;
#pragma unroll
    for (int a = 0; a < AXES; ++a) all = all && u32(at[a]) < u32(size[a + 3 - AXES]);
    return all;
}
