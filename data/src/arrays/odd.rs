//! Values of an array that are no numbers.

use fovea_graph::{Stop, counted};

use super::npy::Npy;
use super::value::Value;
use crate::error::DataError;

/// Values that are no numbers.
#[derive(Default)]
pub(super) struct Odd {
    nan: usize,
    infinite: usize,
    first: Option<usize>,
}

impl Odd {
    /// Whether all elements of a file are numbers.
    pub fn look_through(npy: &Npy, value: &Value, stop: &dyn Stop) -> Result<(), DataError> {
        let (mut odd, mut place) = (Self::default(), 0);
        npy.read(stop, |bytes| {
            odd.look(value.of(bytes), || npy.at(place).0);
            place += 1;
        })?;
        odd.none(npy)
    }

    pub fn look(&mut self, value: f32, sample: impl FnOnce() -> usize) {
        if value.is_finite() {
            return;
        }
        let count = if value.is_nan() { &mut self.nan } else { &mut self.infinite };
        *count += 1;
        let sample = sample();
        self.first = Some(self.first.map_or(sample, |first| first.min(sample)));
    }

    pub fn none(&self, npy: &Npy) -> Result<(), DataError> {
        let Some(first) = self.first else { return Ok(()) };
        let count = counted(self.nan + self.infinite, "value");
        let kinds = format!("{} NaN, {} infinite or too large for 32 bits", self.nan, self.infinite);
        let message = format!("{count} of it are no finite numbers ({kinds}), the first in sample {first}");
        Err(npy
            .unfit(message)
            .help("`numpy.nan_to_num(x)` puts numbers in their place; or leave those samples out")
            .into())
    }
}
