// The rectifier and its gradient (V. Nair and G. Hinton, ICML 2010).
//
// Tensors of n elements, any shape. A thread takes every (grid × 256)th element; neighbouring threads take neighbouring
// elements, so that a warp's loads are one line. 8 bytes and 1 FLOP an element (12 bytes for the gradient): bound by bytes.
#include "fovea.cuh"

// y = max(x, 0); what is not a number stays so.
KERNEL(256, relu, In<float> x, Out<float> y, u64 n) {
    for (u64 i = first(); i < n; i += stride()) {
        float v = x(i);
        y.put(i, v < 0.f ? 0.f : v);
    }
}

// dx = dy where y > 0, else 0.
KERNEL(256, relu_grad, In<float> y, In<float> dy, Out<float> dx, u64 n) {
    for (u64 i = first(); i < n; i += stride()) dx.put(i, y(i) > 0.f ? dy(i) : 0.f);
}
