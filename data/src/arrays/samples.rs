//! The shape of the samples of an npy file.

use fovea_graph::counted;
use fovea_graph::shape::join;

use super::npy::Npy;
use super::value::Value;
use crate::error::{Clause, DataError, Unfit};
use crate::source::Arrays;

/// The shape that samples are given; whether it can be, and whether the elements are of a kind that samples may have.
pub(super) fn shape(arrays: &Arrays, npy: &Npy) -> Result<Vec<usize>, DataError> {
    let Some(_) = Value::of_samples(&npy.header.element) else {
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
