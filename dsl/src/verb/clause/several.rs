//! Several named words in one clause, with commas between them: `with guided, integrated(steps 50)`.

use fovea_graph::Span;

use super::super::read::{Opened, Parts};
use super::named::Named;
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

impl<'a> Parts<'a> {
    /// Words of `all` with commas between them, each with its place and at most once; `what` names one of them (`map`).
    pub(super) fn several<T>(
        &mut self,
        opened: Opened<'a>,
        what: &str,
        all: &'static [Named<T>],
    ) -> Option<Vec<(T, Span)>> {
        let lower = |part: &Part| word(part).unwrap_or_default().to_ascii_lowercase();
        self.several_by((what, all), lower, &mut |parts| parts.named(opened, what, all))
    }

    /// The same, each read by `read`; two of one `key` are the same.
    pub(super) fn several_by<T, U>(
        &mut self,
        (what, all): (&str, &'static [Named<U>]),
        key: impl Fn(&Part) -> String,
        read: &mut dyn FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<(T, Span)>> {
        let mut found: Vec<(T, Span)> = Vec::new();
        let mut keys: Vec<String> = Vec::new();
        loop {
            let start = self.at;
            let one = read(self)?;
            let span = self.span_of(start, self.at - 1);
            let key = key(&self.parts[start]);
            match keys.iter().position(|earlier| *earlier == key) {
                Some(at) => {
                    let first = found[at].1;
                    self.one_of_two(self.twice(&format!("a {what}"), first, span), first, span);
                }
                None => {
                    keys.push(key);
                    found.push((one, span));
                }
            }
            if !self.one_more(what, all) {
                return Some(found);
            }
        }
    }

    /// Whether the list goes on; says where its comma is missing. A comma before a clause is the clause's.
    fn one_more<T>(&mut self, what: &str, all: &[Named<T>]) -> bool {
        match self.peek() {
            Some(Part { kind: PartKind::Comma, .. })
                if self.parts.get(self.at + 1).and_then(word).is_some_and(|next| self.clause(next).is_none()) =>
            {
                self.at += 1;
                true
            }
            Some(part)
                if word(part).is_some_and(|next| all.iter().any(|known| known.word.eq_ignore_ascii_case(next))) =>
            {
                let found = quoted(&part.to_string());
                let error = self.error(part.span, format!("`,` is missing before `{found}`")).found(found);
                let before = Span { end: part.span.start, ..self.here() };
                let error = error.expected("`,`").mend(before, ", ");
                self.wrong(error.help(format!("put `,` between two {what}s")));
                true
            }
            _ => false,
        }
    }
}

/// The word of a part that can be named.
pub(super) fn word(part: &Part) -> Option<&str> {
    match &part.kind {
        PartKind::Word(word) | PartKind::Call(word, _) => Some(word),
        _ => None,
    }
}
