//! Where messages leave: one way out for everything, so that what a front end sees has one order.

use std::sync::Arc;

use jupyter_protocol::{JupyterMessage, JupyterMessageContent, UnknownMessage};
use serde_json::Value;

use super::answers::PROTOCOL;

/// The socket that a message leaves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Replies to whoever asked on shell.
    Shell,
    /// Replies to whoever asked on control.
    Control,
    /// Everyone who listens.
    IoPub,
}

/// Takes messages, in the order in which they are to be seen; never waits.
#[derive(Clone)]
pub struct Outbox(Arc<dyn Fn(Channel, JupyterMessage) + Send + Sync>);

impl Outbox {
    /// Hands every message to `take`.
    pub fn new(take: impl Fn(Channel, JupyterMessage) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Tells everyone who listens what came of `parent`.
    pub fn publish(&self, parent: &JupyterMessage, content: impl Into<JupyterMessageContent>) {
        self.announce(Some(parent), content);
    }

    /// Tells everyone who listens; where nobody's message is the reason, there is no parent.
    pub fn announce(&self, parent: Option<&JupyterMessage>, content: impl Into<JupyterMessageContent>) {
        let mut message = ours(content, parent);
        message.zmq_identities.clear();
        (self.0)(Channel::IoPub, message);
    }

    /// Answers whoever sent `parent`.
    pub fn reply(&self, channel: Channel, parent: &JupyterMessage, content: impl Into<JupyterMessageContent>) {
        (self.0)(channel, ours(content, Some(parent)));
    }
}

/// Content that the protocol has and the crate's types lack, or have with less in it.
pub fn raw(msg_type: &str, content: Value) -> JupyterMessageContent {
    UnknownMessage { msg_type: msg_type.to_string(), content }.into()
}

fn ours(content: impl Into<JupyterMessageContent>, parent: Option<&JupyterMessage>) -> JupyterMessage {
    let mut message = JupyterMessage::new(content, parent);
    message.header.username = "fovea".to_string();
    message.header.version = PROTOCOL.to_string();
    message
}
