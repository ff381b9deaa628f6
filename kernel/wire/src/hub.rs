//! One socket and its peers.

use std::io::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jupyter_protocol::JupyterMessage;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::backlog::{Backlog, FULL, Flow, Item};
use crate::frames::{Arrived, Kind, LARGEST, Message, TooLarge, UNSIGNED, read, shake_hands};
use crate::listener::{Incoming, Listener, Outgoing};
use crate::log::log;
use crate::message::Seal;
use crate::peers::{Connected, MOST, Peer, Peers, Seat, Standing};

/// How long a peer has to say what it is.
const GREETING: Duration = Duration::from_secs(10);

/// A socket.
pub struct Hub {
    name: &'static str,
    kind: Kind,
    seal: Arc<Seal>,
    peers: Mutex<Peers>,
}

/// What somebody who has the key asks.
pub enum Request {
    /// A message.
    Whole(JupyterMessage),
    /// One that was too large to keep: it has no content. Why, in words.
    TooLarge(JupyterMessage, String),
}

/// What becomes of what a peer says, and what is known of the peer then.
type Take = dyn Fn(Peer, Message) -> Standing + Send + Sync;

impl Hub {
    /// With no peers yet. The name is for the log.
    pub fn new(name: &'static str, kind: Kind, seal: &Arc<Seal>) -> Arc<Self> {
        Arc::new(Self { name, kind, seal: Arc::clone(seal), peers: Mutex::default() })
    }

    /// Lets peers connect, and hands what they ask to `take`, message by message, where it is signed.
    pub async fn serve_signed(
        self: Arc<Self>,
        listener: Listener,
        take: impl Fn(Peer, Request) + Send + Sync + 'static,
    ) {
        let hub = Arc::clone(&self);
        let opened = move |peer, message| match hub.opened(message) {
            Ok(request) => {
                take(peer, request);
                Standing::Signed
            }
            Err(error) => {
                log(format_args!("{}: a message is dropped: {error:#}", hub.name));
                Standing::Heard
            }
        };
        self.accept(listener, Arc::new(opened)).await;
    }

    /// Lets peers connect, and hands what they send to `take`, message by message, as frames that anybody can send.
    pub async fn serve(self: Arc<Self>, listener: Listener, take: impl Fn(Peer, Vec<Vec<u8>>) + Send + Sync + 'static) {
        let hub = Arc::clone(&self);
        let heard = move |peer, message| {
            match message {
                Message::Whole(frames) if hub.is_for_us(peer, &frames) => take(peer, frames),
                Message::Whole(_) => {}
                Message::TooLarge(_) => log(format_args!("{}: a message is dropped: it is too large", hub.name)),
            }
            Standing::Heard
        };
        self.accept(listener, Arc::new(heard)).await;
    }

    async fn accept(self: Arc<Self>, listener: Listener, take: Arc<Take>) {
        loop {
            match listener.accept().await {
                Ok((incoming, outgoing)) => {
                    let Some(seat) = self.seat() else { continue };
                    let (hub, take) = (Arc::clone(&self), Arc::clone(&take));
                    tokio::spawn(async move {
                        let ended = tokio::select! {
                            ended = hub.attend(&seat, incoming, outgoing, &*take) => ended,
                            () = seat.leave.notified() => Ok(()),
                        };
                        hub.lock().remove(seat.peer);
                        seat.backlog.close();
                        if let Some(error) = ended.err().filter(|error| !is_gone(error)) {
                            log(format_args!("{}: a connection is closed: {error}", hub.name));
                        }
                    });
                }
                Err(error) => {
                    // Too many open files: another try at once would find the same.
                    log(format_args!("{}: nobody can connect: {error}", self.name));
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// A place for a peer that connects, if there is one.
    fn seat(&self) -> Option<Seat> {
        let mut peers = self.lock();
        let (was_full, seat) = (peers.is_full(), peers.admit());
        drop(peers);
        match &seat {
            Some(_) if was_full => {
                log(format_args!("{}: there were {MOST} connections: one that has signed nothing goes", self.name));
            }
            Some(_) => {}
            None => log(format_args!("{}: there are {MOST} connections already", self.name)),
        }
        seat
    }

    /// Reads what a peer sends until it goes.
    async fn attend(&self, seat: &Seat, incoming: Incoming, mut outgoing: Outgoing, take: &Take) -> Result<()> {
        let mut incoming = BufReader::new(incoming);
        timeout(GREETING, shake_hands(self.kind, &mut incoming, &mut outgoing)).await??;
        // Ends with this: a peer that is to go may not be reading.
        let mut writing = JoinSet::new();
        writing.spawn(write(Arc::clone(&seat.backlog), outgoing));
        loop {
            match read(&mut incoming, &self.seal, self.largest(seat.peer)).await? {
                Arrived::Ping(pong) => self.send(seat.peer, Item { bytes: Arc::new(pong), updates: None }),
                // A fault of ours in one answer leaves the connection as it is.
                Arrived::Message(message) => match catch_unwind(AssertUnwindSafe(|| take(seat.peer, message))) {
                    Ok(standing) => self.known(seat.peer, standing),
                    Err(_) => {
                        log(format_args!("{}: a message could not be answered: this broke inside fovea", self.name));
                    }
                },
            }
        }
    }

    /// How many bytes a peer's next message may hold.
    fn largest(&self, peer: Peer) -> u64 {
        match self.lock().get_mut(peer).map(|connected| connected.standing) {
            Some(Standing::Signed) => LARGEST,
            _ => UNSIGNED,
        }
    }

    /// A peer is at least so well known.
    fn known(&self, peer: Peer, standing: Standing) {
        if let Some(connected) = self.lock().get_mut(peer) {
            connected.standing = connected.standing.max(standing);
        }
    }

    /// What a message asks, where it is signed.
    fn opened(&self, message: Message) -> anyhow::Result<Request> {
        match message {
            Message::Whole(frames) => self.seal.message(frames).map(Request::Whole),
            Message::TooLarge(large) => {
                let TooLarge { message, bytes, largest } = *large;
                let may = match largest {
                    UNSIGNED => format!("the first of a connection may have {UNSIGNED}, those behind it {LARGEST}"),
                    _ => format!("the largest may have {LARGEST}"),
                };
                let message = message.map_err(|error| error.context(format!("it has {bytes} bytes, too many")))?;
                Ok(Request::TooLarge(message, format!("a message of {bytes} bytes; {may}")))
            }
        }
    }

    /// Notes what a peer subscribes to; whether its message is one to hand on: a subscription, or not a publisher's.
    fn is_for_us(&self, peer: Peer, frames: &[Vec<u8>]) -> bool {
        if self.kind != Kind::Publisher {
            return true;
        }
        let mut peers = self.lock();
        let Some(topics) = peers.get_mut(peer).map(|connected| &mut connected.topics) else { return false };
        match frames.first().and_then(|frame| frame.split_first()) {
            Some((1, topic)) => {
                let held: usize = topics.iter().map(|topic| topic.len() + size_of::<Vec<u8>>()).sum();
                let has_room = held + topic.len() < UNSIGNED as usize;
                if has_room {
                    topics.push(topic.to_vec());
                }
                has_room
            }
            Some((0, topic)) => {
                if let Some(at) = topics.iter().position(|known| known == topic) {
                    topics.remove(at);
                }
                false
            }
            _ => false,
        }
    }

    /// Sends to one peer; where it is gone, nothing happens.
    pub fn send(&self, peer: Peer, item: Item) {
        if let Some(connected) = self.lock().get_mut(peer) {
            // Who has not signed gets answers for nothing, and may ask for many.
            let room = if connected.standing == Standing::Signed { FULL } else { UNSIGNED as usize };
            self.pass(connected, item, room);
        }
    }

    /// Sends to every peer that wants to hear what begins with `topic`.
    pub fn publish(&self, topic: &[u8], item: &Item) {
        for connected in self.lock().iter() {
            if connected.topics.iter().any(|wanted| topic.starts_with(wanted)) {
                self.pass(connected, item.clone(), FULL);
            }
        }
    }

    fn pass(&self, connected: &Connected, item: Item, room: usize) {
        if connected.backlog.push(item, room) == Flow::Stuck {
            log(format_args!("{}: a front end does not read what it is sent; messages to it are dropped", self.name));
        }
    }

    /// Whether every peer has been sent everything.
    pub fn is_flushed(&self) -> bool {
        self.lock().iter().all(|connected| connected.backlog.is_empty())
    }

    fn lock(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the peer closed the connection, in whatever way.
fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// Writes what waits for a peer. Where it cannot be written, the reading side will find the same.
async fn write(backlog: Arc<Backlog>, mut outgoing: Outgoing) {
    while let Some(item) = backlog.next().await {
        if outgoing.write_all(&item.bytes).await.is_err() {
            return backlog.close();
        }
    }
}
