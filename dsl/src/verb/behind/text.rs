//! A string: `"lenet.safetensors"`.

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

/// The file that a verb reads or writes.
pub(in crate::verb) const FILE: Behind<Name> = Behind {
    offer: Offer::Nothing,
    read: |parts| {
        let example = format!("{}.safetensors", parts.subject_words());
        parts.text("the file's name", &example)
    },
    form: AS_WRITTEN,
};

impl Parts<'_> {
    /// The string that the verb takes, `what`, such as `example`.
    pub(in crate::verb) fn text(&mut self, what: &str, example: &str) -> Option<Name> {
        let Some(part) = self.next() else {
            let error = self.error(self.here(), format!("{what} is missing")).found("the end").expected("a string");
            let error = error.put_behind(self.here(), format!(" \"{example}\""));
            self.wrong(error.help(format!("write `\"{example}\"`, say")));
            return None;
        };
        if let PartKind::Text(text) = &part.kind {
            return Some(Name { text: text.clone(), span: part.span });
        }
        let is_word = |part: &Part| matches!(part.kind, PartKind::Word(_));
        if is_word(part) && matches!(self.peek(), Some(Part { kind: PartKind::Text(_), .. })) {
            self.at += 1;
            let error = self.error(part.span, "a word before the string").found(quoted(&part.to_string()));
            self.wrong(error.expected("a string").mend(part.span, "").help("leave it out"));
            return None;
        }
        // `runs/lenet.safetensors` is several parts, and one name.
        let (mut text, mut span) = (part.to_string(), part.span);
        while let Some(next) = self.peek().filter(|next| next.span.start == span.end && next.kind != PartKind::Comma) {
            text += &next.to_string();
            span = span.to(next.span);
            self.at += 1;
        }
        let error = self.error(span, format!("{what} stands in quotes")).found(quoted(&text)).expected("a string");
        self.wrong(error.write(span, format!("\"{text}\"")));
        None
    }
}
