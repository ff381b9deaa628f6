//! The five sockets of a kernel, and what goes from them to its core and back.

use std::sync::Arc;
use std::time::Duration;

use fovea_wire::{Hub, Item, Kind, Listener, Peer, Request, Seal, encoded, log};
use jupyter_protocol::{ConnectionInfo, IoPubWelcome, JupyterMessage, JupyterMessageContent as Content, Status};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep};

use super::core::{Core, Next};
use super::outbox::{Channel, Outbox};

/// Messages on their way out, in the order in which they are to be seen.
pub type Messages = UnboundedReceiver<(Channel, JupyterMessage)>;

/// Where messages leave, and where they come out.
pub fn outbox() -> (Outbox, Messages) {
    let (sender, messages) = unbounded_channel();
    // Where nobody takes them any more, the kernel has ended.
    (Outbox::new(move |channel, message| drop(sender.send((channel, message)))), messages)
}

/// Bound, and heard by nobody yet.
pub struct Sockets {
    shell: Listener,
    control: Listener,
    iopub: Listener,
    stdin: Listener,
    heartbeat: Listener,
    seal: Arc<Seal>,
}

/// Sockets that front ends talk to.
pub struct Open {
    hubs: Arc<Hubs>,
    /// A front end has ended the kernel.
    pub ended: Arc<Notify>,
}

struct Hubs {
    shell: Arc<Hub>,
    control: Arc<Hub>,
    iopub: Arc<Hub>,
    stdin: Arc<Hub>,
    heartbeat: Arc<Hub>,
    seal: Arc<Seal>,
}

impl Sockets {
    /// Binds the sockets of a connection, at its address and nowhere else.
    pub async fn bind(info: &ConnectionInfo) -> anyhow::Result<Self> {
        if info.key.is_empty() {
            log("the connection file has an empty key: whoever can connect can run programs here");
        }
        Ok(Self {
            shell: Listener::bind(info, info.shell_port).await?,
            control: Listener::bind(info, info.control_port).await?,
            iopub: Listener::bind(info, info.iopub_port).await?,
            stdin: Listener::bind(info, info.stdin_port).await?,
            heartbeat: Listener::bind(info, info.hb_port).await?,
            seal: Arc::new(Seal::new(&info.key)),
        })
    }

    /// Lets front ends connect, and carries messages to them and to the core.
    pub fn open(self, core: &Arc<Core>, out: &Outbox, messages: Messages) -> Open {
        let Self { shell, control, iopub, stdin, heartbeat, seal } = self;
        let hubs = Arc::new(Hubs {
            shell: Hub::new("shell", Kind::Router, &seal),
            control: Hub::new("control", Kind::Router, &seal),
            iopub: Hub::new("iopub", Kind::Publisher, &seal),
            stdin: Hub::new("stdin", Kind::Router, &seal),
            heartbeat: Hub::new("heartbeat", Kind::Router, &seal),
            seal,
        });
        let ended = Arc::new(Notify::new());
        out.announce(None, Status::starting());
        tokio::spawn(deliver(Arc::clone(&hubs), messages));

        let echo = Arc::clone(&hubs.heartbeat);
        let beat = move |peer, frames: Vec<Vec<u8>>| echo.send(peer, plain(&frames));
        tokio::spawn(Arc::clone(&hubs.heartbeat).serve(heartbeat, beat));

        // Nothing here ever asks for input, so that nobody answers.
        tokio::spawn(Arc::clone(&hubs.stdin).serve(stdin, |_, _| ()));

        let welcome = Arc::clone(&hubs);
        let subscribed = move |peer, frames: Vec<Vec<u8>>| welcome.welcome(peer, &frames);
        tokio::spawn(Arc::clone(&hubs.iopub).serve(iopub, subscribed));

        let behind = Arc::clone(core);
        let asked = move |peer, request| match request {
            Request::Whole(message) => behind.shell(from_peer(peer, message)),
            Request::TooLarge(message, why) => behind.refuse(Channel::Shell, &from_peer(peer, message), &why),
        };
        tokio::spawn(Arc::clone(&hubs.shell).serve_signed(shell, asked));

        let (behind, end) = (Arc::clone(core), Arc::clone(&ended));
        let told = move |peer, request| match request {
            Request::Whole(message) => {
                if behind.control(&from_peer(peer, message)) == Next::End {
                    end.notify_one();
                }
            }
            Request::TooLarge(message, why) => behind.refuse(Channel::Control, &from_peer(peer, message), &why),
        };
        tokio::spawn(Arc::clone(&hubs.control).serve_signed(control, told));
        Open { hubs, ended }
    }
}

impl Open {
    /// Waits until front ends have been sent everything, as long as that, and a little for it to arrive.
    pub async fn flush(&self, longest: Duration, linger: Duration) {
        let end = Instant::now() + longest;
        let Hubs { shell, control, iopub, .. } = &*self.hubs;
        // What was put out last is on its way to the sockets.
        sleep(linger).await;
        while Instant::now() < end && ![shell, control, iopub].iter().all(|hub| hub.is_flushed()) {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Hubs {
    /// Tells a front end that from now on it hears what it subscribed to.
    fn welcome(&self, peer: Peer, frames: &[Vec<u8>]) {
        let topic = frames.first().and_then(|frame| frame.get(1..)).unwrap_or_default();
        let welcome = IoPubWelcome::new(String::from_utf8_lossy(topic).into_owned());
        let mut message = JupyterMessage::new(welcome, None);
        message.zmq_identities = vec![topic.to_vec().into()];
        if let Some(frames) = self.sealed(&message) {
            self.iopub.send(peer, plain(&frames));
        }
    }

    fn sealed(&self, message: &JupyterMessage) -> Option<Vec<Vec<u8>>> {
        match self.seal.frames(message) {
            Ok(frames) => Some(frames),
            Err(error) => {
                log(format_args!("{} is not sent: {error}", message.header.msg_type));
                None
            }
        }
    }
}

/// A message with its answer's way back in front.
fn from_peer(peer: Peer, mut message: JupyterMessage) -> JupyterMessage {
    message.zmq_identities.insert(0, peer.to_be_bytes().to_vec().into());
    message
}

/// Carries messages out until there will be none.
async fn deliver(hubs: Arc<Hubs>, mut messages: Messages) {
    while let Some((channel, message)) = messages.recv().await {
        let Some(mut frames) = hubs.sealed(&message) else { continue };
        let hub = match channel {
            Channel::Shell => &hubs.shell,
            Channel::Control => &hubs.control,
            Channel::IoPub => {
                // What it is about: some front ends want to hear of some things only.
                frames.insert(0, message.header.msg_type.clone().into_bytes());
                hubs.iopub.publish(&frames[0], &Item { updates: updated(&message), ..plain(&frames) });
                continue;
            }
        };
        // The first identity is the peer's number, which `from_peer` put there.
        let peer = frames.remove(0).try_into().map(Peer::from_be_bytes);
        if let Ok(peer) = peer {
            hub.send(peer, plain(&frames));
        }
    }
}

/// The display whose newest state a message tells.
fn updated(message: &JupyterMessage) -> Option<Arc<str>> {
    match &message.content {
        Content::UpdateDisplayData(update) => update.transient.display_id.as_deref().map(Arc::from),
        _ => None,
    }
}

fn plain(frames: &[Vec<u8>]) -> Item {
    Item { bytes: Arc::new(encoded(frames)), updates: None }
}
