//! A layer of a net: `lenet.conv1`, `lenet.conv1[5]`.

use fovea_graph::Span;

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use super::super::words;
use crate::diagnostic::quoted;
use crate::parse::words::is_free;
use crate::syntax::{Name, Part, PartKind};

/// `lenet.conv1`, `lenet.conv1[5]`, `lenet.conv1[0..8]`
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRef {
    /// The net's name and the layer's, with a dot between them; both may have dots of their own.
    pub path: Name,
    /// First and end; all where nothing is said.
    pub range: Option<(usize, usize)>,
    /// All of it.
    pub span: Span,
}

/// The layer that a verb looks into.
pub(in crate::verb) const LAYER: Behind<LayerRef> =
    Behind { offer: Offer::Layers, read: |parts| parts.layer(), form: AS_WRITTEN };

/// The same, or a net alone.
pub(in crate::verb) const LAYER_OR_NET: Behind<LayerRef> =
    Behind { offer: Offer::Layers, read: |parts| parts.layer_or_net(), form: AS_WRITTEN };

impl Parts<'_> {
    /// `lenet`, `lenet.fc1`, `lenet.fc1[0..8]`
    fn layer_or_net(&mut self) -> Option<LayerRef> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), span })
                if !word.contains('.') && is_free(word) && self.clause(word).is_none() =>
            {
                self.at += 1;
                Some(LayerRef { path: Name { text: word.clone(), span: *span }, range: None, span: *span })
            }
            _ => self.layer(),
        }
    }

    /// The layer that the verb is applied to.
    fn layer(&mut self) -> Option<LayerRef> {
        let verb = self.verb.word;
        match self.peek() {
            // `lenet conv1`
            Some(net @ Part { kind: PartKind::Word(word), .. })
                if !word.contains('.')
                    && let Some(layer @ Part { kind: PartKind::Word(next) | PartKind::Select(next, ..), .. }) =
                        self.parts.get(self.at + 1)
                    && !words::is_clause_word(next)
                    && !next.contains('.')
                    && self.verb.clauses.is_empty() =>
            {
                self.at += 2;
                let mend = format!("{word}.{layer}");
                let error = self.error(net.span.to(layer.span), "a layer stands behind its net's name and a dot");
                self.wrong(
                    error.found(format!("{word} {layer}")).expected(mend.clone()).write(net.span.to(layer.span), mend),
                );
                None
            }
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
                let net = self.some_net();
                let mend = if other.is_some() { format!("{net}.conv1 ") } else { format!(" {net}.conv1") };
                let error = error.expected("a net and a layer of it").mend(Span { end: span.start, ..span }, mend);
                self.wrong(error.help(format!("`{}` shows how it reads", self.verb.example)));
                None
            }
        }
    }

    /// `lenet.conv1`, `lenet.conv1[5]`, `lenet.conv1[0..8]`
    pub(in crate::verb) fn layer_of(&mut self, part: &Part) -> Option<LayerRef> {
        let (path, range) = match &part.kind {
            PartKind::Select(path, first, end) => (path, Some((first, end.as_ref()))),
            PartKind::Word(path) => (path, None),
            _ => return None,
        };
        let name = Name { text: path.clone(), span: begin(part.span, path) };
        // A layer's word, which no net has.
        if !path.contains('.') && !is_free(path) {
            let net = self.some_net().to_string();
            let error = self.error(name.span, format!("of which net is `{path}`?")).found(path);
            let error = error.expected("a net and a layer of it, with a dot between them");
            self.wrong(error.put_before(name.span, format!("{net}.")).help(format!("write `{net}.{path}`, say")));
            return None;
        }
        if !path.contains('.') {
            let net = quoted(path);
            let error = self.error(name.span, format!("which layer of `{net}`?")).found(&net);
            let help = format!("write `{net}.conv1`, say; `summary {net}` lists its layers");
            let error = error.expected("a net and a layer of it, with a dot between them");
            self.wrong(error.put_behind(name.span, ".conv1").help(help));
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
fn begin(span: Span, text: &str) -> Span {
    Span { end: span.start + text.len() as u32, ..span }
}
