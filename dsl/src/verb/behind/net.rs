//! A net: `lenet`.

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

/// The net that a verb is applied to.
pub(in crate::verb) const NET: Behind<Name> =
    Behind { offer: Offer::Nets, read: |parts| parts.net(), form: AS_WRITTEN };

impl Parts<'_> {
    /// The net that the verb is applied to.
    pub(in crate::verb) fn net(&mut self) -> Option<Name> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                Some(Name { text: word.clone(), span: *span })
            }
            other => {
                let verb = self.verb.word;
                let span = other.map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error =
                    self.error(span, format!("`{verb}` lacks its net")).found(found).expected("the name of a net");
                self.wrong(error.help(format!("`{}` shows how it reads", self.verb.example)));
                None
            }
        }
    }
}
