// Zeros around a map, or a map cut at its edges.
//
// x [images, extent…, channels], y [images, framed…, channels]; maps of fewer than three axes have leading axes of 1. A
// thread takes four channels (one where channels is no multiple of 4) of one position of y; neighbouring threads take
// neighbouring channels. 8 bytes an element and no arithmetic: bound by bytes.
#include "maps.cuh"

struct Edges {
    int extent[3]; // of x
    int framed[3]; // the extent of y
    int before[3]; // zeros before x; less than 0 cuts
    int channels;
};

template <int W>
__device__ __forceinline__ void framed(In<float> x, Out<float> y, u64 n, const Edges& edges) {
    for (u64 i = first(); i < n / W; i += stride()) {
        Position to = position<W>(u32(i), edges.framed, edges.channels);
        bool inside = true;
        for (int a = 0; a < 3; a++) {
            to.at[a] -= edges.before[a];
            inside = inside && to.at[a] >= 0 && to.at[a] < edges.extent[a];
        }
        Pack<W> v = {};
        if (inside) v = load<W>(x, index_at(to, to.at[0], to.at[1], to.at[2], edges.extent, edges.channels));
        store(y, i * W, v);
    }
}

// y[i] = x[i − before], and 0 where x has no such element.
KERNEL(256, frame, In<float> x, Out<float> y, u64 n, Edges edges) {
    if (edges.channels % 4 == 0) {
        framed<4>(x, y, n, edges);
    } else {
        framed<1>(x, y, n, edges);
    }
}
