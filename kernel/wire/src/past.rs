//! A message that is read past, since it is too large to keep: what is still known of it at its end.

use anyhow::Context;
use jupyter_protocol::{JupyterMessage, JupyterMessageContent, UnknownMessage};
use serde_json::json;

use crate::message::{DELIMITER, Digest, SIGNED, Seal};

/// The frames that were kept, and the signature as the others go by.
pub struct Past<'s> {
    kept: Vec<Vec<u8>>,
    seal: &'s Seal,
    digest: Digest<'s>,
    /// How many signed parts have gone by.
    parts: usize,
}

impl<'s> Past<'s> {
    /// Behind the frames that were kept.
    pub fn new(seal: &'s Seal, kept: Vec<Vec<u8>>) -> Self {
        let mut past = Self { kept: Vec::new(), seal, digest: seal.digest(), parts: 0 };
        let behind = kept.iter().position(|frame| frame == DELIMITER).map_or(kept.len(), |at| at + 2);
        for part in kept.iter().skip(behind) {
            past.piece(part);
            past.end_of_frame();
        }
        past.kept = kept;
        past
    }

    /// The next piece of a frame.
    pub fn piece(&mut self, piece: &[u8]) {
        if self.parts < SIGNED {
            self.digest.update(piece);
        }
    }

    /// The frame has ended.
    pub fn end_of_frame(&mut self) {
        self.parts += 1;
    }

    /// The message as far as it was kept, without content: its identities and its header, where its signature is right.
    pub fn message(self) -> anyhow::Result<JupyterMessage> {
        let Self { mut kept, seal, digest, .. } = self;
        let at = kept.iter().position(|frame| frame == DELIMITER).context("it has no delimiter")?;
        let (signature, header) = (kept.get(at + 1).zip(kept.get(at + 2))).context("its header is too large")?;
        let header = seal.header(digest, signature, header)?;
        kept.truncate(at);
        let content = UnknownMessage { msg_type: header.msg_type.clone(), content: json!({}) };
        Ok(JupyterMessage {
            zmq_identities: kept.into_iter().map(Into::into).collect(),
            header,
            parent_header: None,
            metadata: json!({}),
            content: JupyterMessageContent::UnknownMessage(content),
            buffers: Vec::new(),
            channel: None,
        })
    }
}
