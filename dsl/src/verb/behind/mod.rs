//! What can stand behind a verb's word or a clause's: nets, layers, samples, runs, matrices, strings.

mod image;
mod layer;
mod matrix;
mod net;
pub(super) mod run;
mod samples;
mod text;

pub use image::Pixels;
pub use layer::LayerRef;
pub use matrix::Matrix;
pub use run::RunRef;
pub use samples::Samples;

pub(super) use image::IMAGE;
pub(super) use layer::LAYER;
pub(super) use net::NET;
pub(super) use text::FILE;
