//! Diagnostics as people read them: the line, the place, what was expected, the mend; and the same as data.

use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use fovea_graph::Span;

use crate::diagnostic::{self, Diagnostic, Source};
use crate::ends::{line_and_column, with_line_feeds};
use crate::visible::{is_unseen, visible, visible_line};

/// How rendered text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Characters only.
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// A line is shown whole up to so many bytes; of a longer one, what surrounds the labels.
const LONG_LINE: usize = 200;

/// How much of a long line stands on either side of a label, in bytes.
const AROUND: usize = 60;

/// The signs before the name of a source, of the first one and of any other.
const HEADERS: [char; 2] = ['▸', '⸬'];

/// Labels that span more lines than this are cut to their first line.
const MAX_LINES: usize = 8;

/// Diagnostics one below the other, each with the lines that it speaks of.
pub fn render(diagnostics: &[Diagnostic], sources: &[Source], style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Unicode);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&one(diagnostic, sources, &renderer));
        text.push_str("\n\n");
    }
    text
}

fn one(diagnostic: &Diagnostic, sources: &[Source], renderer: &Renderer) -> String {
    let excerpts = excerpts(diagnostic, sources);
    let level = match diagnostic.level {
        diagnostic::Level::Error => Level::ERROR,
        diagnostic::Level::Remark => Level::WARNING.with_name("remark"),
    };
    let mut group = Group::with_title(level.primary_title(visible(&diagnostic.message)));
    for excerpt in &excerpts {
        let snippet = Snippet::source(&excerpt.text).line_start(excerpt.line).path(&excerpt.name).fold(true);
        group = group.element(snippet.annotations(excerpt.labels.iter().map(|(range, words, is_main)| {
            let kind = if *is_main { AnnotationKind::Primary } else { AnnotationKind::Context };
            let words = if *is_main { main_words(diagnostic, words) } else { visible(words) };
            kind.span(range.clone()).label((!words.is_empty()).then_some(words))
        })));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    let title = diagnostic.message.matches('\n').count() + 1;
    with_true_places(renderer.render(&[group]), title, &excerpts)
}

/// The rendered text with the columns in its sources' headers, which count in what was left of a long line, made true;
/// the title takes so many lines.
fn with_true_places(text: String, title: usize, excerpts: &[Excerpt]) -> String {
    let mut headers = excerpts.iter().peekable();
    let mend = |(index, line): (usize, &str)| {
        let place = headers.peek().map(|excerpt| format!("{}:{}:", excerpt.name, excerpt.place.0));
        let found = place.and_then(|place| Some(line.find(&place)? + place.len()));
        match found.filter(|_| index >= title && line.contains(HEADERS)).zip(headers.peek()) {
            Some((at, excerpt)) => {
                let column = excerpt.place.1;
                headers.next();
                format!("{}{column}{}", &line[..at], line[at..].trim_start_matches(|c: char| c.is_ascii_digit()))
            }
            None => line.to_string(),
        }
    };
    text.split('\n').enumerate().map(mend).collect::<Vec<_>>().join("\n")
}

/// What stands at the main place: its own words, and what was expected, where that is not said already.
fn main_words<'w>(diagnostic: &Diagnostic, words: &'w str) -> Cow<'w, str> {
    let expected = diagnostic.expected.as_deref().unwrap_or_default();
    let is_said = diagnostic.message.contains(expected) || words.contains(expected);
    match (is_said, words) {
        (true, words) => visible(words),
        (false, "") => visible(&format!("expected {expected}")).into_owned().into(),
        (false, words) => visible(&format!("{words}; expected {expected}")).into_owned().into(),
    }
}

/// Lines of one source, and the labels that stand in them.
struct Excerpt {
    name: String,
    text: String,
    /// The number of its first line, from 1.
    line: usize,
    /// The line and the column, in the source, of the place that its header names.
    place: (usize, usize),
    /// Each with its bytes in the excerpt, and whether it is the main place.
    labels: Vec<(std::ops::Range<usize>, String, bool)>,
}

/// The lines that a diagnostic speaks of, a source at a time, the main place's first.
fn excerpts(diagnostic: &Diagnostic, sources: &[Source]) -> Vec<Excerpt> {
    let mut ids = Vec::new();
    for (span, _) in &diagnostic.labels {
        if !ids.contains(&span.source) {
            ids.push(span.source);
        }
    }
    let source = |id| sources.iter().find(|source| source.id == id);
    ids.into_iter().filter_map(source).map(|source| excerpt(diagnostic, source)).collect()
}

fn excerpt(diagnostic: &Diagnostic, source: &Source) -> Excerpt {
    let text = &*with_line_feeds(&source.text);
    let mut places: Vec<(std::ops::Range<usize>, String, bool)> = Vec::new();
    for (index, (span, words)) in diagnostic.labels.iter().enumerate() {
        if span.source == source.id {
            places.push((within(text, *span), words.clone(), index == 0));
        }
    }
    // The header speaks of the main place, or, in another source, of the first label.
    let header = (0..places.len()).min_by_key(|&at| (!places[at].2, places[at].0.start)).unwrap_or(0);
    let place = line_and_column(text, places.get(header).map_or(0, |(range, ..)| range.start));
    let first = places.iter().map(|(range, ..)| range.start).min().unwrap_or(0);
    let last = places.iter().map(|(range, ..)| range.end).max().unwrap_or(0);
    let from = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let to = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let labels: Vec<_> =
        places.into_iter().map(|(r, words, main)| (r.start - from..r.end - from, words, main)).collect();
    let (line, _) = line_and_column(text, from);
    let (text, labels) = shortened(&text[from..to], labels);
    Excerpt { name: visible_line(&source.name).into_owned(), text, line, place, labels }
}

/// A span as a range that lies in the text, on characters' boundaries, on few lines.
fn within(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let start = floor(span.range().start);
    let end = floor(span.range().end).max(start);
    let inside = &text[start..end];
    match inside.match_indices('\n').nth(MAX_LINES) {
        Some(_) => start..start + inside.find('\n').unwrap_or(inside.len()),
        None => start..end,
    }
}

type Labels = Vec<(std::ops::Range<usize>, String, bool)>;

/// Cuts long lines to what surrounds the labels, with spaces for characters that are not seen.
fn shortened(text: &str, labels: Labels) -> (String, Labels) {
    // Bytes to keep of each long line: its beginning and what is near a label's ends.
    let mut output = String::new();
    // For every label, its new start and end.
    let mut moved: Vec<(usize, usize)> = vec![(0, 0); labels.len()];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let keep = kept(at, line, &labels);
        let mut cut = false;
        for piece in &keep {
            if piece.start > at && !cut {
                output.push('…');
            }
            let base = output.len();
            for c in text[piece.clone()].chars() {
                output.push(if is_unseen(c) && c != '\n' && c != '\t' { ' ' } else { c });
            }
            // The stand-in of a character that is not seen takes one byte.
            let place = |byte: usize| base + visible_len(&text[piece.start..byte]);
            for ((range, ..), new) in labels.iter().zip(&mut moved) {
                if piece.contains(&range.start) || range.start == piece.end {
                    new.0 = place(range.start);
                }
                if range.end >= piece.start && range.end <= piece.end {
                    new.1 = place(range.end);
                } else if range.end > piece.end && range.start <= piece.end {
                    new.1 = output.len();
                }
            }
            cut = false;
        }
        if keep.last().is_some_and(|piece| piece.end < at + line.trim_end_matches('\n').len()) {
            output.push('…');
            if line.ends_with('\n') {
                output.push('\n');
            }
        }
        at += line.len();
    }
    let labels =
        labels.into_iter().zip(moved).map(|((_, words, main), (start, end))| (start..end.max(start), words, main));
    (output, labels.collect())
}

fn visible_len(text: &str) -> usize {
    text.chars().map(|c| if is_unseen(c) { 1 } else { c.len_utf8() }).sum()
}

/// The parts of a line, which begins at byte `at`, that are shown: all of a short one.
fn kept(at: usize, line: &str, labels: &Labels) -> Vec<std::ops::Range<usize>> {
    let end = at + line.len();
    if line.len() <= LONG_LINE {
        return std::iter::once(at..end).collect();
    }
    let boundary = |byte: usize| (0..=byte - at).rev().find(|&b| line.is_char_boundary(b)).unwrap_or(0) + at;
    let mut points: Vec<usize> = Vec::new();
    for (range, ..) in labels {
        points.extend([range.start, range.end].into_iter().filter(|point| (at..=end).contains(point)));
    }
    points.sort_unstable();
    let mut parts: Vec<std::ops::Range<usize>> = Vec::new();
    for point in points {
        let (from, to) = (boundary(point.saturating_sub(AROUND).max(at)), boundary((point + AROUND).min(end)));
        match parts.last_mut() {
            Some(last) if from <= last.end => last.end = last.end.max(to),
            _ => parts.push(from..to),
        }
    }
    if parts.is_empty() {
        parts.push(at..boundary(at + AROUND));
    }
    parts
}

/// A diagnostic as data; lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Report {
    /// What is wrong.
    pub message: String,
    /// The source's name.
    pub file: String,
    /// The line of the main place.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// What stood there.
    pub found: Option<String>,
    /// What would have been right.
    pub expected: Option<String>,
    /// The mend.
    pub help: Option<String>,
    /// What the mend says to write, each a way of its own.
    pub mends: Vec<Instead>,
}

/// What to write instead of a piece of the text; lines and columns as in [`Report`], the end exclusive.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Instead {
    /// The line where the piece begins.
    pub line: usize,
    /// Its column there.
    pub column: usize,
    /// The line where it ends.
    pub end_line: usize,
    /// Its column there.
    pub end_column: usize,
    /// What to write.
    pub text: String,
}

/// A diagnostic as data.
pub fn to_json(diagnostic: &Diagnostic, sources: &[Source]) -> Report {
    let span = diagnostic.span();
    let source = sources.iter().find(|source| source.id == span.source);
    let (line, column) =
        source.map_or((1, 1), |source| line_and_column(&source.text, within(&source.text, span).start));
    // Those for another text cannot be followed here.
    let mends = diagnostic.mends.iter().filter(|mend| mend.span.source == span.source);
    let mends = mends.filter_map(|mend| Some(instead(&source?.text, mend))).collect();
    Report {
        message: diagnostic.message.clone(),
        file: source.map(|source| source.name.clone()).unwrap_or_default(),
        line,
        column,
        found: diagnostic.found.clone(),
        expected: diagnostic.expected.clone(),
        help: diagnostic.help.clone(),
        mends,
    }
}

fn instead(text: &str, mend: &diagnostic::Mend) -> Instead {
    let range = mend.span.range();
    let ((line, column), (end_line, end_column)) =
        (line_and_column(text, range.start), line_and_column(text, range.end));
    Instead { line, column, end_line, end_column, text: mend.text.clone() }
}
