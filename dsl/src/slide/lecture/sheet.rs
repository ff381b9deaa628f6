//! A slide while it is read: its lines, those that a reader took, and what was found on it.

use std::ops::Range;

use super::split::Line;
use super::{LectureSlide, Unjudged};
use crate::slide::figure::{Audit, Correction, Figure, Verdict, What};

/// A slide while it is read.
pub(super) struct Sheet<'a> {
    /// The lecture's text.
    pub text: &'a str,
    /// The slide's title.
    pub title: &'a str,
    /// Its lines.
    pub lines: &'a [Line<'a>],
    /// Of each line, whether a reader took it, so that no other reads it.
    taken: Vec<bool>,
    figures: Vec<Figure>,
    unjudged: Vec<Unjudged>,
}

impl<'a> Sheet<'a> {
    pub fn new(text: &'a str, title: &'a str, lines: &'a [Line<'a>]) -> Self {
        Self { text, title, lines, taken: vec![false; lines.len()], figures: Vec::new(), unjudged: Vec::new() }
    }

    /// Whether no reader took this line.
    pub fn is_free(&self, at: usize) -> bool {
        !self.taken[at]
    }

    /// Keeps these lines from other readers.
    pub fn take(&mut self, lines: Range<usize>) {
        self.taken[lines].fill(true);
    }

    /// The lines that no reader took, each with its index.
    pub fn free_lines(&self) -> impl Iterator<Item = (usize, &'a Line<'a>)> {
        let taken = &self.taken;
        self.lines.iter().enumerate().filter(move |(at, _)| !taken[*at])
    }

    /// The number of the line that this place stands on.
    fn line_number(&self, place: &Range<usize>) -> usize {
        let at = self.lines.partition_point(|line| line.place.start <= place.start);
        self.lines.get(at.saturating_sub(1)).map_or(1, |line| line.number)
    }

    /// Judges the figure at `place`; what is wrong is to be replaced by `computed`.
    pub fn judge(
        &mut self,
        place: Range<usize>,
        what: What,
        computed: impl Into<String>,
        verdict: Verdict,
        because: impl Into<String>,
    ) -> &mut Figure {
        let (computed, because) = (computed.into(), because.into());
        let mend = (verdict == Verdict::Disagrees && !computed.is_empty())
            .then(|| Correction { place: place.clone(), text: computed.clone() });
        self.figures.push(Figure {
            line: self.line_number(&place),
            net: None,
            layer: None,
            what,
            printed: self.text.get(place.clone()).unwrap_or_default().to_string(),
            computed,
            verdict,
            because: (!because.is_empty()).then_some(because),
            mend,
            place,
        });
        let last = self.figures.len() - 1;
        &mut self.figures[last]
    }

    /// Says what stands at `place` and has no figure to judge.
    pub fn say(&mut self, place: Range<usize>, text: impl Into<String>) {
        let line = self.line_number(&place);
        self.unjudged.push(Unjudged { line, place, text: text.into() });
    }

    /// The numbers of the lines on which something was found.
    pub fn found_lines(&self) -> impl Iterator<Item = usize> {
        self.figures.iter().map(|figure| figure.line).chain(self.unjudged.iter().map(|unjudged| unjudged.line))
    }

    pub fn into_slide(mut self, audits: Vec<Audit>) -> LectureSlide {
        self.figures.sort_by_key(|figure| (figure.place.start, figure.place.end));
        self.unjudged.sort_by_key(|unjudged| (unjudged.place.start, unjudged.place.end));
        let first = self.lines.first().map_or(1, |line| line.number);
        LectureSlide {
            title: self.title.to_string(),
            lines: first..first + self.lines.len(),
            audits,
            figures: self.figures,
            unjudged: self.unjudged,
        }
    }
}
