//! The networks that a slide defines, in the language, their spans on the slide.

use fovea_graph::{SourceId, Span};

use super::draft::DraftNet;
use super::figure::SlideNet;
use super::measure::definition;
use super::write::{Convention, net};
use crate::resolve::resolve;
use crate::scope::Scope;
use crate::syntax::{Program, Statement, StatementKind};

/// The net of a draft; `None` where it cannot be computed, which its figures say.
pub fn define(slide: &str, draft: &DraftNet, input: &[usize], convention: Convention) -> Option<SlideNet> {
    let name = if draft.name.is_empty() { slide.to_string() } else { format!("{slide}.{}", draft.name) };
    let written = net(&name, input, draft, convention);
    let definition = definition(&written.text, SourceId::default()).ok()?;
    resolve(&definition, &Scope::default(), None, None).ok()?;
    let first = draft.rows.first().map_or(0..0, |row| row.place.clone());
    let place = |span: Span| {
        let known = written.origins.iter().find(|(stretch, _)| stretch.contains(&(span.start as usize)));
        let range = known.map_or_else(|| first.clone(), |(_, place)| place.clone());
        Span::new(SourceId::default(), range.start, range.end)
    };
    let statement = Statement { kind: StatementKind::Net(definition), span: Span::default(), silent: false };
    let program = Program { statements: vec![statement] }.map_spans(&mut |span| place(span));
    match program.statements.into_iter().next()?.kind {
        StatementKind::Net(definition) => Some(SlideNet { name, text: written.text, definition }),
        _ => None,
    }
}
