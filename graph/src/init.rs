//! First values of states.

use crate::Tensor;
use crate::graph::{Init, State};
use crate::ids::StateId;
use crate::philox::{Purpose, Stream};
use crate::stop::{Interrupted, Never, Stop};

/// The first value of the state `id`, from `seed`: the same for the same seed, number and shape, on every device.
pub fn initial(id: StateId, state: &State, seed: u64) -> Tensor {
    initial_unless(id, state, seed, &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked every few thousand elements, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn initial_unless(id: StateId, state: &State, seed: u64, stop: &dyn Stop) -> Result<Tensor, Interrupted> {
    let mut value = Tensor::zeros(ndarray::IxDyn(state.shape.dims()));
    fill_unless(id, state, seed, value.as_slice_mut().unwrap_or(&mut []), stop)?;
    Ok(value)
}

/// Writes the same into the state's elements, whatever was there.
///
/// # Errors
/// [`Interrupted`], with some of them written.
pub fn fill_unless(
    id: StateId,
    state: &State,
    seed: u64,
    elements: &mut [f32],
    stop: &dyn Stop,
) -> Result<(), Interrupted> {
    const PIECE: usize = 1 << 12;
    let stream = Stream::new(seed, Purpose::Init, id.0);
    for (piece, at) in elements.chunks_mut(PIECE).zip((0u64..).step_by(PIECE)) {
        stop.go_on()?;
        match state.init {
            Init::Zeros => piece.fill(0.0),
            Init::Ones => piece.fill(1.0),
            Init::HeNormal { fan_in } => {
                let deviation = (2.0 / fan_in.max(1) as f64).sqrt();
                for (element, i) in piece.iter_mut().zip(at..) {
                    *element = (deviation * stream.normal(i)) as f32;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Role;
    use crate::shape::Shape;
    use crate::stop::At;

    #[test]
    fn drawing_ends_where_it_is_told_to() {
        let shape = Shape::new([100, 100, 10]).expect("it is small");
        let state = State { name: "w".into(), shape, role: Role::Parameter, init: Init::HeNormal { fan_in: 100 } };
        let stop = At::look(5);
        assert_eq!(initial_unless(StateId::new(0), &state, 1, &stop), Err(Interrupted));
        assert_eq!(stop.asked(), 6);
    }
}
