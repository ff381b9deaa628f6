//! One socket and its peers.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::time::{sleep, timeout};

use crate::backlog::{Backlog, Flow, Item};
use crate::frames::{Arrived, Kind, read, shake_hands};
use crate::listener::{Incoming, Listener, Outgoing};
use crate::log::log;

/// How long a peer has to say what it is.
const GREETING: Duration = Duration::from_secs(10);

/// How many peers a socket has at most; a notebook needs two or three.
const MOST: usize = 256;

/// A peer's number, never used again.
pub type Peer = u64;

/// A socket.
pub struct Hub {
    name: &'static str,
    kind: Kind,
    peers: Mutex<BTreeMap<Peer, Connected>>,
    next: AtomicU64,
}

#[derive(Default)]
struct Connected {
    backlog: Arc<Backlog>,
    /// What it wants to hear, by how the first frame begins.
    topics: Vec<Vec<u8>>,
}

impl Hub {
    /// With no peers yet. The name is for the log.
    pub fn new(name: &'static str, kind: Kind) -> Arc<Self> {
        Arc::new(Self { name, kind, peers: Mutex::default(), next: AtomicU64::new(1) })
    }

    /// Lets peers connect, and hands what they send to `take`, message by message.
    pub async fn serve(self: Arc<Self>, listener: Listener, take: impl Fn(Peer, Vec<Vec<u8>>) + Send + Sync + 'static) {
        let take = Arc::new(take);
        loop {
            match listener.accept().await {
                Ok((incoming, outgoing)) if self.lock().len() < MOST => {
                    let (hub, take) = (Arc::clone(&self), Arc::clone(&take));
                    tokio::spawn(async move {
                        let ended = hub.attend(incoming, outgoing, &*take).await;
                        if let Some(error) = ended.err().filter(|error| !is_gone(error)) {
                            log(format_args!("{}: a connection is closed: {error}", hub.name));
                        }
                    });
                }
                Ok(_) => log(format_args!("{}: there are {MOST} connections already", self.name)),
                Err(error) => {
                    // Too many open files: another try at once would find the same.
                    log(format_args!("{}: nobody can connect: {error}", self.name));
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Reads what a peer sends until it goes.
    async fn attend(
        &self,
        incoming: Incoming,
        mut outgoing: Outgoing,
        take: &impl Fn(Peer, Vec<Vec<u8>>),
    ) -> Result<()> {
        let mut incoming = BufReader::new(incoming);
        timeout(GREETING, shake_hands(self.kind, &mut incoming, &mut outgoing)).await??;
        let peer = self.next.fetch_add(1, Ordering::Relaxed);
        let backlog: Arc<Backlog> = Arc::default();
        self.lock().insert(peer, Connected { backlog: Arc::clone(&backlog), topics: Vec::new() });
        let writing = tokio::spawn(write(Arc::clone(&backlog), outgoing));
        let ended = loop {
            match read(&mut incoming).await {
                Ok(Arrived::Message(frames)) => {
                    // A fault of ours in one answer leaves the connection as it is.
                    if catch_unwind(AssertUnwindSafe(|| self.arrived(peer, frames, take))).is_err() {
                        log(format_args!("{}: a message could not be answered: this broke inside fovea", self.name));
                    }
                }
                Ok(Arrived::Ping(pong)) => drop(backlog.push(Item { bytes: Arc::new(pong), updates: None })),
                Ok(Arrived::TooLarge) => log(format_args!("{}: a message is dropped: it is too large", self.name)),
                Err(error) => break error,
            }
        };
        self.lock().remove(&peer);
        backlog.close();
        writing.abort();
        Err(ended)
    }

    fn arrived(&self, peer: Peer, frames: Vec<Vec<u8>>, take: &impl Fn(Peer, Vec<Vec<u8>>)) {
        if self.kind == Kind::Publisher {
            let mut peers = self.lock();
            let Some(topics) = peers.get_mut(&peer).map(|connected| &mut connected.topics) else { return };
            match frames.first().and_then(|frame| frame.split_first()) {
                Some((1, topic)) if topics.len() < MOST => topics.push(topic.to_vec()),
                Some((0, topic)) => {
                    if let Some(at) = topics.iter().position(|known| known == topic) {
                        topics.remove(at);
                    }
                    return;
                }
                _ => return,
            }
        }
        take(peer, frames);
    }

    /// Sends to one peer; where it is gone, nothing happens.
    pub fn send(&self, peer: Peer, item: Item) {
        if let Some(connected) = self.lock().get(&peer) {
            self.pass(connected, item);
        }
    }

    /// Sends to every peer that wants to hear what begins with `topic`.
    pub fn publish(&self, topic: &[u8], item: &Item) {
        for connected in self.lock().values() {
            if connected.topics.iter().any(|wanted| topic.starts_with(wanted)) {
                self.pass(connected, item.clone());
            }
        }
    }

    fn pass(&self, connected: &Connected, item: Item) {
        if connected.backlog.push(item) == Flow::Stuck {
            log(format_args!("{}: a front end does not read what it is sent; messages to it are dropped", self.name));
        }
    }

    /// Whether every peer has been sent everything.
    pub fn is_flushed(&self) -> bool {
        self.lock().values().all(|connected| connected.backlog.is_empty())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Peer, Connected>> {
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
