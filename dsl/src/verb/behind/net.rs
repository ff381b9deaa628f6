//! A net: `lenet`.

use fovea_graph::Span;

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use super::is_name;
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

/// The net that a verb is applied to.
pub(in crate::verb) const NET: Behind<Name> =
    Behind { offer: Offer::Nets, read: |parts| parts.net(), form: AS_WRITTEN };

/// The net or the data that a verb is applied to.
pub(in crate::verb) const NET_OR_DATA: Behind<Name> = Behind { offer: Offer::NetsAndData, ..NET };

impl Parts<'_> {
    /// The net that the verb is applied to.
    pub(in crate::verb) fn net(&mut self) -> Option<Name> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                Some(Name { text: word.clone(), span: *span })
            }
            Some(part @ Part { kind: PartKind::Call(..), .. }) => {
                self.at += 1;
                self.called(part)
            }
            Some(file @ Part { kind: PartKind::Text(_), span }) if self.verb.behind.len() > 1 => {
                // `load "lenet.safetensors" into lenet`
                let last = self.parts.last().filter(|last| matches!(last.kind, PartKind::Word(_)));
                let error = self.error(*span, "the net stands first, and its file behind it").found(file.to_string());
                let error = error.expected("the name of a net");
                let mend = format!("{} {file}", last.map_or(self.some_net().to_string(), |net| net.to_string()));
                self.wrong(error.write(span.to(last.map_or(*span, |last| last.span)), mend));
                self.give_up();
                None
            }
            Some(part @ Part { kind: PartKind::Text(text), span }) if is_name(text) => {
                self.at += 1;
                let error = self.error(*span, "a net's name stands without quotes").found(quoted(&part.to_string()));
                self.wrong(error.expected(text).write(*span, text));
                None
            }
            other => {
                let verb = self.verb.word;
                let span = other.map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error =
                    self.error(span, format!("`{verb}` lacks its net")).found(found).expected("the name of a net");
                let net = self.some_net();
                let mend = if other.is_some() { format!("{net} ") } else { format!(" {net}") };
                let error = error.mend(Span { end: span.start, ..span }, mend);
                let help = format!("write `{verb} {net}`, say; `{}` shows how it reads", self.verb.example);
                self.wrong(error.help(help));
                None
            }
        }
    }
}
