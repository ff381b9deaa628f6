//! What carries messages: ZeroMQ's protocol over TCP and over sockets in the file system, no more of it than a kernel's
//! five sockets need.
//!
//! It is our own because a kernel must outlive whatever connects, and whoever can connect need not have the key. What
//! holds here, and a test says so each time:
//! - Nothing is reserved for what a frame only claims to hold. A peer that has signed nothing has 64 kB each way; one
//!   that has signed has 64 MB. A message that is larger is read past, and its signature is found out meanwhile: where it
//!   is right, the sender gets an answer to its header.
//! - A full socket makes room: the oldest peer goes that has said nothing, then one that has signed nothing.
//! - A signed message is taken once, and the kernel's own are none. The newest 262,144 signatures at least are
//!   remembered, as long as the process lives; a kernel that is started anew on the same key has forgotten them.
//! - A front end that does not read holds up no other, and what it leaves unread is bounded: beyond that, messages to it
//!   are dropped, statuses too.
//! - A socket in the file system is its owner's from its first moment.
//!
//! The library that there is, `zeromq` 0.7 under `jupyter-zmq-client`, reserves what nine bytes of anybody claim, which
//! ends the process, and waits for every subscriber to read. Its client talks to this code in the kernel's tests; the
//! tests here speak in bytes.

mod backlog;
mod frames;
mod hub;
mod listener;
mod log;
mod message;
mod past;
mod peers;
mod seen;

pub use backlog::Item;
pub use frames::{Kind, encoded};
pub use hub::{Hub, Request};
pub use listener::Listener;
pub use log::{divert, log};
pub use message::Seal;
pub use peers::Peer;
