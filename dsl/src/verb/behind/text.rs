//! A string: `"lenet.safetensors"`.

use fovea_graph::Span;

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

/// The file that a table of figures is written to.
pub(in crate::verb) const TABLE: Behind<Name> =
    Behind { offer: Offer::Nothing, read: |parts| parts.text("the file's name", "run.csv"), form: AS_WRITTEN };

impl Parts<'_> {
    /// The string that the verb or a clause takes, `what`, such as `example`.
    pub(in crate::verb) fn text(&mut self, what: &str, example: &str) -> Option<Name> {
        let is_clause = |part: &Part| matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some());
        let Some(part) = self.peek().filter(|part| part.kind != PartKind::Comma && !is_clause(part)) else {
            let found = self.peek().map_or("the end".to_string(), |part| quoted(&part.to_string()));
            let error = self.error(self.here(), format!("{what} is missing")).found(found).expected("a string");
            let error = error.put_behind(self.here(), format!(" \"{example}\""));
            self.wrong(error.help(format!("write `\"{example}\"`, say")));
            return None;
        };
        if let PartKind::Text(text) = &part.kind {
            self.at += 1;
            return Some(Name { text: text.clone(), span: part.span });
        }
        if let (PartKind::Word(_), Some(string @ Part { kind: PartKind::Text(_), .. })) =
            (&part.kind, self.parts.get(self.at + 1))
        {
            self.at += 2;
            let error = self.error(part.span, "a word before the string").found(quoted(&part.to_string()));
            let place = Span { end: string.span.start, ..part.span };
            self.wrong(error.expected("a string").mend(place, "").help("leave it out"));
            return None;
        }
        let (text, span) = self.bare();
        let error = self.error(span, format!("{what} stands in quotes")).found(quoted(&text)).expected("a string");
        self.wrong(error.write(span, format!("\"{text}\"")));
        None
    }

    /// A file's name without its quotes: `runs/lenet.safetensors` is several parts, and one name.
    pub(in crate::verb) fn bare(&mut self) -> (String, Span) {
        let (mut text, mut span) = (String::new(), self.peek().map_or(self.here(), |part| part.span));
        span.end = span.start;
        while let Some(next) = self.peek().filter(|next| next.span.start == span.end && next.kind != PartKind::Comma) {
            self.at += 1;
            // `pets/ size 64x64`: the word behind the slash is no part of the name.
            if matches!(&next.kind, PartKind::Stride(sizes) if sizes.first().is_some_and(|size| size.span.start > next.span.start + 1))
            {
                text.push('/');
                span.end = next.span.start + 1;
                self.give_up();
                break;
            }
            text += &next.to_string();
            span = span.to(next.span);
        }
        (text, span)
    }
}
