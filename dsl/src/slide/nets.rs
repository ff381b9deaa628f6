//! The networks that a slide defines, in the language, their spans on the slide.

use fovea_graph::{SourceId, Span};

use super::draft::DraftNet;
use super::figure::SlideNet;
use super::judge::Bench;
use super::measure::definition;
use super::write::net;
use crate::syntax::{Program, Statement, StatementKind};

/// The net of a draft; `None` where it cannot be computed, which its figures say.
pub fn define(bench: &Bench<'_>, slide: &str, draft: &DraftNet) -> Option<SlideNet> {
    let name = if draft.name.is_empty() { slide.to_string() } else { format!("{slide}.{}", draft.name) };
    let convention = bench.settled.convention;
    bench.measurer.text(net("slide", bench.input, draft, convention).text).as_ref().as_ref().ok()?;
    let written = net(&name, bench.input, draft, convention);
    let definition = definition(&written.text, SourceId::default()).ok()?;
    let first = draft.rows.first().map_or(0..0, |row| row.place.clone());
    let place = |span: Span| {
        let known = written.origins.iter().find(|(stretch, _)| stretch.contains(&(span.start as usize)));
        let range = super::whole(bench.text, known.map_or(&first, |(_, place)| place));
        Span::new(SourceId::default(), range.start, range.end)
    };
    let statement = Statement { kind: StatementKind::Net(definition), span: Span::default(), silent: false };
    let program = Program { statements: vec![statement] }.map_spans(&mut |span| place(span));
    match program.statements.into_iter().next()?.kind {
        StatementKind::Net(definition) => Some(SlideNet { name, text: written.text, definition }),
        _ => None,
    }
}
