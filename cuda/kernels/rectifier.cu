// The rectifier and its gradient (V. Nair and G. Hinton, ICML 2010).
//
// Tensors of n elements, any shape. A thread takes every (grid × 256)th four of elements; neighbouring threads take
// neighbouring fours. 8 bytes and 1 FLOP an element (12 bytes for the gradient): bound by bytes.
#include "pack.cuh"

// y = max(x, 0); what is not a number stays so.
KERNEL(256, relu, In<float> x, Out<float> y, u64 n) {
    map(x, y, n, [](float v) { return v < 0.f ? 0.f : v; });
}

// dx = dy where y > 0, else 0.
KERNEL(256, relu_grad, In<float> y, In<float> dy, Out<float> dx, u64 n) {
    zip(y, dy, dx, n, [](float v, float g) { return v > 0.f ? g : 0.f; });
}
