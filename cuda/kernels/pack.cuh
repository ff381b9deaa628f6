// Neighbouring elements, one or four at a time: what lets a kernel read and write 16 bytes where lengths allow.
#pragma once
#include "fovea.cuh"

// W neighbouring elements in the registers of a thread.
template <int W> struct Pack {
    float lane[W];
};

// Elements i … i + W − 1; i is a multiple of W.
template <int W>
__device__ __forceinline__ Pack<W> load(In<float> x, u64 i) {
    if constexpr (W == 4) {
        float4 v = x.four(i);
        return {{v.x, v.y, v.z, v.w}};
    } else {
        return {{x(i)}};
    }
}

template <int W>
__device__ __forceinline__ void store(Out<float> y, u64 i, Pack<W> v) {
    if constexpr (W == 4) {
        y.put4(i, {v.lane[0], v.lane[1], v.lane[2], v.lane[3]});
    } else {
        y.put(i, v.lane[0]);
    }
}

// y = f(x), element by element. A thread takes every (grid × block)th four of elements.
template <class F>
__device__ __forceinline__ void map(In<float> x, Out<float> y, u64 n, F f) {
    for (u64 i = first(); i < n / 4; i += stride()) {
        float4 v = x.four(4 * i);
        y.put4(4 * i, {f(v.x), f(v.y), f(v.z), f(v.w)});
    }
    for (u64 i = n / 4 * 4 + first(); i < n; i += stride()) y.put(i, f(x(i)));
}

// y = f(a, b), element by element.
template <class F>
__device__ __forceinline__ void zip(In<float> a, In<float> b, Out<float> y, u64 n, F f) {
    for (u64 i = first(); i < n / 4; i += stride()) {
        float4 u = a.four(4 * i), v = b.four(4 * i);
        y.put4(4 * i, {f(u.x, v.x), f(u.y, v.y), f(u.z, v.z), f(u.w, v.w)});
    }
    for (u64 i = n / 4 * 4 + first(); i < n; i += stride()) y.put(i, f(a(i), b(i)));
}
