//! ZMTP 3.0 (https://rfc.zeromq.org/spec/23) without security: the greeting, and messages as frames.

use std::io::{Error, ErrorKind, Result};

use jupyter_protocol::JupyterMessage;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::message::Seal;
use crate::past::Past;

/// What a message may hold in all, in bytes; a larger one is read past.
pub const LARGEST: u64 = 64 << 20;

/// The same of a peer that has signed nothing yet: whoever can connect is given no more memory than that.
pub const UNSIGNED: u64 = 64 << 10;

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
#[derive(Debug)]
pub enum Arrived {
    /// A message.
    Message(Message),
    /// A question whether this side is still there; the command that answers it.
    Ping(Vec<u8>),
}

/// A message.
#[derive(Debug)]
pub enum Message {
    /// Its frames.
    Whole(Vec<Vec<u8>>),
    /// It was too large.
    TooLarge(Box<TooLarge>),
}

/// A message that was not kept.
#[derive(Debug)]
pub struct TooLarge {
    /// Its identities and its header, where it is signed; else what is wrong with it.
    pub message: anyhow::Result<JupyterMessage>,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many it may have.
    pub largest: u64,
}

/// The next message, whole where it holds no more than `largest` bytes.
pub async fn read(from: &mut (impl AsyncRead + Unpin), seal: &Seal, largest: u64) -> Result<Arrived> {
    let (mut frames, mut bytes, mut past) = (Vec::new(), 0_u64, None);
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
        bytes = bytes.saturating_add(length);
        if past.is_none() && (bytes > largest || frames.len() == MOST) {
            past = Some(Past::new(seal, std::mem::take(&mut frames)));
        }
        match &mut past {
            Some(past) => pass(from, length, past).await?,
            None => frames.push(exactly(from, length).await?),
        }
        if flags & MORE == 0 {
            return Ok(Arrived::Message(match past {
                Some(past) => Message::TooLarge(Box::new(TooLarge { message: past.message(), bytes, largest })),
                None => Message::Whole(frames),
            }));
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

/// Reads past a frame, piece by piece.
async fn pass(from: &mut (impl AsyncRead + Unpin), length: u64, past: &mut Past<'_>) -> Result<()> {
    let (mut left, mut piece) = (length, [0; 4096]);
    while left > 0 {
        let size = left.min(piece.len() as u64) as usize;
        let read = from.read(&mut piece[..size]).await?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        past.piece(&piece[..read]);
        left -= read as u64;
    }
    past.end_of_frame();
    Ok(())
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
    #![allow(clippy::unwrap_used)]

    use jupyter_protocol::ExecuteRequest;

    use super::*;

    fn reading_at_most(bytes: &[u8], largest: u64) -> Result<Arrived> {
        let (seal, mut from) = (Seal::new("a key"), bytes);
        tokio::runtime::Builder::new_current_thread().build()?.block_on(read(&mut from, &seal, largest))
    }

    fn reading(bytes: &[u8]) -> Result<Arrived> {
        reading_at_most(bytes, LARGEST)
    }

    /// The frames of a message that comes whole.
    fn message(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        match reading(bytes) {
            Ok(Arrived::Message(Message::Whole(frames))) => Some(frames),
            _ => None,
        }
    }

    fn too_large(read: Result<Arrived>) -> Option<TooLarge> {
        match read {
            Ok(Arrived::Message(Message::TooLarge(large))) => Some(*large),
            _ => None,
        }
    }

    fn kind(bytes: &[u8]) -> Option<ErrorKind> {
        reading(bytes).err().map(|error| error.kind())
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        let frames = vec![Vec::new(), vec![7; 255], vec![8; 256], b"end".to_vec()];
        assert_eq!(message(&encoded(&frames)), Some(frames));
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
        assert_eq!(kind(&claim), Some(ErrorKind::UnexpectedEof));
        let below = [&[LONG], &(LARGEST - 1).to_be_bytes()[..], b"little"].concat();
        assert_eq!(kind(&below), Some(ErrorKind::UnexpectedEof));
    }

    #[test]
    fn a_message_that_is_too_large_is_read_past() {
        let large = encoded(&[vec![0; LARGEST as usize], vec![0; 1]]);
        let large = too_large(reading(&large)).unwrap();
        assert_eq!(large.message.unwrap_err().to_string(), "it has no delimiter");
        assert_eq!(large.bytes, LARGEST + 1);
        let many = encoded(&vec![Vec::new(); MOST + 1]);
        assert!(too_large(reading(&many)).is_some());
        assert!(message(&encoded(&vec![Vec::new(); MOST])).is_some());
    }

    #[test]
    fn who_sent_what_is_too_large_is_known_where_it_is_signed() {
        let mut asked = JupyterMessage::new(ExecuteRequest::new("x".repeat(100_000)), None);
        asked.zmq_identities = vec![vec![1, 2].into()];
        let frames = Seal::new("a key").frames(&asked).unwrap();
        let reading = |frames: &[Vec<u8>], largest| {
            let large = too_large(reading_at_most(&encoded(frames), largest)).unwrap();
            large.message.map_err(|error| error.to_string())
        };
        let known = reading(&frames, UNSIGNED).unwrap();
        assert_eq!((&known.zmq_identities, &known.header.msg_id), (&asked.zmq_identities, &asked.header.msg_id));
        let buffers = [&frames[..], &[vec![0; 100_000]][..]].concat();
        assert!(reading(&buffers, 101_000).is_ok(), "what is not signed may follow");
        for at in 2..frames.len() {
            let mut changed = frames.clone();
            changed[at].push(b' ');
            assert!(reading(&changed, UNSIGNED).unwrap_err().starts_with("its signature"), "frame {at}");
        }
        assert!(reading(&frames[..frames.len() - 1], 100).unwrap_err().contains("header is too large"));
        for largest in 0..100 {
            assert!(reading(&frames, largest).is_err());
        }
    }

    #[test]
    fn what_is_no_frame_ends_the_connection() {
        assert_eq!(kind(b"\xf8\x01a"), Some(ErrorKind::InvalidData));
        assert_eq!(kind(b"\x00\x05ab"), Some(ErrorKind::UnexpectedEof));
    }

    #[test]
    fn commands_are_passed_over() {
        let command = [&[IS_COMMAND, 5], &b"\x04PING"[..]].concat();
        let bytes = [command, encoded(&[b"a".to_vec()])].concat();
        assert_eq!(message(&bytes), Some(vec![b"a".to_vec()]));
    }

    #[test]
    fn a_ping_is_answered_with_its_context() {
        let ping = [&[IS_COMMAND, 10], &b"\x04PING\x00\x0aabc"[..]].concat();
        assert!(matches!(reading(&ping), Ok(Arrived::Ping(pong)) if pong == b"\x04\x08\x04PONGabc"));
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
