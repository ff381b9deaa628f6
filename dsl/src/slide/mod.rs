//! Slides: a listing or a table as it was pasted becomes networks, and every figure that it prints is judged.
//!
//! ```text
//! text ─plain─▶ text ─a reader a form─▶ Draft (what the slide states) ─settle─▶ what it leaves open ─judge─▶ Audit
//! ```

mod assumptions;
mod complete;
mod configurations;
mod draft;
mod expression;
mod fields;
mod figure;
mod figures;
mod graph;
mod grid;
mod judge;
mod layer;
mod lecture;
mod listing;
mod measure;
mod nets;
pub(crate) mod number;
pub(crate) mod plain;
mod prints;
mod readings;
mod refine;
mod repeated;
mod settle;
mod size;
mod stages;
mod tables;
mod tokens;
mod totals;
mod words;
mod write;

pub use figure::{Audit, Correction, Figure, SlideNet, Unread, Verdict, What};
pub use lecture::{Lecture, LectureSlide, Unjudged, is_lecture, lecture};
pub use tables::{Table, TableCell, TableRow, tables};

use crate::parse::words::is_free;
use draft::Draft;

/// Reads a slide that was pasted as it stands, and judges every figure of it against the networks that it states.
///
/// What cannot be read is in [`Audit::unread`]; such a slide defines no net, and what was read of it is judged.
pub fn audit(name: &str, text: &str) -> Audit {
    audit_by(&measure::Measurer::default(), name, text)
}

/// The same by a measurer that may know stretches of other slides.
fn audit_by(measurer: &measure::Measurer, name: &str, text: &str) -> Audit {
    audit_part(measurer, name, text, 0)
}

/// The same for a part of a text behind so many lines, by whose lines the reasons of verdicts are counted; the
/// figures' own lines and places are the part's.
fn audit_part(measurer: &measure::Measurer, name: &str, text: &str, lines_before: usize) -> Audit {
    let plain = plain::plain(text);
    judge::judge(measurer, name, text, lines_before, bounded(&plain, read(&plain)))
}

/// What a slide states, read by the first form that it has.
fn read(plain: &str) -> Draft {
    if let Some(draft) = prints::read(plain) {
        return draft;
    }
    let tables = grid::grids(plain);
    let table = tables.iter().find_map(|grid| {
        let read = [stages::read, fields::read, configurations::read].into_iter().find_map(|read| read(plain, grid));
        read.map(|draft| with_doubts(plain, grid, draft))
    });
    let run_together = || {
        let runs =
            |grid: &&grid::Grid<'_>| grid.unclear.iter().any(|unclear| unclear.doubt == grid::Doubt::RunTogether);
        tables.iter().find(runs).map(|grid| with_doubts(plain, grid, Draft::default()))
    };
    table.or_else(|| listing::read(plain)).or_else(run_together).unwrap_or_default()
}

/// The most layers of a network that are read.
const MOST_LAYERS: usize = 2_000;

/// A draft whose networks have no more layers than are read; what is left out is said.
fn bounded(plain: &str, mut draft: Draft) -> Draft {
    let too_long = draft.nets.iter().find(|net| net.rows.len() > MOST_LAYERS);
    let Some(row) = too_long.map(|net| net.rows[MOST_LAYERS].clone()) else { return draft };
    draft.remarks.retain(|remark| remark.place.start < row.place.start);
    draft.unread.push(Unread {
        line: line_of(plain, row.place.start),
        place: row.place,
        found: row.name,
        expected: format!("a network of at most {MOST_LAYERS} layers"),
        read: layers_up_to(MOST_LAYERS, ""),
    });
    for net in &mut draft.nets {
        net.rows.truncate(MOST_LAYERS);
        net.totals.clear();
    }
    draft
}

/// A draft of a table with what cannot be told apart in the table.
fn with_doubts(plain: &str, grid: &grid::Grid<'_>, mut draft: Draft) -> Draft {
    for unclear in &grid.unclear {
        if unclear.doubt == grid::Doubt::Missing {
            let (place, text) =
                (unclear.place.clone(), format!("{}: those at its end are taken to be empty", unclear.text));
            draft.remarks.push(draft::Remark { place, what: What::Heading, text, layer: None, assumed: false });
            continue;
        }
        draft.unread.push(Unread {
            line: line_of(plain, unclear.place.start),
            place: unclear.place.clone(),
            found: plain[unclear.place.clone()].trim().to_string(),
            expected: format!("cells that are set apart: {}", unclear.text),
            read: layers_up_to(draft.nets.first().map_or(0, |net| net.rows.len()), ""),
        });
    }
    draft
}

/// A place with the whole of the characters that it cuts: `×` is `x` and a space in the plain text.
fn whole(text: &str, place: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = (0..=place.start.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let end = (place.end.max(start)..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    start..end
}

/// Where the lines of a text begin, for texts with many figures, and how many lines stand before it in a lecture.
struct LineStarts {
    starts: Vec<usize>,
    before: usize,
}

impl LineStarts {
    fn new(text: &str, before: usize) -> Self {
        Self { starts: text.match_indices('\n').map(|(at, _)| at + 1).collect(), before }
    }

    /// The line of a byte, from 1.
    fn number(&self, at: usize) -> usize {
        1 + self.starts.partition_point(|&start| start <= at)
    }
}

/// The line of a byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count()
}

/// How far a slide was read: `12 layers, up to CONV5`.
fn layers_up_to(count: usize, name: &str) -> String {
    match (count, name) {
        (0, _) => "nothing".to_string(),
        (_, "") => fovea_graph::counted(count, "layer"),
        _ => format!("{}, up to {name}", fovea_graph::counted(count, "layer")),
    }
}

/// What words, a file's name or a heading, become as the name of a slide: `vgg-listing` becomes `vgg_listing`.
pub fn name_of(words: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name = words.trim().chars().map(kept).collect::<String>();
    let name = name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && is_free(&name) { name } else { format!("slide_{name}") }
}

#[cfg(test)]
mod tests;
