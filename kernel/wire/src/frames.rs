//! ZMTP 3.0 (https://rfc.zeromq.org/spec/23) without security: the greeting, and messages as frames.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink};

/// What a message may hold in all, in bytes; a larger one is read past.
const LARGEST: u64 = 64 << 20;

/// How many frames a message may have.
const MOST: usize = 256;

/// How many bytes a command may have; the largest in use is the identity of a peer.
const COMMAND: u64 = 1 << 12;

/// The last frame has it not.
const MORE: u8 = 1;

/// The length has eight bytes, not one.
const LONG: u8 = 2;

/// The frame is no message's.
const IS_COMMAND: u8 = 4;

/// What a socket is to ZeroMQ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers whoever asked.
    Router,
    /// Tells everyone who subscribed.
    Publisher,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Router => "ROUTER",
            Kind::Publisher => "XPUB",
        }
    }

    /// The sockets that talk to it.
    fn peers(self) -> &'static [&'static str] {
        match self {
            Kind::Router => &["DEALER", "REQ", "ROUTER"],
            Kind::Publisher => &["SUB", "XSUB"],
        }
    }
}

/// Agrees with the other side on the protocol and on what the two are to one another.
pub async fn shake_hands(
    kind: Kind,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<()> {
    let mut ours = [0; 64];
    (ours[0], ours[9], ours[10]) = (0xff, 0x7f, 3);
    ours[12..16].copy_from_slice(b"NULL");
    to.write_all(&ours).await?;
    let mut theirs = [0; 64];
    from.read_exact(&mut theirs).await?;
    if theirs[0] != 0xff || theirs[9] != 0x7f || theirs[10] < 3 {
        return Err(broken("no greeting of ZeroMQ 4"));
    }
    if theirs[12..32] != ours[12..32] {
        return Err(broken("a security mechanism, and connection files name none"));
    }
    to.write_all(&ready(kind)).await?;
    let (flags, length) = header(from).await?;
    if flags & IS_COMMAND == 0 || length > COMMAND {
        return Err(broken("no READY after the greeting"));
    }
    let body = exactly(from, length).await?;
    match socket_type(&body) {
        Some(name) if kind.peers().iter().any(|peer| peer.as_bytes() == name) => Ok(()),
        _ => Err(broken("a socket of another type")),
    }
}

/// The command that says what this side is.
fn ready(kind: Kind) -> Vec<u8> {
    let name = kind.name();
    let mut body = b"\x05READY\x0bSocket-Type".to_vec();
    body.extend((name.len() as u32).to_be_bytes());
    body.extend(name.as_bytes());
    [&[IS_COMMAND, body.len() as u8], &body[..]].concat()
}

/// The socket's type in the body of a READY command.
fn socket_type(body: &[u8]) -> Option<&[u8]> {
    let mut rest = body.strip_prefix(b"\x05READY")?;
    while let Some((&length, behind)) = rest.split_first() {
        let (name, behind) = behind.split_at_checked(usize::from(length))?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let (value, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            return Some(value);
        }
        rest = behind;
    }
    None
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrived {
    /// A message, as its frames.
    Message(Vec<Vec<u8>>),
    /// One that was too large, and is gone.
    TooLarge,
    /// A question whether this side is still there; the command that answers it.
    Ping(Vec<u8>),
}

/// The next message, whole.
pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Arrived> {
    let (mut frames, mut size, mut is_whole) = (Vec::new(), 0_u64, true);
    loop {
        let (flags, length) = header(from).await?;
        if flags & IS_COMMAND != 0 {
            if length > COMMAND {
                return Err(broken("a command that is too long"));
            }
            // libzmq pings peers of any version, and leaves those that say nothing. No other command needs an answer.
            match pong(&exactly(from, length).await?) {
                Some(pong) if frames.is_empty() => return Ok(Arrived::Ping(pong)),
                _ => continue,
            }
        }
        size = size.saturating_add(length);
        if size > LARGEST || frames.len() == MOST {
            is_whole = false;
            pass(from, length).await?;
        } else {
            frames.push(exactly(from, length).await?);
        }
        if flags & MORE == 0 {
            return Ok(if is_whole { Arrived::Message(frames) } else { Arrived::TooLarge });
        }
        if !is_whole {
            frames.clear();
        }
    }
}

/// The answer to a PING (https://rfc.zeromq.org/spec/37): its context, which stands behind two bytes of time.
fn pong(command: &[u8]) -> Option<Vec<u8>> {
    let context = command.strip_prefix(b"\x04PING")?.get(2..)?;
    let body = [&b"\x04PONG"[..], context].concat();
    let length = u8::try_from(body.len()).ok()?;
    Some([&[IS_COMMAND, length], &body[..]].concat())
}

/// A frame's flags and length.
async fn header(from: &mut (impl AsyncRead + Unpin)) -> Result<(u8, u64)> {
    let flags = from.read_u8().await?;
    if flags & !(MORE | LONG | IS_COMMAND) != 0 {
        return Err(broken("a frame with unknown flags"));
    }
    let length = if flags & LONG == 0 { u64::from(from.read_u8().await?) } else { from.read_u64().await? };
    Ok((flags, length))
}

/// The next bytes; memory is taken for those that have come.
async fn exactly(from: &mut (impl AsyncRead + Unpin), length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.take(length).read_to_end(&mut bytes).await?;
    if read as u64 == length { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Reads past bytes.
async fn pass(from: &mut (impl AsyncRead + Unpin), length: u64) -> Result<()> {
    let read = copy(&mut from.take(length), &mut sink()).await?;
    if read == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// A message as bytes.
pub fn encoded(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frames.iter().map(|frame| frame.len() + 9).sum());
    for (at, frame) in frames.iter().enumerate() {
        let more = if at + 1 < frames.len() { MORE } else { 0 };
        match u8::try_from(frame.len()) {
            Ok(length) => bytes.extend([more, length]),
            Err(_) => {
                bytes.push(more | LONG);
                bytes.extend((frame.len() as u64).to_be_bytes());
            }
        }
        bytes.extend(frame);
    }
    bytes
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(mut bytes: &[u8]) -> Result<Arrived> {
        tokio::runtime::Builder::new_current_thread().build()?.block_on(read(&mut bytes))
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        let frames = vec![Vec::new(), vec![7; 255], vec![8; 256], b"end".to_vec()];
        assert_eq!(reading(&encoded(&frames)).ok(), Some(Arrived::Message(frames)));
    }

    #[test]
    fn frames_are_laid_out_as_the_specification_says() {
        assert_eq!(encoded(&[b"ab".to_vec(), Vec::new()]), b"\x01\x02ab\x00\x00");
        let long = encoded(&[vec![1; 300]]);
        assert_eq!(long[..9], [2, 0, 0, 0, 0, 0, 0, 1, 44]);
        assert_eq!(ready(Kind::Router), b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER");
    }

    #[test]
    fn a_frame_that_claims_more_than_memory_holds_takes_none() {
        let claim = [&[LONG], &(1_u64 << 62).to_be_bytes()[..], b"little"].concat();
        assert_eq!(reading(&claim).map_err(|error| error.kind()), Err(ErrorKind::UnexpectedEof));
        let below = [&[LONG], &(LARGEST - 1).to_be_bytes()[..], b"little"].concat();
        assert_eq!(reading(&below).map_err(|error| error.kind()), Err(ErrorKind::UnexpectedEof));
    }

    #[test]
    fn a_message_that_is_too_large_is_read_past() {
        let large = encoded(&[vec![0; LARGEST as usize], vec![0; 1]]);
        assert_eq!(reading(&large).ok(), Some(Arrived::TooLarge));
        let many = encoded(&vec![Vec::new(); MOST + 1]);
        assert_eq!(reading(&many).ok(), Some(Arrived::TooLarge));
        assert!(matches!(reading(&encoded(&vec![Vec::new(); MOST])), Ok(Arrived::Message(_))));
    }

    #[test]
    fn what_is_no_frame_ends_the_connection() {
        assert_eq!(reading(b"\xf8\x01a").map_err(|error| error.kind()), Err(ErrorKind::InvalidData));
        assert_eq!(reading(b"\x00\x05ab").map_err(|error| error.kind()), Err(ErrorKind::UnexpectedEof));
    }

    #[test]
    fn commands_are_passed_over() {
        let command = [&[IS_COMMAND, 5], &b"\x04PING"[..]].concat();
        let bytes = [command, encoded(&[b"a".to_vec()])].concat();
        assert_eq!(reading(&bytes).ok(), Some(Arrived::Message(vec![b"a".to_vec()])));
    }

    #[test]
    fn a_ping_is_answered_with_its_context() {
        let ping = [&[IS_COMMAND, 10], &b"\x04PING\x00\x0aabc"[..]].concat();
        assert_eq!(reading(&ping).ok(), Some(Arrived::Ping(b"\x04\x08\x04PONGabc".to_vec())));
    }

    #[test]
    fn a_ready_command_that_ends_early_names_no_socket() {
        let whole = &ready(Kind::Router)[2..];
        assert_eq!(socket_type(whole), Some(&b"ROUTER"[..]));
        for end in 0..whole.len() {
            assert_eq!(socket_type(&whole[..end]), None, "{end} bytes");
        }
    }
}
