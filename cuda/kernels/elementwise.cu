// Constants, sums and multiples.
//
// Tensors of n elements, any shape. A thread takes every (grid × 256)th four of elements; neighbouring threads take
// neighbouring fours. At most 12 bytes and 1 FLOP an element: bound by bytes.
#include "pack.cuh"

// y = value.
KERNEL(256, fill, Out<float> y, u64 n, float value) {
    for (u64 i = first(); i < n / 4; i += stride()) y.put4(4 * i, {value, value, value, value});
    for (u64 i = n / 4 * 4 + first(); i < n; i += stride()) y.put(i, value);
}

// y = a + b.
KERNEL(256, add, In<float> a, In<float> b, Out<float> y, u64 n) {
    zip(a, b, y, n, [](float u, float v) { return u + v; });
}

// y = factor · x.
KERNEL(256, scale, In<float> x, Out<float> y, u64 n, float factor) {
    map(x, y, n, [=](float v) { return factor * v; });
}
