//! The protocol without sockets: requests go into a core, and what comes out is read in its order.
#![allow(clippy::unwrap_used)]

mod answers;
mod cells;
mod faults;
mod interrupts;
mod shows;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_graph::Backend;
use jupyter_protocol::{CompleteRequest, ExecuteRequest, JupyterMessage, JupyterMessageContent};
use serde_json::Value;
use tempfile::TempDir;

use super::core::Core;
use super::outbox::{Channel, Outbox, raw};

/// After so long a test has hung.
const HANG: Duration = Duration::from_secs(120);

/// A small net and its training.
const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10";

/// A training that no test waits for the end of.
const LONG: &str = "train tiny on digits for 100000 epochs";

/// A core, and what came out of it.
struct Kernel {
    core: Core,
    messages: Receiver<(Channel, JupyterMessage)>,
    folder: TempDir,
}

/// A message as a front end sees it.
#[derive(Clone, Debug)]
struct Seen {
    channel: Channel,
    kind: String,
    parent: String,
    content: Value,
}

impl Seen {
    /// What it is, in a word or two: `status busy`.
    fn name(&self) -> String {
        match self.content["execution_state"].as_str() {
            Some(state) => format!("{} {state}", self.kind),
            None => self.kind.clone(),
        }
    }

    fn is_idle(&self, parent: &str) -> bool {
        self.parent == parent && self.content["execution_state"] == "idle"
    }
}

fn names(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(Seen::name).collect()
}

/// The reply to a request.
fn reply<'a>(seen: &'a [Seen], parent: &str) -> &'a Value {
    let replies: Vec<_> = seen.iter().filter(|seen| seen.parent == parent && seen.channel != Channel::IoPub).collect();
    assert_eq!(replies.len(), 1, "{seen:?}");
    &replies[0].content
}

/// The text that a message shows.
fn text(seen: &Seen) -> &str {
    let content = &seen.content;
    content["text"].as_str().or(content["data"]["text/plain"].as_str()).unwrap_or_default()
}

impl Kernel {
    fn new() -> Self {
        Self::on(Arc::new(Cpu::new(Some(1)).unwrap()))
    }

    fn on(device: Arc<dyn Backend>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let interrupted = Arc::new(AtomicBool::new(false));
        let session = Session::new(device, folder.path().join("runs"), Arc::clone(&interrupted));
        let (sender, messages) = channel();
        let out = Outbox::new(move |channel, message| drop(sender.send((channel, message))));
        let core = Core::new(session, interrupted, Some(folder.path().join("history")), out).unwrap();
        Self { core, messages, folder }
    }

    /// Sends a request on shell; its identity.
    fn ask(&self, content: impl Into<JupyterMessageContent>) -> String {
        let message = JupyterMessage::new(content, None);
        let id = message.header.msg_id.clone();
        self.core.shell(message);
        id
    }

    /// The same on control.
    fn tell(&self, kind: &str, content: Value) -> String {
        let message = JupyterMessage::new(content_of(kind, content), None);
        let id = message.header.msg_id.clone();
        self.core.control(&message);
        id
    }

    fn execute(&self, code: &str) -> String {
        self.ask(ExecuteRequest::new(code.to_string()))
    }

    fn complete(&self, code: &str) -> String {
        self.ask(CompleteRequest { code: code.to_string(), cursor_pos: code.chars().count() })
    }

    fn request(&self, kind: &str, content: Value) -> String {
        self.ask(content_of(kind, content))
    }

    /// The next message.
    fn next(&self) -> Seen {
        let (channel, message) = self.messages.recv_timeout(HANG).expect("a message comes");
        Seen {
            channel,
            kind: message.header.msg_type.clone(),
            parent: message.parent_header.map(|parent| parent.msg_id).unwrap_or_default(),
            content: serde_json::to_value(&message.content).unwrap(),
        }
    }

    /// What comes up to and with the first message that is as wanted.
    fn until(&self, wanted: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !seen.last().is_some_and(&wanted) {
            seen.push(self.next());
        }
        seen
    }

    /// What comes until a request is done.
    fn until_idle(&self, request: &str) -> Vec<Seen> {
        self.until(|seen| seen.is_idle(request))
    }

    /// Runs a cell that ends well; what it showed, from `execute_input` to before the reply.
    fn run(&self, code: &str) -> Vec<Seen> {
        let cell = self.execute(code);
        let mut seen = self.until_idle(&cell);
        assert_eq!(reply(&seen, &cell)["status"], "ok", "{code}: {seen:?}");
        seen.retain(|seen| seen.channel == Channel::IoPub && seen.kind != "status");
        seen
    }
}

/// A request as the wire gives it.
fn content_of(kind: &str, content: Value) -> JupyterMessageContent {
    JupyterMessageContent::from_type_and_content(kind, content.clone()).unwrap_or_else(|_| raw(kind, content))
}
