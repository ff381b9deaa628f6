//! Who is connected to a socket, and who goes where there is no room for one more.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::backlog::Backlog;

/// How many peers a socket has at most; a notebook needs two or three. Five sockets of so many fit into the files that a
/// process may commonly have open.
pub const MOST: usize = 128;

/// A peer's number, never used again: the older a peer, the smaller it is.
pub type Peer = u64;

/// What is known of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has said nothing yet.
    #[default]
    Silent,
    /// It has said something that everyone can say.
    Heard,
    /// It has signed a message: it has the key.
    Signed,
}

/// A peer.
#[derive(Default)]
pub struct Connected {
    /// What it has not read yet.
    pub backlog: Arc<Backlog>,
    /// What it wants to hear, by how the first frame begins.
    pub topics: Vec<Vec<u8>>,
    /// What is known of it.
    pub standing: Standing,
    leave: Arc<Notify>,
}

/// A peer's place.
pub struct Seat {
    /// Its number.
    pub peer: Peer,
    /// What it has not read yet.
    pub backlog: Arc<Backlog>,
    /// Tells it to go.
    pub leave: Arc<Notify>,
}

/// The peers of a socket.
#[derive(Default)]
pub struct Peers {
    connected: BTreeMap<Peer, Connected>,
    last: Peer,
}

impl Peers {
    /// Whether somebody has to go before another can come.
    pub fn is_full(&self) -> bool {
        self.connected.len() >= MOST
    }

    /// Takes in a peer; where there is no room another one goes, and where all have signed the new one does.
    pub fn admit(&mut self) -> Option<Seat> {
        if self.is_full() {
            let gone = self.remove(self.least()?)?;
            gone.backlog.close();
            gone.leave.notify_one();
        }
        self.last += 1;
        let connected = Connected::default();
        let seat =
            Seat { peer: self.last, backlog: Arc::clone(&connected.backlog), leave: Arc::clone(&connected.leave) };
        self.connected.insert(self.last, connected);
        Some(seat)
    }

    /// Who goes first: of those that are silent the oldest. Where nobody is, of those that signed nothing the one in the
    /// middle: there are sockets on which nobody signs, and there who came before the crowd stays, and who comes into it
    /// has as many behind him before it is his turn.
    fn least(&self) -> Option<Peer> {
        let of = |standing| self.connected.iter().filter(move |(_, of)| of.standing == standing).map(|(&peer, _)| peer);
        let heard = of(Standing::Heard).count();
        of(Standing::Silent).next().or_else(|| of(Standing::Heard).nth(heard / 2))
    }

    /// A peer, while it is there.
    pub fn get_mut(&mut self, peer: Peer) -> Option<&mut Connected> {
        self.connected.get_mut(&peer)
    }

    /// Takes a peer away.
    pub fn remove(&mut self, peer: Peer) -> Option<Connected> {
        self.connected.remove(&peer)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Connected> {
        self.connected.values()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A socket that is full of peers of these standings, the oldest first.
    fn full(standing: impl Fn(Peer) -> Standing) -> Peers {
        let mut peers = Peers::default();
        for _ in 0..MOST {
            let peer = peers.admit().unwrap().peer;
            peers.get_mut(peer).unwrap().standing = standing(peer);
        }
        peers
    }

    #[test]
    fn the_oldest_that_is_silent_goes_then_who_signed_nothing_and_nobody_who_signed() {
        let mut peers = full(|peer| match peer {
            2 | 5 => Standing::Silent,
            3 | 4 | 6 => Standing::Heard,
            _ => Standing::Signed,
        });
        for expected in [Some(2), Some(5), Some(4), Some(6), Some(3), None] {
            assert_eq!(peers.least(), expected);
            let Some(seat) = peers.admit() else { continue };
            peers.get_mut(seat.peer).unwrap().standing = Standing::Signed;
        }
        assert!(peers.admit().is_none());
    }

    #[test]
    fn where_nobody_signs_who_came_first_stays_and_who_comes_has_half_of_all_behind_him() {
        let mut peers = full(|_| Standing::Heard);
        let newcomer = peers.admit().unwrap().peer;
        peers.get_mut(newcomer).unwrap().standing = Standing::Heard;
        let mut later = 0;
        while peers.get_mut(newcomer).is_some() {
            let peer = peers.admit().unwrap().peer;
            peers.get_mut(peer).unwrap().standing = Standing::Heard;
            later += 1;
        }
        assert!(later >= MOST / 2 - 1, "{later}");
        assert!((1..MOST as Peer / 2).all(|peer| peers.get_mut(peer).is_some()));
    }
}
