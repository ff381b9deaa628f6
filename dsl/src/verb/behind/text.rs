//! A string: `"lenet.safetensors"`.

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

/// The file that a verb reads or writes.
pub(in crate::verb) const FILE: Behind<Name> =
    Behind { offer: Offer::Nothing, read: |parts| parts.text("the file's name"), form: AS_WRITTEN };

impl Parts<'_> {
    /// The string that the verb takes.
    pub(in crate::verb) fn text(&mut self, what: &str) -> Option<Name> {
        let part = self.next();
        if let Some(Part { kind: PartKind::Text(text), span }) = part {
            return Some(Name { text: text.clone(), span: *span });
        }
        let help = match part {
            Some(Part { kind: PartKind::Word(_), span })
                if matches!(self.peek(), Some(Part { kind: PartKind::Text(_), .. })) =>
            {
                let span = *span;
                self.at += 1;
                let error = self.error(span, "a word before the string").expected("a string");
                self.wrong(error.help(format!("`{}` shows how it reads", self.verb.example)));
                return None;
            }
            Some(Part { kind: PartKind::Word(word), .. }) => format!("put it in quotes: `\"{}\"`", quoted(word)),
            _ => format!("`{}` shows how it reads", self.verb.example),
        };
        let found = part.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let message = match part {
            Some(_) => format!("{what} stands in quotes"),
            None => format!("{what} is missing"),
        };
        let error = self.error(part.map_or(self.here(), |part| part.span), message).found(found);
        self.wrong(error.expected("a string").help(help));
        None
    }
}
