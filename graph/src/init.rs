//! First values of states.

use crate::Tensor;
use crate::graph::{Init, State};
use crate::ids::StateId;
use crate::philox::{Purpose, Stream};

/// The first value of the state `id`, from `seed`: the same for the same seed, number and shape, on every device.
pub fn initial(id: StateId, state: &State, seed: u64) -> Tensor {
    let shape = ndarray::IxDyn(state.shape.dims());
    match state.init {
        Init::Zeros => Tensor::zeros(shape),
        Init::Ones => Tensor::ones(shape),
        Init::HeNormal { fan_in } => {
            let deviation = (2.0 / fan_in.max(1) as f64).sqrt();
            let stream = Stream::new(seed, Purpose::Init, id.0);
            let values = (0..state.shape.elements()).map(|i| (deviation * stream.normal(i as u64)) as f32);
            Tensor::from_shape_vec(shape, values.collect()).expect("as many values as the shape has elements")
        }
    }
}
