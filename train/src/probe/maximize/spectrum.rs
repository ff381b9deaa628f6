//! The frequencies of a picture, and fine ones made weaker: C. Olah, A. Mordvintsev, L. Schubert, "Feature visualization",
//! Distill 2017, doi:10.23915/distill.00007.

use ndarray::{Array2, ArrayView2, Axis, Zip};

/// How much each frequency of pictures of one size is weakened.
///
/// Frequencies are Hartley's, cos + sin: real, orthonormal, their own inverse, and each of the same |frequency| as Fourier's
/// of its place, so that what depends on that alone is the same as by a Fourier transform.
pub(super) struct Spectrum {
    down: Array2<f32>,
    across: Array2<f32>,
    /// A factor a frequency.
    falls: Array2<f32>,
}

impl Spectrum {
    /// Amplitudes divided by the frequency to this power; the mean counts as the lowest frequency.
    pub fn new([height, width]: [usize; 2], power: f32) -> Self {
        let frequency = |at: usize, count: usize| at.min(count - at) as f64 / count as f64;
        let lowest = 1.0 / height.max(width) as f64;
        let fall = |(y, x): (usize, usize)| {
            let both = frequency(y, height).hypot(frequency(x, width)).max(lowest);
            both.powf(-f64::from(power)) as f32
        };
        let falls = Array2::from_shape_fn((height, width), fall);
        Self { down: hartley(height), across: hartley(width), falls }
    }

    /// Weakens the frequencies of a picture `[H, W, C]`.
    pub fn weigh(&self, picture: &mut [f32]) {
        let (height, width) = self.falls.dim();
        let channels = picture.len() / (height * width).max(1);
        for channel in 0..channels {
            let values = picture[channel..].iter().step_by(channels).copied().collect();
            let Ok(plane) = Array2::from_shape_vec((height, width), values) else { continue };
            let mut frequencies = self.turned(plane.view());
            Zip::from(&mut frequencies).and(&self.falls).for_each(|value, fall| *value *= fall);
            let weaker = self.turned(frequencies.view());
            picture[channel..].iter_mut().step_by(channels).zip(&weaker).for_each(|(slot, &value)| *slot = value);
        }
    }

    /// Frequencies of a plane, or the plane of frequencies.
    fn turned(&self, plane: ArrayView2<'_, f32>) -> Array2<f32> {
        self.down.dot(&plane).dot(&self.across)
    }
}

/// Hartley's matrix, symmetric and its own inverse.
fn hartley(count: usize) -> Array2<f32> {
    let mut matrix = Array2::zeros((count, count));
    for (row, mut values) in matrix.axis_iter_mut(Axis(0)).enumerate() {
        for (column, value) in values.iter_mut().enumerate() {
            // The product by the remainder first: large angles lose digits.
            let turn = (row * column % count) as f64 / count as f64 * std::f64::consts::TAU;
            *value = ((turn.cos() + turn.sin()) / (count as f64).sqrt()) as f32;
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fall_nothing_changes_and_a_wave_is_divided_by_its_frequency() {
        let (height, width) = (6, 8);
        let wave = |k: usize, at: usize| (std::f64::consts::TAU * (k * at) as f64 / width as f64 + 0.3).cos() as f32;
        let picture = |k: usize| -> Vec<f32> { (0..height * width).map(|at| wave(k, at % width)).collect() };
        for k in 0..=3 {
            for (power, factor) in [(0.0, 1.0), (1.0, 8.0 / k.max(1) as f32), (2.0, (8.0 / k.max(1) as f32).powi(2))] {
                let mut weighed = picture(k);
                Spectrum::new([height, width], power).weigh(&mut weighed);
                for (found, given) in weighed.iter().zip(picture(k)) {
                    assert!((found - given * factor).abs() < 1e-4 * factor, "{k} {power}: {found} {given}");
                }
            }
        }
    }
}
