//! A whole lecture as it was pasted: its slides, the networks that they state, and every other figure on them that
//! can be computed.
//!
//! ```text
//! text ─split─▶ slides ─networks─▶ audits of listings and tables
//!                  └──readers of small claims─▶ figures, and what is stated without one
//! ```

mod arithmetic;
mod cards;
mod counts;
mod dimension;
mod flow;
mod formulas;
mod grids;
mod layers;
mod matrix;
mod networks;
mod pattern;
mod ranges;
mod scan;
mod sheet;
mod sliding;
mod split;
mod volumes;
mod whole;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use super::figure::{Audit, Figure, Verdict};
use sheet::Sheet;

/// A lecture, slide by slide. Places are bytes of its text, and lines are counted in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lecture {
    /// Its slides, in order.
    pub slides: Vec<LectureSlide>,
}

/// A slide of a lecture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LectureSlide {
    /// Its heading; without one, its first line.
    pub title: String,
    /// Its lines, from 1; the end is the next slide's first.
    pub lines: Range<usize>,
    /// Its listings and tables of networks.
    pub audits: Vec<Audit>,
    /// Every other figure that it prints and that can be computed, in the order of the text.
    pub figures: Vec<Figure>,
    /// What it states without a figure to judge.
    pub unjudged: Vec<Unjudged>,
}

/// What a slide states without a figure to judge, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unjudged {
    /// The line, from 1.
    pub line: usize,
    /// Where it stands.
    #[serde(skip)]
    pub place: Range<usize>,
    /// It, in words.
    pub text: String,
}

impl LectureSlide {
    /// Whether it states nothing that could be computed.
    pub fn is_silent(&self) -> bool {
        self.audits.is_empty() && self.figures.is_empty() && self.unjudged.is_empty()
    }

    /// All its figures: those of its networks, and the others.
    pub fn all_figures(&self) -> impl Iterator<Item = &Figure> {
        self.audits.iter().flat_map(|audit| &audit.figures).chain(&self.figures)
    }
}

impl Lecture {
    /// All figures, slide by slide.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.slides.iter().flat_map(LectureSlide::all_figures)
    }

    /// How many figures got each verdict.
    pub fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for figure in self.figures() {
            *counts.entry(figure.verdict).or_default() += 1;
        }
        counts
    }
}

/// Reads a whole lecture, Markdown as a converter gives it, and judges everything on it that can be computed.
pub fn lecture(text: &str) -> Lecture {
    let plain = super::plain::plain(text);
    let lines = split::lines(text, &plain);
    let mut names = networks::Names::default();
    let mut slides: Vec<LectureSlide> = Vec::new();
    let mut with_audits = Vec::new();
    for part in split::parts(&lines) {
        let mut sheet = Sheet::new(text, &part.title, &lines[part.lines]);
        let audits = networks::read(&mut sheet, &mut names);
        let earlier = with_audits.iter().rev().flat_map(|&at: &usize| slides[at].audits.iter().rev());
        small_claims(&mut sheet, &audits, earlier);
        if !audits.is_empty() {
            with_audits.push(slides.len());
        }
        slides.push(sheet.into_slide(audits));
    }
    Lecture { slides }
}

/// Whether a text has more than one slide.
pub fn is_lecture(text: &str) -> bool {
    let plain = super::plain::plain(text);
    split::parts(&split::lines(text, &plain)).len() > 1
}

/// Reads what stands on a slide beside its networks; what a reader took, those behind it do not read. `earlier` are
/// the audits of slides before it, the last first.
fn small_claims<'a>(sheet: &mut Sheet<'_>, audits: &'a [Audit], earlier: impl Iterator<Item = &'a Audit>) {
    /// The most audits that a sentence is held against.
    const MOST_AUDITS: usize = 32;
    let mut known: Vec<&Audit> = audits.iter().rev().chain(earlier).take(MOST_AUDITS).collect();
    known.reverse();
    let own = known.len() - audits.len().min(known.len());
    // What a slide says of a row is of its own table, where it has one.
    let rows = if audits.is_empty() { &known } else { &known[own..] };
    let grids = grids::find(sheet);
    dimension::read(sheet, &grids);
    pattern::read(sheet, &known);
    counts::read(sheet, rows, &known);
    grids::read(sheet, &grids);
    cards::read(sheet);
    arithmetic::read(sheet);
    flow::read(sheet);
    volumes::read(sheet);
    formulas::read(sheet);
}
