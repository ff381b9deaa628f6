//! Principal components by subspace iteration (N. Halko, P. Martinsson, J. Tropp, "Finding structure with randomness",
//! arXiv:0909.4061): the axes of largest variance, without the matrix of all covariances.

use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Interrupted, Stop};
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

/// How exactly axes are found that are only to hold the codes, and axes that are looked at: what is left of an axis across
/// itself, as a share of the largest variance.
pub const LOOSE: f64 = 1e-3;
pub const CLOSE: f64 = 1e-11;

/// Rounds at most.
const MOST: usize = 300;

/// Axes beyond those that are wanted, which make these come sooner.
const SPARE: usize = 10;

/// Numbers that one product goes over between two looks at whether to end.
const BLOCK: usize = 1 << 22;

/// Samples by their first principal components.
#[derive(Clone, Debug)]
pub struct Components {
    /// A row a sample, a column a component, the largest variance first.
    pub scores: Array2<f64>,
    /// The share of the variance that each has.
    pub shares: Vec<f64>,
}

/// The first `count` components of centred rows, or as many as there are. Of each axis the number that is largest in size is
/// positive. `seed` draws the axes to begin with; `tolerance` says how exactly.
///
/// # Errors
/// An interrupt.
pub fn components(
    rows: &Array2<f64>,
    count: usize,
    seed: u64,
    tolerance: f64,
    stop: &dyn Stop,
) -> Result<Components, Interrupted> {
    let (samples, size) = rows.dim();
    let (count, width) = (count.min(samples.min(size)), (count + SPARE).min(samples.min(size)));
    let drawn = Stream::new(seed, Purpose::Probe, 1);
    let mut axes = Array2::from_shape_fn((size, width), |(row, column)| drawn.normal((row * width + column) as u64));
    orthonormal(&mut axes);
    let mut variances = Array1::zeros(width);
    for _ in 0..MOST {
        let moved = covariance_of(rows, &axes, stop)?;
        let (values, turn) = eigen(axes.t().dot(&moved));
        let (turned, aligned) = (axes.dot(&turn), moved.dot(&turn));
        variances = values;
        let left = |k: usize| {
            let difference = &aligned.column(k) - &(&turned.column(k) * variances[k]);
            difference.dot(&difference).sqrt()
        };
        let is_found = (0..count).all(|k| left(k) <= tolerance * variances[0]);
        if is_found {
            axes = turned;
            break;
        }
        axes = aligned;
        orthonormal(&mut axes);
    }
    let mut axes = axes.slice(s![.., ..count]).to_owned();
    axes.columns_mut().into_iter().for_each(|mut axis| {
        let largest = axis.iter().fold(0.0, |most: f64, &value| if value.abs() > most.abs() { value } else { most });
        if largest < 0.0 {
            axis.mapv_inplace(|value| -value);
        }
    });
    let all: f64 = rows.iter().map(|value| value * value).sum();
    let shares = variances.iter().take(count).map(|variance| variance / all).collect();
    Ok(Components { scores: projected(rows, &axes, stop)?, shares })
}

/// What the sum of squares does to axes: `XᵀX` times these, a block of rows after the other.
fn covariance_of(rows: &Array2<f64>, axes: &Array2<f64>, stop: &dyn Stop) -> Result<Array2<f64>, Interrupted> {
    let mut sum = Array2::zeros(axes.dim());
    for block in rows.axis_chunks_iter(Axis(0), block(rows.ncols(), axes.ncols())) {
        stop.go_on()?;
        sum += &block.t().dot(&block.dot(axes));
    }
    Ok(sum)
}

/// The rows along the axes.
fn projected(rows: &Array2<f64>, axes: &Array2<f64>, stop: &dyn Stop) -> Result<Array2<f64>, Interrupted> {
    let mut scores = Array2::zeros((rows.nrows(), axes.ncols()));
    let size = block(rows.ncols(), axes.ncols());
    for (block, mut out) in rows.axis_chunks_iter(Axis(0), size).zip(scores.axis_chunks_iter_mut(Axis(0), size)) {
        stop.go_on()?;
        out.assign(&block.dot(axes));
    }
    Ok(scores)
}

/// How many rows one product takes.
fn block(size: usize, width: usize) -> usize {
    (BLOCK / (size * width).max(1)).max(1)
}

/// Makes the columns orthogonal and of length 1 (Gram and Schmidt, each twice); what nothing is left of is 0.
fn orthonormal(axes: &mut Array2<f64>) {
    let length = |axis: ArrayView1<'_, f64>| axis.dot(&axis).sqrt();
    for k in 0..axes.ncols() {
        let before = length(axes.column(k));
        for _ in 0..2 {
            for earlier in 0..k {
                let along = axes.column(earlier).dot(&axes.column(k));
                let cut = &axes.column(earlier) * along;
                axes.column_mut(k).zip_mut_with(&cut, |value, cut| *value -= cut);
            }
        }
        let after = length(axes.column(k));
        let scale = if after > 1e-12 * before { 1.0 / after } else { 0.0 };
        axes.column_mut(k).mapv_inplace(|value| value * scale);
    }
}

/// Eigenvalues, the largest first, and eigenvectors, a column each, of a symmetric matrix (Jacobi's rotations).
fn eigen(mut matrix: Array2<f64>) -> (Array1<f64>, Array2<f64>) {
    let n = matrix.nrows();
    let mut turn = Array2::eye(n);
    let whole: f64 = matrix.iter().map(|value| value * value).sum();
    for _ in 0..60 {
        let off: f64 = matrix.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, value)| value * value).sum();
        if off <= 1e-30 * whole {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut turn, (p, q));
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| matrix[[b, b]].total_cmp(&matrix[[a, a]]));
    (order.iter().map(|&k| matrix[[k, k]]).collect(), turn.select(Axis(1), &order))
}

/// Turns the plane of two axes so that these two are uncorrelated.
fn rotate(matrix: &mut Array2<f64>, turn: &mut Array2<f64>, (p, q): (usize, usize)) {
    let both = (matrix[[p, q]] + matrix[[q, p]]) / 2.0;
    if both == 0.0 {
        return;
    }
    let slope = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * both);
    let tangent = slope.signum() / (slope.abs() + slope.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let pair = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for k in 0..matrix.nrows() {
        (matrix[[k, p]], matrix[[k, q]]) = pair(matrix[[k, p]], matrix[[k, q]]);
    }
    for k in 0..matrix.nrows() {
        (matrix[[p, k]], matrix[[q, k]]) = pair(matrix[[p, k]], matrix[[q, k]]);
    }
    for k in 0..turn.nrows() {
        (turn[[k, p]], turn[[k, q]]) = pair(turn[[k, p]], turn[[k, q]]);
    }
}
