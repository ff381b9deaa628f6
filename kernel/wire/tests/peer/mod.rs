//! Connections as bytes, to say what no implementation of ZeroMQ would.
#![allow(dead_code, clippy::unwrap_used)] // Each test binary uses its own part of this.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;

/// After so long a test has hung.
pub const HANG: Duration = Duration::from_secs(120);

/// A connection of five sockets on an address of its own; where they are files, these are `ipc-1` to `ipc-5` in the
/// folder.
pub fn connection(folder: &std::path::Path, transport: Transport) -> ConnectionInfo {
    let address = address();
    // No two of them alike, while all of them are held.
    let held: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind((address, 0)).unwrap()).collect();
    let ports: Vec<u16> = match transport {
        Transport::TCP => held.iter().map(|listener| listener.local_addr().unwrap().port()).collect(),
        Transport::IPC => (1..=5).collect(),
    };
    let ip = match transport {
        Transport::TCP => address.to_string(),
        Transport::IPC => folder.join("ipc").display().to_string(),
    };
    ConnectionInfo {
        ip,
        transport,
        shell_port: ports[0],
        iopub_port: ports[1],
        stdin_port: ports[2],
        control_port: ports[3],
        hb_port: ports[4],
        key: "a key of the tests".to_string(),
        signature_scheme: "hmac-sha256".to_string(),
        kernel_name: Some("fovea".to_string()),
    }
}

/// A loopback address that no other test uses, so that nobody takes its ports between their choice and their use. Where
/// there is only one loopback address, that.
fn address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, high, low, NEXT.fetch_add(1, Ordering::Relaxed));
    if TcpListener::bind((own, 0)).is_ok() { own } else { Ipv4Addr::LOCALHOST }
}

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
pub fn message<Frame: AsRef<[u8]>>(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, frame) in frames.iter().map(AsRef::as_ref).enumerate() {
        bytes.push(2 | u8::from(at + 1 < frames.len()));
        bytes.extend((frame.len() as u64).to_be_bytes());
        bytes.extend(frame);
    }
    bytes
}

/// The frames of the next message, commands aside; none where the connection has ended.
pub fn next(stream: &mut TcpStream) -> Option<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    loop {
        let mut head = [0; 2];
        stream.read_exact(&mut head).ok()?;
        let mut length = u64::from(head[1]);
        if head[0] & 2 != 0 {
            let mut rest = [0; 7];
            stream.read_exact(&mut rest).ok()?;
            length = rest.iter().fold(length, |length, &byte| length << 8 | u64::from(byte));
        }
        let mut frame = vec![0; length as usize];
        stream.read_exact(&mut frame).ok()?;
        if head[0] & 4 == 0 {
            frames.push(frame);
            if head[0] & 1 == 0 {
                return Some(frames);
            }
        }
    }
}
