//! A stretch of a text in pieces, each with its look.

use std::cmp::Reverse;
use std::ops::Range;

use super::Pieces;
use super::marks::{Beside, Mark, Marks, Tone};
use super::tidy::{Shown, Tidy, glyphs};

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing is said of it.
    Plain,
    /// A figure, and what became of it.
    Marked(Tone),
    /// Words that something else would replace.
    Old,
    /// What would be right.
    New,
    /// What a figure really is.
    Computed,
}

/// A piece of a line that looks alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// What is shown: nothing that steers a terminal.
    pub text: String,
    /// How.
    pub look: Look,
    /// What is said of it, for whoever points at it.
    pub note: Option<String>,
}

/// So many bytes are shown whole.
const LONG: usize = 2_000;
/// Of more, this much beside what is marked.
const KEPT: usize = 40;
/// So many stretches of it at most.
const MOST_STRETCHES: usize = 40;

/// The lines of a stretch of a text; what stands beside it up to `reach` belongs to it.
pub(super) fn lines(text: &str, place: Range<usize>, reach: usize, marks: &Marks, tidy: Tidy) -> Vec<Pieces> {
    // A place may end inside of a sign that was read as another.
    let end = (place.end.min(text.len())..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let place = boundary(text, place.start)..end;
    let mut lines = vec![Pieces::new()];
    let mut at = place.start;
    for stretch in stretches(text, &place, marks) {
        if stretch.start > at {
            push(&mut lines, "…", Look::Plain, None);
        }
        at = stretch.end;
        let reach = if at == place.end { reach } else { at };
        add(&mut lines, text, stretch, reach, (marks, tidy));
    }
    if at < place.end {
        push(&mut lines, "…", Look::Plain, None);
    }
    lines
}

/// What is shown of a place: all of it, or what stands around marks, the gravest first where there are many.
fn stretches(text: &str, place: &Range<usize>, marks: &Marks) -> Vec<Range<usize>> {
    if place.len() <= LONG {
        return vec![place.clone()];
    }
    let mut shown: Vec<&Mark> = marks.within(place).collect();
    shown.sort_by_key(|mark| (Reverse(mark.sign), mark.place.start));
    shown.truncate(MOST_STRETCHES);
    let around = |mark: &&Mark| {
        let end = mark.place.end.min(mark.place.start + LONG);
        boundary(text, mark.place.start.saturating_sub(KEPT))..boundary(text, end + KEPT)
    };
    let first = place.start..boundary(text, place.start + KEPT);
    let mut around: Vec<Range<usize>> = std::iter::once(first).chain(shown.iter().map(around)).collect();
    around.sort_by_key(|stretch| stretch.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for stretch in around {
        let stretch = stretch.start.max(place.start)..stretch.end.min(place.end);
        match merged.last_mut() {
            Some(last) if stretch.start <= last.end + KEPT => last.end = last.end.max(stretch.end),
            _ => merged.push(stretch),
        }
    }
    merged
}

/// The beginning of the character at a byte.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Adds what is shown of a stretch, and what stands beside it.
fn add(lines: &mut Vec<Pieces>, text: &str, place: Range<usize>, reach: usize, (marks, tidy): (&Marks, Tidy)) {
    let paint = Paint::new(&place, marks);
    let first = marks.beside.partition_point(|(at, _)| *at < place.start);
    let mut beside = marks.beside[first..].iter().take_while(|(at, _)| *at <= reach.max(place.end)).peekable();
    for (glyph, shown) in glyphs(text, place.clone(), tidy) {
        while let Some((_, words)) = beside.next_if(|(at, _)| *at <= glyph.start) {
            put_beside(lines, words, tidy);
        }
        let Shown::Text(shown) = shown else {
            lines.push(Pieces::new());
            continue;
        };
        let (look, note) = paint.look(glyph);
        push(lines, &shown, look, note);
    }
    beside.for_each(|(_, words)| put_beside(lines, words, tidy));
}

/// What is said of each byte of a stretch.
struct Paint<'m> {
    start: usize,
    marks: Vec<Option<&'m Mark>>,
    old: Vec<bool>,
}

impl<'m> Paint<'m> {
    fn new(place: &Range<usize>, marks: &'m Marks) -> Self {
        let inside = |other: &Range<usize>| {
            let at = |at: usize| at.clamp(place.start, place.end) - place.start;
            at(other.start)..at(other.end)
        };
        let mut paint = Self { start: place.start, marks: vec![None; place.len()], old: vec![false; place.len()] };
        for mark in marks.within(place) {
            for byte in &mut paint.marks[inside(&mark.place)] {
                *byte = byte.filter(|other| other.sign >= mark.sign).or(Some(mark));
            }
        }
        marks.old.iter().for_each(|old| paint.old[inside(old)].fill(true));
        paint
    }

    fn look(&self, glyph: Range<usize>) -> (Look, Option<&'m str>) {
        let bytes = glyph.start - self.start..glyph.end - self.start;
        let mark = self.marks[bytes.clone()].iter().flatten().max_by_key(|mark| mark.sign);
        let note = mark.map(|mark| mark.note.as_str());
        match mark {
            _ if self.old[bytes].contains(&true) => (Look::Old, note),
            Some(mark) => (Look::Marked(mark.sign.tone()), note),
            None => (Look::Plain, None),
        }
    }
}

fn put_beside(lines: &mut [Pieces], words: &Beside, tidy: Tidy) {
    let Some(line) = lines.last_mut() else { return };
    let (words, look) = match words {
        Beside::New(words) => (words, Look::New),
        Beside::Computed(words) => (words, Look::Computed),
    };
    let shown = glyphs(words, 0..words.len(), tidy).into_iter().map(|(_, shown)| match shown {
        Shown::Text(text) => text,
        Shown::Break => " ".to_string(),
    });
    let text = shown.collect::<String>();
    // A formula's product has no space of its own.
    let text = if tidy == Tidy::Yes { text.replace(" × 10", "×10") } else { text };
    line.push(Segment { text, look, note: None });
}

/// Puts characters behind the last line's; those that look alike are one piece.
fn push(lines: &mut [Pieces], text: &str, look: Look, note: Option<&str>) {
    let Some(line) = lines.last_mut() else { return };
    match line.last_mut() {
        Some(last) if last.look == look && last.note.as_deref() == note => last.text.push_str(text),
        _ => line.push(Segment { text: text.to_string(), look, note: note.map(str::to_string) }),
    }
}
