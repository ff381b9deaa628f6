// Softmax over the channels, and its gradient.
//
// x, y, dy, dx [rows, channels]. A row is taken by `lanes` threads: as many as it has channels, at most a warp, or a
// block where they are many (see Rows); the reads after the first come from cache. 8 bytes and about 25 FLOP an element
// (12 bytes and 4 FLOP for the gradient): bound by bytes.
// Source, also of losses: P. Blanchard, D. Higham and N. Higham, "Accurately computing the log-sum-exp and softmax
// functions", IMA Journal of Numerical Analysis 41, 2021.
#include "rows.cuh"

// y = exp(x − m)/Σ exp(x − m), m the largest of the row.
KERNEL(256, softmax, In<float> x, Out<float> y, int rows, int channels, int lanes) {
    TILE(float, warps, 8);
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        float top = largest(warps, row, x);
        float sum = 0.f;
        row.walk([&](int, u64 i) { sum += expf(x(i) - top); });
        sum = sum_across(warps, sum, lanes);
        row.walk([&](int, u64 i) { y.put(i, expf(x(i) - top) / sum); });
    }
}

// dx = y · (dy − Σ y·dy).
KERNEL(256, softmax_grad, In<float> y, In<float> dy, Out<float> dx, int rows, int channels, int lanes) {
    TILE(float, warps, 8);
    for (Rows row(rows, channels, lanes); row.any(); row.next()) {
        float inner = 0.f;
        row.walk([&](int, u64 i) { inner += y(i) * dy(i); });
        inner = sum_across(warps, inner, lanes);
        row.walk([&](int, u64 i) { dx.put(i, y(i) * (dy(i) - inner)); });
    }
}
