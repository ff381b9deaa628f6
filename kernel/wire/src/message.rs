//! Messages as the frames that carry them: identities, a delimiter, a signature, and four parts in JSON.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use jupyter_protocol::{Header, JupyterMessage, JupyterMessageContent, UnknownMessage};
use ring::hmac;
use serde_json::{Value, json};

use crate::seen::Seen;

/// What stands behind the identities.
pub const DELIMITER: &[u8] = b"<IDS|MSG>";

/// How many parts are signed: header, parent's header, metadata, content.
pub const SIGNED: usize = 4;

/// Signs messages and tells those that whoever has the key signed.
pub struct Seal {
    /// None where the connection file's key is empty: then nothing is signed.
    key: Option<hmac::Key>,
    /// The session that our messages are of.
    session: String,
    /// The signatures of the messages that came: one that is sent again asks for nothing new.
    seen: Mutex<Seen>,
}

impl Seal {
    /// With the key of a connection file.
    pub fn new(key: &str) -> Self {
        let key = (!key.is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()));
        Self { key, session: uuid::Uuid::new_v4().to_string(), seen: Mutex::default() }
    }

    /// A message as frames, its identities first.
    ///
    /// # Errors
    /// One of its parts is no JSON.
    pub fn frames(&self, message: &JupyterMessage) -> serde_json::Result<Vec<Vec<u8>>> {
        let mut header = message.header.clone();
        header.session.clone_from(&self.session);
        let parent = message.parent_header.as_ref().map_or_else(|| Ok(json!({})), serde_json::to_value)?;
        let parts = [
            serde_json::to_vec(&header)?,
            serde_json::to_vec(&parent)?,
            serde_json::to_vec(&message.metadata)?,
            serde_json::to_vec(&message.content)?,
        ];
        let mut frames: Vec<Vec<u8>> = message.zmq_identities.iter().map(|identity| identity.to_vec()).collect();
        frames.push(DELIMITER.to_vec());
        frames.push(self.signature(&parts));
        frames.extend(parts);
        Ok(frames)
    }

    /// The message that frames carry, where it is signed as it must be, for the first time.
    ///
    /// # Errors
    /// What is wrong with it, for the log.
    pub fn message(&self, mut frames: Vec<Vec<u8>>) -> anyhow::Result<JupyterMessage> {
        let at = frames.iter().position(|frame| frame == DELIMITER).context("it has no delimiter")?;
        let mut parts = frames.split_off(at + 1);
        frames.truncate(at);
        ensure!(parts.len() > SIGNED, "it has {} of the {} frames behind the delimiter", parts.len(), 1 + SIGNED);
        let signature = parts.remove(0);
        let mut digest = self.digest();
        parts[..SIGNED].iter().for_each(|part| digest.update(part));
        let header = self.header(digest, &signature, &parts[0])?;
        let mut content: Value = serde_json::from_slice(&parts[3]).context("its content")?;
        let msg_type = header.msg_type.clone();
        let unsaid = defaults(&msg_type, &content);
        fill(&mut content, unsaid);
        // What lacks more than that is left to whoever answers it.
        let content = JupyterMessageContent::from_type_and_content(&msg_type, content.clone())
            .unwrap_or_else(|_| UnknownMessage { msg_type, content }.into());
        Ok(JupyterMessage {
            zmq_identities: frames.into_iter().map(Into::into).collect(),
            header,
            parent_header: serde_json::from_slice(&parts[1]).ok(),
            metadata: serde_json::from_slice(&parts[2]).context("its metadata")?,
            content,
            buffers: parts.split_off(SIGNED).into_iter().map(Into::into).collect(),
            channel: None,
        })
    }

    /// The header of a message whose signed parts went by, where its signature is right and new.
    pub(crate) fn header(&self, digest: Digest<'_>, signature: &[u8], header: &[u8]) -> anyhow::Result<Header> {
        if !digest.is(signature) {
            bail!("its signature is not made with the key of the connection file");
        }
        let mut header: Value = serde_json::from_slice(header).context("its header")?;
        fill(&mut header, json!({ "username": "", "session": "", "version": "5.0" }));
        let header: Header = serde_json::from_value(header).context("its header")?;
        // Everyone who listens gets these, and whoever sends one back has not the key.
        ensure!(header.session != self.session, "it is one of the kernel's own");
        if self.key.is_some() && !self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_new(signature) {
            bail!("it came before");
        }
        Ok(header)
    }

    /// A signature in the making.
    pub(crate) fn digest(&self) -> Digest<'_> {
        Digest { key: self.key.as_ref(), context: self.key.as_ref().map(hmac::Context::with_key) }
    }

    fn signature(&self, parts: &[Vec<u8>]) -> Vec<u8> {
        let Some(key) = &self.key else { return Vec::new() };
        let tag = hmac::sign(key, &parts.concat());
        tag.as_ref().iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
    }
}

/// The signature of parts that go by piece by piece.
pub(crate) struct Digest<'s> {
    key: Option<&'s hmac::Key>,
    context: Option<hmac::Context>,
}

impl Digest<'_> {
    /// The next piece.
    pub(crate) fn update(&mut self, piece: &[u8]) {
        if let Some(context) = &mut self.context {
            context.update(piece);
        }
    }

    /// Whether a message says this signature, in a time that does not tell how much of it is right.
    fn is(self, signature: &[u8]) -> bool {
        let (Some(key), Some(context)) = (self.key, self.context) else { return true };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8]| Some((digit(pair[0])? * 16 + digit(*pair.get(1)?)?) as u8);
        let said: Option<Vec<u8>> = signature.chunks(2).map(byte).collect();
        // What is compared are signatures of the two, of which nobody knows the bytes.
        let tag = context.sign();
        said.is_some_and(|said| hmac::verify(key, tag.as_ref(), hmac::sign(key, &said).as_ref()).is_ok())
    }
}

/// Puts in what an object lacks, or has only as null.
fn fill(object: &mut Value, defaults: Value) {
    if let (Value::Object(object), Value::Object(defaults)) = (object, defaults) {
        for (name, value) in defaults {
            if object.get(&name).is_none_or(Value::is_null) {
                object.insert(name, value);
            }
        }
    }
}

/// What a request means where it does not say it, as the protocol has it; the types want every field.
fn defaults(msg_type: &str, content: &Value) -> Value {
    let end = || content["code"].as_str().map_or(0, |code| code.chars().count());
    match msg_type {
        "execute_request" => json!({
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": true,
            "stop_on_error": true,
        }),
        "complete_request" => json!({ "cursor_pos": end() }),
        "inspect_request" => json!({ "cursor_pos": end(), "detail_level": 0 }),
        "shutdown_request" => json!({ "restart": false }),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jupyter_protocol::{ExecuteRequest, KernelInfoRequest};

    use super::*;

    /// A kernel's seal, and a message of a front end that has the same key.
    fn signed() -> (Seal, Vec<Vec<u8>>) {
        let mut message = JupyterMessage::new(ExecuteRequest::new("let n = 3".into()), None);
        message.zmq_identities = vec![vec![1, 2].into()];
        (Seal::new("a key"), Seal::new("a key").frames(&message).unwrap())
    }

    #[test]
    fn the_signature_is_that_of_python() {
        // hmac.new(b"a key", b'{}{"a":1}{}{"b":2}', "sha256").hexdigest()
        let parts: Vec<Vec<u8>> = [&b"{}"[..], b"{\"a\":1}", b"{}", b"{\"b\":2}"].map(<[u8]>::to_vec).to_vec();
        let python = b"d25165b21952c3a5ac18bf607b1ed02b831285b097423ec3ad15c724cc7af078";
        assert_eq!(Seal::new("a key").signature(&parts), python);
    }

    #[test]
    fn a_message_comes_back_with_its_identities() {
        let (seal, frames) = signed();
        let message = seal.message(frames).unwrap();
        assert_eq!(message.zmq_identities, vec![vec![1_u8, 2]]);
        assert!(matches!(message.content, JupyterMessageContent::ExecuteRequest(asked) if asked.code == "let n = 3"));
    }

    #[test]
    fn whatever_part_is_changed_the_signature_is_wrong() {
        let (seal, frames) = signed();
        for at in 2..frames.len() {
            let mut changed = frames.clone();
            changed[at].push(b' ');
            assert!(seal.message(changed).is_err(), "frame {at}");
        }
        assert!(Seal::new("another key").message(frames.clone()).is_err());
        for signature in [&b""[..], b"0", b"zz", "é".as_bytes()] {
            let mut changed = frames.clone();
            changed[2] = signature.to_vec();
            assert!(seal.message(changed).is_err(), "{signature:?}");
        }
    }

    #[test]
    fn a_message_comes_once() {
        let (seal, mut frames) = signed();
        assert!(seal.message(frames.clone()).is_ok());
        // The same signature in other letters, and with parts that are not signed.
        frames[2].make_ascii_uppercase();
        frames[0] = b"another identity".to_vec();
        frames.push(b"a buffer".to_vec());
        assert!(seal.message(frames).is_err_and(|error| error.to_string() == "it came before"));
        assert!(seal.message(signed().1).is_ok(), "another that says the same");
    }

    #[test]
    fn what_the_kernel_signed_is_no_request() {
        let seal = Seal::new("a key");
        let frames = seal.frames(&JupyterMessage::new(KernelInfoRequest {}, None)).unwrap();
        assert!(seal.message(frames).is_err_and(|error| error.to_string() == "it is one of the kernel's own"));
    }

    #[test]
    fn too_few_frames_are_no_message() {
        let (seal, frames) = signed();
        for count in 0..frames.len() {
            assert!(seal.message(frames[..count].to_vec()).is_err(), "{count} frames");
        }
    }

    #[test]
    fn what_a_request_does_not_say_is_as_the_protocol_has_it() {
        let seal = Seal::new("");
        let with = |msg_type: &str, content: Value| {
            let mut frames = seal.frames(&JupyterMessage::new(KernelInfoRequest {}, None)).unwrap();
            let last = frames.len() - 1;
            frames[last] = serde_json::to_vec(&content).unwrap();
            frames[last - 3] =
                serde_json::to_vec(&json!({ "msg_id": "1", "msg_type": msg_type, "date": "2026-01-01T00:00:00Z" }))
                    .unwrap();
            seal.message(frames).unwrap().content
        };
        let content = with("execute_request", json!({ "code": "let n = 3", "user_expressions": null }));
        assert!(
            matches!(content, JupyterMessageContent::ExecuteRequest(asked) if asked.store_history && !asked.silent)
        );
        let content = with("complete_request", json!({ "code": "né" }));
        assert!(matches!(content, JupyterMessageContent::CompleteRequest(asked) if asked.cursor_pos == 2));
        let content = with("shutdown_request", json!({}));
        assert!(matches!(content, JupyterMessageContent::ShutdownRequest(asked) if !asked.restart));
    }

    #[test]
    fn a_request_that_lacks_a_field_still_arrives() {
        let seal = Seal::new("");
        let mut message = JupyterMessage::new(KernelInfoRequest {}, None);
        let content = json!({ "hist_access_type": "range" });
        message.content = UnknownMessage { msg_type: "history_request".to_string(), content }.into();
        message.header.msg_type = "history_request".to_string();
        let back = seal.message(Seal::new("").frames(&message).unwrap()).unwrap();
        assert_eq!(back.header.msg_type, "history_request");
        assert!(matches!(back.content, JupyterMessageContent::UnknownMessage(_)));
    }
}
