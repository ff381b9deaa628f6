// The product of two matrices, y = act(op(a)·op(b) + bias): the fully connected layer, both of its gradients, and the
// convolution with a 1×1 window (D. Rumelhart, G. Hinton and R. Williams, Nature 1986).
//
// y [rows, columns]; a [rows, depth] or, transposed, [depth, rows]; b [depth, columns] or [columns, depth]; bias
// [columns]. A block computes a tile of y as matmul.cuh says; the names say how a and b are used (n as it is, t
// transposed), and `wide` that 16-byte loads are aligned: rows stored end to end have lengths that divide by 4.
// 2·rows·columns·depth FLOPs and, in a tile of 64×64 (large: 128×64), 4 bytes of loads for every 32 (43) FMAs.
//
// Where y has too few tiles to fill a GPU, the depth is cut into slices: y is then a workspace [slices, rows, columns],
// neither bias nor ReLU is applied, and sum_slices adds the slices up, always in the same order.
#include "matmul.cuh"

// The arguments of a product of matrices.
struct MatmulSizes {
    int rows;
    int columns;
    int depth;
    int slices;  // into which the depth is cut
    int relu;    // 1 where it is fused in
};

template <class T, bool A_TRANSPOSED, bool B_TRANSPOSED, bool WIDE>
__device__ __forceinline__ void matmul(In<float> a, In<float> b, In<float> bias, Out<float> y, const MatmulSizes& p) {
    u32 rows = p.rows, columns = p.columns, depth = p.depth;
    Matrix<!A_TRANSPOSED, WIDE> left{a, 0, A_TRANSPOSED ? rows : depth, rows, depth};
    Matrix<B_TRANSPOSED, WIDE> right{b, 0, B_TRANSPOSED ? depth : columns, columns, depth};
    BlockPlace place = BlockPlace::of<T>(rows, columns, p.slices);
    Sums<T> sums = product<T>(left, right, place, depth, p.slices);
    Finish finish{y, bias, 0, columns, columns % 4 == 0, p.relu != 0};
    u64 part = u64(place.slice) * rows * columns;
    store<T>(sums, finish, place, rows, [&](u32 row) { return part + u64(row) * columns; });
}

KERNEL(256, matmul_nn, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, false, false, false>(a, b, bias, y, p);
}
KERNEL(256, matmul_nt, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, false, true, false>(a, b, bias, y, p);
}
KERNEL(256, matmul_tn, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, true, false, false>(a, b, bias, y, p);
}
KERNEL(256, matmul_tt, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, true, true, false>(a, b, bias, y, p);
}

KERNEL(256, matmul_nn_wide, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, false, false, true>(a, b, bias, y, p);
}
KERNEL(256, matmul_nt_wide, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, false, true, true>(a, b, bias, y, p);
}
KERNEL(256, matmul_tn_wide, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, true, false, true>(a, b, bias, y, p);
}
KERNEL(256, matmul_tt_wide, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Small, true, true, true>(a, b, bias, y, p);
}

KERNEL(128, matmul_nn_large, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Large, false, false, true>(a, b, bias, y, p);
}
KERNEL(128, matmul_nt_large, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Large, false, true, true>(a, b, bias, y, p);
}
KERNEL(128, matmul_tn_large, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Large, true, false, true>(a, b, bias, y, p);
}
KERNEL(128, matmul_tt_large, In<float> a, In<float> b, In<float> bias, Out<float> y, MatmulSizes p) {
    matmul<Large, true, true, true>(a, b, bias, y, p);
}

// y[i] = act(Σ over slices of parts[slice, i] + bias[i mod columns]), for n elements, in the order of the slices. A
// thread takes every (grid × 256)th element: 4·(slices + 1) bytes and `slices` FLOPs each.
KERNEL(256, sum_slices, In<float> parts, In<float> bias, Out<float> y, u64 n, int slices, int columns, int relu) {
    for (u64 i = first(); i < n; i += stride()) {
        float sum = 0.f;
        for (int slice = 0; slice < slices; ++slice) sum += parts(slice * n + i);
        y.put(i, finished(sum, bias.given() ? bias(i % columns) : 0.f, relu));
    }
}
