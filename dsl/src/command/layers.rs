//! Verbs that look into a layer: `filters lenet.conv1`, `features lenet.conv1 on digits[3]`.

use super::read::Parts;
use super::table;
use super::{Command, LayerRef};
use crate::parse::quoted;
use crate::syntax::{Name, Part, PartKind};

pub(super) fn filters(parts: &mut Parts<'_>) -> Option<Command> {
    let layer = parts.layer();
    parts.clauses();
    Some(Command::Filters { layer: layer? })
}

pub(super) fn features(parts: &mut Parts<'_>) -> Option<Command> {
    let layer = parts.layer();
    let clauses = parts.clauses();
    let samples = super::verbs::given(parts, clauses.on);
    Some(Command::Features { layer: layer?, samples: samples?, save: clauses.save })
}

impl Parts<'_> {
    /// The layer that the verb is applied to.
    fn layer(&mut self) -> Option<LayerRef> {
        let verb = self.verb;
        match self.peek() {
            Some(part @ Part { kind: PartKind::Select(..), .. }) => {
                self.at += 1;
                self.layer_of(part)
            }
            Some(part @ Part { kind: PartKind::Word(word), .. }) if self.clause(word).is_none() => {
                self.at += 1;
                self.layer_of(part)
            }
            other => {
                let span = other.map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error = self.error(span, format!("`{verb}` lacks its layer")).found(found);
                let error = error.expected("a net and a layer of it");
                self.wrong(error.help(format!("`{}` shows how it reads", table::example(verb))));
                None
            }
        }
    }

    /// `lenet.conv1`, `lenet.conv1[5]`, `lenet.conv1[0..8]`
    pub(super) fn layer_of(&mut self, part: &Part) -> Option<LayerRef> {
        let (path, range) = match &part.kind {
            PartKind::Select(path, first, end) => (path, Some((first, end.as_ref()))),
            PartKind::Word(path) => (path, None),
            _ => return None,
        };
        let name = Name { text: path.clone(), span: begin(part.span, path) };
        if !path.contains('.') {
            let net = quoted(path);
            let error = self.error(name.span, format!("which layer of `{net}`?")).found(&net);
            let help = format!("write `{net}.conv1`, say; `summary {net}` lists its layers");
            self.wrong(error.expected("a net and a layer of it, with a dot between them").help(help));
            return None;
        }
        let range = match range {
            None => None,
            Some((first, end)) => Some(self.range(first, end, "a channel's number")?),
        };
        Some(LayerRef { path: name, range, span: part.span })
    }
}

/// The first bytes of a span, as many as `text` has.
fn begin(span: fovea_graph::Span, text: &str) -> fovea_graph::Span {
    fovea_graph::Span { end: span.start + text.len() as u32, ..span }
}
