//! `slide NAME`, and the slide's own text under it.

use super::Reader;
use super::lines::first_word;
use crate::ends::with_line_feeds;
use crate::syntax::{Name, SlideDef};

impl Reader<'_> {
    /// Reads a slide's name; its text is kept as it stands.
    pub(super) fn slide(&mut self) -> Option<SlideDef> {
        let written = with_line_feeds(self.original).into_owned();
        let header = written.find('\n').unwrap_or(written.len());
        let word = first_word(self.text).len();
        let plain = self.text.get(word..header).unwrap_or_default();
        let mut words = plain.split_whitespace();
        let Some(text) = words.next() else {
            let place = self.span(0, word);
            let error = self.wrong(place, "a slide without a name").expected("a name").put_behind(place, " NAME");
            self.mistakes.push(error.help("write `slide NAME`, and the slide in the lines below"));
            return None;
        };
        let start = word + plain.len() - plain.trim_start().len();
        let name = Name { text: text.to_string(), span: self.span(start, start + text.len()) };
        let rest = start + text.len()..word + plain.trim_end().len();
        if words.next().is_some() {
            let place = self.span(rest.end - self.text[rest.clone()].trim_start().len(), rest.end);
            let error =
                self.wrong(place, "the slide's text begins in the next line").mend(self.span(rest.start, rest.end), "");
            self.mistakes.push(error.help("behind `slide` stands its name, and nothing else"));
        }
        let name = self.defined_name("slide", Some(name), true)?;
        let body = written.get(header + 1..).unwrap_or_default();
        if body.trim().is_empty() {
            let error = self.wrong(name.span, format!("the slide `{}` has no text", name.text));
            let error = error.expected("a listing or a table in the lines below");
            self.mistakes.push(error.help("paste the slide under this line, as it stands"));
        }
        let span = self.span((header + 1).min(written.len()), written.len());
        Some(SlideDef { name, text: body.to_string(), span })
    }
}
