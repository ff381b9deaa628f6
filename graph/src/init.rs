//! First values of states.

use crate::Tensor;
use crate::graph::{Init, State};
use crate::ids::StateId;
use crate::philox::{Purpose, Stream};

/// The first value of the state `id`, from `seed`: the same for the same seed, number and shape, on every device.
pub fn initial(id: StateId, state: &State, seed: u64) -> Tensor {
    initial_unless(id, state, seed, &|| false).expect("nothing ends it")
}

/// The same, `None` where `stop`, which is asked every few thousand elements, says so before the end.
pub fn initial_unless(id: StateId, state: &State, seed: u64, stop: &dyn Fn() -> bool) -> Option<Tensor> {
    const PIECE: usize = 1 << 12;
    let shape = ndarray::IxDyn(state.shape.dims());
    Some(match state.init {
        Init::Zeros => Tensor::zeros(shape),
        Init::Ones => Tensor::ones(shape),
        Init::HeNormal { fan_in } => {
            let deviation = (2.0 / fan_in.max(1) as f64).sqrt();
            let stream = Stream::new(seed, Purpose::Init, id.0);
            let count = state.shape.elements();
            let mut values = Vec::with_capacity(count);
            while values.len() < count {
                if stop() {
                    return None;
                }
                let piece = values.len()..count.min(values.len() + PIECE);
                values.extend(piece.map(|i| (deviation * stream.normal(i as u64)) as f32));
            }
            Tensor::from_shape_vec(shape, values).expect("as many values as the shape has elements")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Role;
    use crate::shape::Shape;

    #[test]
    fn drawing_ends_where_it_is_told_to() {
        let shape = Shape::new([100, 100, 10]).expect("it is small");
        let state = State { name: "w".into(), shape, role: Role::Parameter, init: Init::HeNormal { fan_in: 100 } };
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) == 5;
        assert_eq!(initial_unless(StateId::new(0), &state, 1, &stop), None);
        assert_eq!(asked.get(), 6);
    }
}
