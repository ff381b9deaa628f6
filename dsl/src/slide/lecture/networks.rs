//! The listings and tables of networks on a slide: where they stand, what they are called, and their audits.

use std::collections::HashSet;
use std::ops::Range;

use fovea_graph::{SourceId, Span};

use super::sheet::Sheet;
use super::split::Line;
use crate::slide::audit_part;
use crate::slide::figure::Audit;
use crate::slide::measure::Measurer;
use crate::{Source, parse};

/// The names that a lecture's slides have given.
#[derive(Default)]
pub(super) struct Names {
    /// The last heading's word that is a net's: what a slide is called whose own heading has none.
    last: Option<String>,
    taken: HashSet<String>,
    /// The numbers that were put behind names.
    number: usize,
    /// Measures what several slides have once.
    measurer: Measurer,
}

/// Audits the listings and tables of a slide, and keeps their lines from other readers.
pub(super) fn read(sheet: &mut Sheet<'_>, names: &mut Names) -> Vec<Audit> {
    names.take_up(sheet.title);
    let runs = candidates(sheet.lines);
    let name = if runs.is_empty() { String::new() } else { names.of_slide(sheet.title) };
    let mut audits = Vec::new();
    for lines in runs {
        let place = sheet.lines[lines.start].place.start..sheet.lines[lines.end - 1].place.end;
        let Some(text) = sheet.text.get(place.clone()) else { continue };
        let lines_before = sheet.lines[lines.start].number - 1;
        let mut audit = audit_part(&names.measurer, &name, text, lines_before);
        if audit.form.is_empty() {
            continue;
        }
        if audit.nets.iter().any(|net| names.taken.contains(&net.name)) {
            names.number += 1;
            audit = audit_part(&names.measurer, &format!("{name}_{}", names.number + 1), text, lines_before);
        }
        names.taken.extend(audit.nets.iter().map(|net| net.name.clone()));
        moved(&mut audit, place.start, lines_before);
        sheet.take(lines);
        audits.push(audit);
    }
    audits
}

/// Moves an audit's places by so many bytes, and its lines by so many lines.
fn moved(audit: &mut Audit, bytes: usize, lines: usize) {
    let shift = |place: &mut Range<usize>| *place = place.start + bytes..place.end + bytes;
    for figure in &mut audit.figures {
        figure.line += lines;
        shift(&mut figure.place);
        figure.mend.iter_mut().for_each(|mend| shift(&mut mend.place));
    }
    for unread in &mut audit.unread {
        unread.line += lines;
        shift(&mut unread.place);
    }
    for net in &mut audit.nets {
        net.definition
            .map_spans(&mut |span| Span::new(span.source, span.start as usize + bytes, span.end as usize + bytes));
    }
}

/// Runs of lines that may be a network's: tables, blocks of code, and runs of lines that name layers.
fn candidates(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let block = table(lines, at).or_else(|| between(lines, at, "```", "```"));
        let block_end = block.as_ref().map(|block| block.end);
        let names_layers = |run: &Range<usize>| lines[run.clone()].iter().any(|line| names_layer(line.plain));
        let run = block.filter(names_layers).or_else(|| listing(lines, at).filter(|_| block_end.is_none()));
        at = block_end.or(run.as_ref().map(|run| run.end)).unwrap_or(at + 1);
        found.extend(run);
    }
    found
}

/// A table that begins here.
fn table(lines: &[Line<'_>], at: usize) -> Option<Range<usize>> {
    let rows = |is_row: fn(&str) -> bool| {
        let count = lines[at..].iter().take_while(|line| is_row(line.plain)).count();
        (count > 1).then_some(at..at + count)
    };
    rows(|line| line.trim_start().starts_with('|') || line.matches('|').count() > 2)
        .or_else(|| rows(|line| line.trim().matches('\t').count() > 1))
        .or_else(|| between(lines, at, "<table", "</table"))
        .or_else(|| between(lines, at, r"\begin{tab", r"\end{tab"))
}

/// The lines from one that has `begin`, where that is here, to the next that has `end`.
fn between(lines: &[Line<'_>], at: usize, begin: &str, end: &str) -> Option<Range<usize>> {
    let has = |line: &Line<'_>, what: &str| line.text.to_ascii_lowercase().contains(what);
    if !has(&lines[at], begin) {
        return None;
    }
    if begin != end && has(&lines[at], end) {
        return Some(at..at + 1);
    }
    let behind = lines[at + 1..].iter().position(|line| has(line, begin) || has(line, end))?;
    has(&lines[at + 1 + behind], end).then_some(at..at + 2 + behind)
}

/// A run of lines that name layers, with nothing but space between them; what stands against it belongs to it.
fn listing(lines: &[Line<'_>], at: usize) -> Option<Range<usize>> {
    if !is_layer(lines[at].plain) {
        return None;
    }
    let (mut end, mut count) = (at, 0);
    for (index, line) in lines.iter().enumerate().skip(at) {
        if is_layer(line.plain) {
            (end, count) = (index + 1, count + 1);
        } else if !line.is_blank() && index > end {
            break;
        } else if !line.is_blank() {
            end = index + 1;
        }
    }
    (count > 2).then_some(at..end)
}

/// Beginnings of words that name a layer.
const LAYERS: &[&str] =
    &["input", "conv", "pool", "maxpool", "avgpool", "max", "avg", "norm", "fc", "dense", "linear", "inception"];

/// Whether a line is a layer's: its size in brackets, or its name, and a number.
fn is_layer(plain: &str) -> bool {
    let line = plain.trim_start();
    let begins = line.starts_with('[') || line.starts_with(|c: char| c.is_ascii_digit()) || names_first(line);
    let has_number = line.bytes().any(|byte| byte.is_ascii_digit()) && line.contains([':', '[', '(']);
    begins && has_number && names_layer(line)
}

fn names_first(line: &str) -> bool {
    let word: String = line.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    LAYERS.iter().any(|layer| word.starts_with(layer))
}

fn names_layer(plain: &str) -> bool {
    plain.split(|c: char| !c.is_ascii_alphabetic()).any(names_first)
}

impl Names {
    /// Takes up the net that a title names: `AlexNet (2012 winner)`, `VGG Net`.
    fn take_up(&mut self, title: &str) {
        let words = words(title);
        let named = words.iter().enumerate().find_map(|(at, word)| match word.strip_suffix("net")? {
            "" => words[..at].last(),
            "conv" => None,
            _ => Some(word),
        });
        if let Some(name) = named.filter(|name| is_name(name)) {
            self.last = Some(name.clone());
        }
    }

    /// What a slide calls its networks: as the last title that names a net, or by its own title's first word.
    fn of_slide(&self, title: &str) -> String {
        let first = || words(title).into_iter().find(|name| is_name(name));
        self.last.clone().or_else(first).unwrap_or_else(|| "slide".to_string())
    }
}

/// The words of a title, written small.
fn words(title: &str) -> Vec<String> {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).collect()
}

/// Whether a net can be called so.
fn is_name(name: &str) -> bool {
    let source = Source { id: SourceId(0), name: String::new(), text: format!("net {name} = 8 - fc 2") };
    parse(&source).1.is_empty()
}
