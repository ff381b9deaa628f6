//! The samples of an npy file.

use std::sync::Arc;

use fovea_graph::shape::join;
use fovea_graph::{Stop, Tensor, counted};

use super::header::{Element, Kind};
use super::npy::Npy;
use super::rows::Rows;
use crate::error::{Clause, DataError, Unfit};
use crate::room::Room;
use crate::samples::Samples;
use crate::source::Arrays;

/// The shape that samples are given; whether it can be, and whether the elements are of a kind that samples may have.
pub(super) fn shape(arrays: &Arrays, npy: &Npy) -> Result<Vec<usize>, DataError> {
    let Some(_) = value(&npy.header.element) else {
        let name = npy.header.element.name();
        let unfit =
            npy.unfit(format!("its elements are {name}")).found(name).expected("float32, float64, uint8 or bool");
        let help = "`x.astype(\"float32\")` before it is saved: numbers as they are; \
                    `x.astype(\"uint8\")`: levels of 0 to 255, which become 0 to 1";
        return Err(unfit.help(help).into());
    };
    let Some((_, own)) = npy.header.shape.split_first().filter(|(_, own)| !own.is_empty()) else {
        let unfit = npy.unfit("its samples have no extent").found(npy.shape());
        return Err(unfit.expected("(N, H, W), (N, H, W, C) or another shape that begins with the samples").into());
    };
    npy.whole()?;
    let natural = match own {
        [_] | [_, _] => [own, &[1]].concat(),
        _ => own.to_vec(),
    };
    let Some(said) = &arrays.shape else { return Ok(natural) };
    let product = |shape: &[usize]| shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    if product(said) == product(own) && !said.is_empty() {
        return Ok(said.clone());
    }
    let values = counted(own.iter().product::<usize>(), "value");
    let message = format!("a sample has {values} and cannot be {}", join(said));
    Err(Unfit::new(Clause::Shape, &npy.path, message)
        .found(join(said))
        .expected(format!("{values}, as {}", join(&natural)))
        .into())
}

/// Makes a number of an element's bytes.
pub(super) type Value = fn(&[u8]) -> f32;

/// What makes a number of an element's bytes; `None` where none is made.
pub(super) fn value(element: &Element) -> Option<Value> {
    Some(match (&element.kind, element.bytes, element.is_big_endian) {
        (Kind::Float, 4, false) => |bytes| f32::from_le_bytes(word(bytes)),
        (Kind::Float, 4, true) => |bytes| f32::from_be_bytes(word(bytes)),
        (Kind::Float, 8, false) => |bytes| f64::from_le_bytes(word(bytes)) as f32,
        (Kind::Float, 8, true) => |bytes| f64::from_be_bytes(word(bytes)) as f32,
        (Kind::Unsigned, 1, _) => |bytes| f32::from(bytes[0]) / f32::from(u8::MAX),
        (Kind::Bool, 1, _) => |bytes| f32::from(bytes[0].min(1)),
        _ => return None,
    })
}

/// Bytes as so many as a number has; they are cut to that before.
fn word<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// The samples, of this shape: held in memory where there is room for them, or read from the file when they are asked for.
pub(super) fn read(npy: &Npy, shape: &[usize], room: &Room, stop: &dyn Stop) -> Result<Samples, DataError> {
    let dims = &npy.header.shape[..];
    let count: usize = dims.iter().product();
    if (count as u64).saturating_mul(size_of::<f32>() as u64) <= room.held {
        return Ok(hold(npy, [&dims[..1], shape].concat(), stop)?.into());
    }
    let value = value(&npy.header.element).ok_or_else(|| npy.changed())?;
    let (mut odd, mut place) = (Odd::default(), 0);
    npy.read(stop, |bytes| {
        odd.look(value(bytes), || npy.sample(place));
        place += 1;
    })?;
    odd.none(npy)?;
    Ok(Samples::of(Arc::new(Rows::open(npy)?), dims[0], shape))
}

/// Reads all samples.
fn hold(npy: &Npy, shape: Vec<usize>, stop: &dyn Stop) -> Result<Tensor, DataError> {
    let dims = &npy.header.shape[..];
    let count = dims.iter().product();
    let mut values: Vec<f32> = Vec::new();
    if values.try_reserve_exact(count).is_err() {
        return Err(npy.unfit(format!("there is not memory enough for its {count} values")).into());
    }
    values.resize(count, 0.0);
    let mut samples = Tensor::from_shape_vec(dims, values).expect("as many values as the shape has elements");
    let value = value(&npy.header.element).ok_or_else(|| npy.changed())?;
    let (mut odd, mut place) = (Odd::default(), 0);
    {
        let view = samples.view_mut();
        let mut slots = if npy.header.is_fortran { view.reversed_axes() } else { view }.into_iter();
        npy.read(stop, |bytes| {
            let value = value(bytes);
            odd.look(value, || npy.sample(place));
            if let Some(slot) = slots.next() {
                *slot = value;
            }
            place += 1;
        })?;
    }
    odd.none(npy)?;
    Ok(samples.into_shape_with_order(shape).expect("a shape of as many values"))
}

/// Values that are no numbers.
#[derive(Default)]
pub(super) struct Odd {
    nan: usize,
    infinite: usize,
    first: Option<usize>,
}

impl Odd {
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
