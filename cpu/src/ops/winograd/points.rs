//! The transforms along one axis: the points at which polynomials are evaluated, and what follows from them.
//!
//! A convolution of FILTER taps that gives OUT results sees TILE = OUT + FILTER − 1 values. It is the product of two polynomials,
//! taken at TILE − 1 numbers and at infinity: `y = Aᵀ((G g) · (Bᵀ d))`. Any points will do in exact arithmetic; in f32 they
//! decide the error. B. Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution for deep neural
//! networks", arXiv:1803.10986. Points come as ±p, which halves the work, and have few bits, so that `Aᵀ` and `Bᵀ` are exact.

use pulp::Simd;

use crate::simd::mul_add;

/// One axis of a minimal convolution.
pub trait Points<const OUT: usize, const FILTER: usize, const TILE: usize> {
    /// `Bᵀ d`: of the values that a tile sees.
    fn data<S: Simd>(simd: S, d: [S::f32s; TILE]) -> [S::f32s; TILE];
    /// `G g`: of the filter.
    fn filter<S: Simd>(simd: S, g: [S::f32s; FILTER]) -> [S::f32s; TILE];
    /// `Aᵀ m`: of the products.
    fn result<S: Simd>(simd: S, m: [S::f32s; TILE]) -> [S::f32s; OUT];
}

/// Six values at a time, at 0, ±5/8, ±3/2 and infinity.
///
/// Normal random numbers, 64 channels, the error's root mean square by the results': at Lavin and Gray's points 0, ±1, ±2 it
/// is 1.7e-6, here 0.8e-6, of a plain sum 0.4e-6. With ±1/2, ±1, ±2 and eight values, F(6×6, 3×3), it would be 2.6e-6.
pub struct Six;

/// The first pair of points.
const A: f32 = 0.625;
/// The second.
const B: f32 = 1.5;
const AA: f32 = A * A;
const BB: f32 = B * B;
/// One by what the polynomial without the point 0, one of ±A, one of ±B is at that point.
const SCALES: [f32; 3] = {
    let (aa, bb) = (AA as f64, BB as f64);
    [(1.0 / (aa * bb)) as f32, (1.0 / (2.0 * aa * (aa - bb))) as f32, (1.0 / (2.0 * bb * (bb - aa))) as f32]
};

/// `x · y + z`.
#[inline(always)]
fn add<S: Simd>(simd: S, x: f32, y: S::f32s, z: S::f32s) -> S::f32s {
    mul_add(simd, simd.splat_f32s(x), y, z)
}

/// `x · y`.
#[inline(always)]
fn mul<S: Simd>(simd: S, x: f32, y: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(x), y)
}

/// `even ± x · odd`: the values at a pair of points.
#[inline(always)]
fn pair<S: Simd>(simd: S, x: f32, odd: S::f32s, even: S::f32s) -> [S::f32s; 2] {
    [add(simd, x, odd, even), add(simd, -x, odd, even)]
}

/// The sums and the differences of both pairs.
#[inline(always)]
fn pairs<S: Simd>(simd: S, m: [S::f32s; 6]) -> [[S::f32s; 2]; 2] {
    let even = [simd.add_f32s(m[1], m[2]), simd.add_f32s(m[3], m[4])];
    [even, [simd.sub_f32s(m[1], m[2]), simd.sub_f32s(m[3], m[4])]]
}

/// `a · x + b · y`.
#[inline(always)]
fn both<S: Simd>(simd: S, a: f32, b: f32, [x, y]: [S::f32s; 2]) -> S::f32s {
    add(simd, a, x, mul(simd, b, y))
}

/// `Bᵀ d`, the same for all that see six values: the coefficients of `x⁴ − (a² + b²) x² + a² b²` and its like.
#[inline(always)]
fn data_of_six<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
    let first = add(simd, AA * BB, d[0], add(simd, -(AA + BB), d[2], d[4]));
    let last = add(simd, AA * BB, d[1], add(simd, -(AA + BB), d[3], d[5]));
    let [plus_a, minus_a] = pair(simd, A, add(simd, -BB, d[1], d[3]), add(simd, -BB, d[2], d[4]));
    let [plus_b, minus_b] = pair(simd, B, add(simd, -AA, d[1], d[3]), add(simd, -AA, d[2], d[4]));
    [first, plus_a, minus_a, plus_b, minus_b, last]
}

/// F(4, 3): the convolution itself.
impl Points<4, 3, 6> for Six {
    #[inline(always)]
    fn data<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
        data_of_six(simd, d)
    }

    #[inline(always)]
    fn filter<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 6] {
        let [zero, a, b] = SCALES;
        let [plus_a, minus_a] = pair(simd, a * A, g[1], mul(simd, a, add(simd, AA, g[2], g[0])));
        let [plus_b, minus_b] = pair(simd, b * B, g[1], mul(simd, b, add(simd, BB, g[2], g[0])));
        [mul(simd, zero, g[0]), plus_a, minus_a, plus_b, minus_b, g[2]]
    }

    #[inline(always)]
    fn result<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 4] {
        let [even, odd] = pairs(simd, m);
        let first = simd.add_f32s(m[0], simd.add_f32s(even[0], even[1]));
        let last = simd.add_f32s(both(simd, A * AA, B * BB, odd), m[5]);
        [first, both(simd, A, B, odd), both(simd, AA, BB, even), last]
    }
}

/// F(3, 4): the gradient by the filter, where the output's gradient stands for the filter. The scales are applied to the
/// result, which is there once, not to each tile.
impl Points<3, 4, 6> for Six {
    #[inline(always)]
    fn data<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
        data_of_six(simd, d)
    }

    #[inline(always)]
    fn filter<S: Simd>(simd: S, g: [S::f32s; 4]) -> [S::f32s; 6] {
        let [plus_a, minus_a] = pair(simd, A, add(simd, AA, g[3], g[1]), add(simd, AA, g[2], g[0]));
        let [plus_b, minus_b] = pair(simd, B, add(simd, BB, g[3], g[1]), add(simd, BB, g[2], g[0]));
        [g[0], plus_a, minus_a, plus_b, minus_b, g[3]]
    }

    #[inline(always)]
    fn result<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 3] {
        let ([even, odd], [zero, a, b]) = (pairs(simd, m), SCALES);
        let first = simd.add_f32s(mul(simd, zero, m[0]), both(simd, a, b, even));
        let last = simd.add_f32s(both(simd, a * AA, b * BB, even), m[5]);
        [first, both(simd, a * A, b * B, odd), last]
    }
}

/// Four values at a time, at 0, ±1 and infinity: F(2, 3).
pub struct Four;

impl Points<2, 3, 4> for Four {
    #[inline(always)]
    fn data<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
        // The first sign is turned, as is that of the filter's scale.
        [simd.sub_f32s(d[0], d[2]), simd.add_f32s(d[1], d[2]), simd.sub_f32s(d[2], d[1]), simd.sub_f32s(d[3], d[1])]
    }

    #[inline(always)]
    fn filter<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 4] {
        let half = simd.splat_f32s(0.5);
        let even = simd.mul_f32s(half, simd.add_f32s(g[0], g[2]));
        let odd = simd.mul_f32s(half, g[1]);
        [g[0], simd.add_f32s(even, odd), simd.sub_f32s(even, odd), g[2]]
    }

    #[inline(always)]
    fn result<S: Simd>(simd: S, m: [S::f32s; 4]) -> [S::f32s; 2] {
        let first = simd.add_f32s(m[0], simd.add_f32s(m[1], m[2]));
        [first, simd.add_f32s(simd.sub_f32s(m[1], m[2]), m[3])]
    }
}

/// A transform along the columns, then along the rows.
#[inline(always)]
pub fn both_axes<V: Copy, const FROM: usize, const TO: usize>(
    zero: V,
    transform: impl Fn([V; FROM]) -> [V; TO],
    load: impl Fn(usize, usize) -> V,
    mut store: impl FnMut(usize, usize, V),
) {
    let mut half = [[zero; FROM]; TO];
    for column in 0..FROM {
        let values = transform(std::array::from_fn(
            #[inline(always)]
            |row| load(row, column),
        ));
        for (half, value) in half.iter_mut().zip(values) {
            half[column] = value;
        }
    }
    for (row, values) in half.into_iter().enumerate() {
        for (column, value) in transform(values).into_iter().enumerate() {
            store(row, column, value);
        }
    }
}
