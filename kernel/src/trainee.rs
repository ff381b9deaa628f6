//! Between a net of the language and the training loop.

use fovea_dsl::lower;
use fovea_dsl::net::Net;
use fovea_train::{Forward, Mode};

/// Gives the net's forward graph at any batch.
pub fn forward(net: &Net) -> Forward {
    let net = net.clone();
    Box::new(move |batch, mode| {
        let mode = match mode {
            Mode::Train => lower::Mode::Train,
            Mode::Infer => lower::Mode::Infer,
        };
        Ok(lower::lower(&net, batch, mode)?)
    })
}
