//! What training shows while it runs.

use fovea::event::Event;
use jupyter_protocol::JupyterMessage;

use super::outbox::Outbox;

/// One training's displays.
pub struct Training;

impl Training {
    pub fn new(_: &Outbox, _: &JupyterMessage) -> Self {
        Self
    }

    /// Takes in a piece of news.
    pub fn event(&mut self, _: &Event) {}
}
