//! Slides: a listing or a table as it was pasted becomes networks, and every figure that it prints is judged.
//!
//! ```text
//! text ─plain─▶ text ─a reader a form─▶ Draft (what the slide states) ─settle─▶ what it leaves open ─judge─▶ Audit
//! ```

mod arithmetic;
mod complete;
mod draft;
mod figure;
mod figures;
#[allow(dead_code)]
mod grid;
mod judge;
mod layer;
mod lecture;
mod listing;
mod measure;
mod nets;
pub(crate) mod number;
pub(crate) mod plain;
mod readings;
mod refine;
mod settle;
mod tokens;
mod totals;
mod words;
mod write;

pub use figure::{Audit, Correction, Figure, SlideNet, Unread, Verdict, What};
pub use lecture::{Lecture, LectureSlide, Unjudged, lecture};

use crate::parse::words::is_free;
use draft::Draft;

/// Reads a slide that was pasted as it stands, and judges every figure of it against the networks that it states.
///
/// What cannot be read is in [`Audit::unread`]; such a slide defines no net, and what was read of it is judged.
pub fn audit(name: &str, text: &str) -> Audit {
    let plain = plain::plain(text);
    judge::judge(name, text, read(&plain))
}

/// What a slide states, read by the first form that it has.
fn read(plain: &str) -> Draft {
    listing::read(plain).unwrap_or_default()
}

/// The line of a byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count()
}

/// How far a slide was read: `12 layers, up to CONV5`.
fn layers_up_to(count: usize, name: &str) -> String {
    if count == 0 { "nothing".to_string() } else { format!("{}, up to {name}", fovea_graph::counted(count, "layer")) }
}

/// What words, a file's name or a heading, become as the name of a slide: `vgg-listing` becomes `vgg_listing`.
pub fn name_of(words: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name = words.trim().chars().map(kept).collect::<String>();
    let name = name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && is_free(&name) { name } else { format!("slide_{name}") }
}
