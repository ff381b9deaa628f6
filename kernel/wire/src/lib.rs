//! What carries messages: ZeroMQ's protocol over TCP and over sockets in the file system, no more of it than a kernel's
//! five sockets need.
//!
//! It is our own because a kernel must outlive whatever connects: nothing is reserved for what a frame only claims to
//! hold, a front end that does not read holds up no other, and what it leaves unread is bounded. The library that there
//! is, `zeromq` 0.7 under `jupyter-zmq-client`, reserves what nine bytes of anybody claim, which ends the process, and
//! waits for every subscriber to read. Its client talks to this code in the tests.

mod backlog;
mod frames;
mod hub;
mod listener;
mod log;
mod message;

pub use backlog::Item;
pub use frames::{Kind, encoded};
pub use hub::{Hub, Peer};
pub use listener::Listener;
pub use log::log;
pub use message::Seal;
