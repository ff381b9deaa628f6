//! What is answered at once, whatever runs: what the kernel is, how a text goes on, whether it is whole, what a word
//! means.

use fovea::session::Known;
use fovea_dsl::editor::{Completeness, CompletionKind, is_complete};
use fovea_dsl::visible;
use jupyter_protocol::JupyterMessageContent;
use serde_json::{Value, json};

use super::outbox::raw;
use crate::assist::{self, Explained};

/// The version of the messaging protocol.
pub const PROTOCOL: &str = "5.5";

/// Texts beyond this many bytes get no help while they are typed: reading them takes longer than a key.
const LONG: usize = 1 << 18;

/// What stands before a line that goes on.
const INDENT: &str = "    ";

/// What the kernel is, and its language.
pub fn kernel_info() -> JupyterMessageContent {
    let version = env!("CARGO_PKG_VERSION");
    raw(
        "kernel_info_reply",
        json!({
            "status": "ok",
            "protocol_version": PROTOCOL,
            "implementation": "fovea",
            "implementation_version": version,
            "language_info": {
                "name": "fovea",
                "version": version,
                "mimetype": "text/x-fovea",
                "file_extension": ".fov",
                "codemirror_mode": "fovea",
                "pygments_lexer": "text",
                "nbconvert_exporter": "script",
            },
            "banner": format!("Fovea {version}: convolutional networks as a lecture writes them"),
            "help_links": [],
            "debugger": false,
            "supported_features": [],
        }),
    )
}

/// How `code` can go on at `cursor`, which counts characters.
pub fn complete(code: &str, cursor: usize, known: &Known) -> JupyterMessageContent {
    let (start, offers) = match code.len() {
        ..=LONG => assist::complete(code, byte(code, cursor), known),
        _ => (byte(code, cursor), Vec::new()),
    };
    let (start, end) = (code[..start].chars().count(), cursor.min(code.chars().count()));
    let types: Vec<Value> = offers
        .iter()
        .map(|offer| {
            json!({ "text": offer.text, "type": kind(offer.kind), "signature": offer.doc, "start": start, "end": end })
        })
        .collect();
    let matches: Vec<&str> = offers.iter().map(|offer| offer.text.as_str()).collect();
    raw(
        "complete_reply",
        json!({
            "status": "ok",
            "matches": matches,
            "cursor_start": start,
            "cursor_end": end,
            "metadata": { "_jupyter_types_experimental": types },
        }),
    )
}

/// The word by which front ends choose a completion's icon.
fn kind(kind: Option<CompletionKind>) -> &'static str {
    match kind {
        Some(CompletionKind::Statement | CompletionKind::Clause) => "keyword",
        Some(CompletionKind::Layer | CompletionKind::Block) => "function",
        Some(CompletionKind::Option) => "param",
        Some(CompletionKind::Net) => "class",
        Some(CompletionKind::Data) => "module",
        Some(CompletionKind::Constant) => "instance",
        Some(CompletionKind::LayerName) => "property",
        None => "path",
    }
}

/// Whether `code` can be run as it stands.
pub fn completeness(code: &str) -> JupyterMessageContent {
    let content = match code.len() {
        ..=LONG if assist::question(code).is_some() => json!({ "status": "complete" }),
        ..=LONG => match is_complete(code) {
            Completeness::Complete => json!({ "status": "complete" }),
            Completeness::Incomplete => json!({ "status": "incomplete", "indent": INDENT }),
            Completeness::Invalid => json!({ "status": "invalid" }),
        },
        _ => json!({ "status": "unknown" }),
    };
    raw("is_complete_reply", content)
}

/// What the word at `cursor` means, which counts characters; an explanation that the session must give is left to it.
pub fn explained(code: &str, cursor: usize, known: &Known) -> Option<Explained> {
    if code.len() > LONG {
        return None;
    }
    assist::explain_at(code, byte(code, cursor), known)
}

/// A page of the reference, which is Markdown.
pub fn page(text: &str) -> Value {
    let text = visible(text);
    json!({ "text/plain": text, "text/markdown": text })
}

/// A net in the language's own words.
pub fn definition(text: &str) -> Value {
    let text = visible(text);
    json!({ "text/plain": text, "text/markdown": format!("```fovea\n{text}\n```") })
}

/// An explanation, or that there is none.
pub fn inspected(data: Option<Value>) -> JupyterMessageContent {
    let found = data.is_some();
    let data = data.unwrap_or_else(|| json!({}));
    raw("inspect_reply", json!({ "status": "ok", "found": found, "data": data, "metadata": {} }))
}

/// The byte at which character `at` of a text begins.
fn byte(text: &str, at: usize) -> usize {
    text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte)
}
