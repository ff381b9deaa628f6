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
pub use samples::{Samples, Side};

/// Whether a text can be a name, as it is.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

pub(super) use image::IMAGE;
pub(super) use layer::{LAYER, LAYER_OR_NET};
pub(super) use matrix::MATRIX;
pub(super) use net::{NET, NET_OR_DATA};
pub(super) use run::{RUN, RUNS};
pub(super) use text::{FILE, TABLE};
