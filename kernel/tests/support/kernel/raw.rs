//! Connections as bytes, to say what no implementation of ZeroMQ would.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use jupyter_protocol::ConnectionInfo;

use super::HANG;

/// A connection on which nothing was said yet.
pub fn raw(info: &ConnectionInfo, port: u16) -> TcpStream {
    let stream = TcpStream::connect((&*info.ip, port)).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// One that has greeted as a socket of this type.
pub fn greeted(info: &ConnectionInfo, port: u16, kind: &str) -> TcpStream {
    let mut stream = raw(info, port);
    let mut greeting = [0_u8; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    stream.write_all(&greeting).unwrap();
    let length = kind.len() as u8;
    let body = [&b"\x05READY\x0bSocket-Type\0\0\0"[..], &[length], kind.as_bytes()].concat();
    stream.write_all(&[&[4, body.len() as u8], &body[..]].concat()).unwrap();
    // Its greeting and its own READY.
    let mut theirs = [0; 64 + 2];
    stream.read_exact(&mut theirs).unwrap();
    let mut ready = vec![0; usize::from(theirs[65])];
    stream.read_exact(&mut ready).unwrap();
    stream
}

/// Whether the other side closes a connection.
pub fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        // A reset says the same; silence does not.
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// Frames as ZeroMQ sends them.
pub fn message(frames: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        bytes.push(2 | u8::from(at + 1 < frames.len()));
        bytes.extend((frame.len() as u64).to_be_bytes());
        bytes.extend(frame.as_bytes());
    }
    bytes
}
