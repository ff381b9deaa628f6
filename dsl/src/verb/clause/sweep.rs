//! `sweep rate {0.1, 0.03}, N {2, 3}`: constants, the learning rate or the batch, each with its values.

use fovea_graph::Span;

use super::super::about::{About, Clause, Offer, clause};
use super::super::mends::is_word;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::scope::Value;
use crate::syntax::{Expr, ExprKind, Name, Part, PartKind};

/// What a sweep goes over, and the values it gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// A constant's name, `lr` or `batch`.
    pub name: Name,
    /// At least one value, none twice.
    pub values: Vec<f64>,
    /// Where the values stand.
    pub span: Span,
}

/// Trains once for each combination of values.
pub(in crate::verb) const SWEEP: Clause<Vec<Swept>> = Clause {
    about: clause("sweep", "sweep lr {0.1, 0.03}", &[Offer::List(&Offer::Sweepable)]),
    read: |parts, opened| parts.sweep(opened),
    form: list,
};

/// What is its own, beside constants.
const OWN: &[&str] = &["lr", "batch"];

/// Names with their values, commas between them, whatever stood there.
fn list(_: &About, parts: Vec<Part>) -> Vec<Part> {
    let mut list: Vec<Part> = Vec::new();
    for mut part in parts.into_iter().filter(|part| !matches!(part.kind, PartKind::Equals | PartKind::Comma)) {
        if let PartKind::Word(word) = &mut part.kind {
            *word = own(word);
            if !list.is_empty() {
                list.push(Part { kind: PartKind::Comma, ..part });
            }
        }
        list.push(part);
    }
    list
}

/// A name as it is, or a word of the language in lower case.
fn own(word: &str) -> String {
    OWN.iter().find(|own| own.eq_ignore_ascii_case(word)).map_or(word.to_string(), |own| own.to_string())
}

impl<'a> Parts<'a> {
    fn sweep(&mut self, opened: Opened<'a>) -> Option<Vec<Swept>> {
        let mut all: Vec<Swept> = Vec::new();
        loop {
            let Some(Part { kind: PartKind::Word(word), span }) = self.peek().filter(|_| self.sweeps(self.at)) else {
                self.lacks_values(opened);
                return None;
            };
            let name = Name { text: own(word), span: *span };
            self.at += 1;
            if let Some(Part { kind: PartKind::Equals, .. }) = self.peek() {
                self.at += 1;
            }
            let swept = self.values(name)?;
            if let Some(first) = all.iter().find(|first| first.name.text.eq_ignore_ascii_case(&swept.name.text)) {
                let twice =
                    self.twice(&format!("`{}`", swept.name.text), first.name.span, swept.name.span.to(swept.span));
                self.wrong(twice);
            }
            all.push(swept);
            // `, batch 64` is the next clause, and `, batch {32, 64}` goes on here.
            let comma = usize::from(self.peek().is_some_and(|part| part.kind == PartKind::Comma));
            if !self.sweeps(self.at + comma) {
                return Some(all);
            }
            self.at += comma;
        }
    }

    /// Whether a name and its values stand here; a clause's own number is none of a sweep's.
    fn sweeps(&self, at: usize) -> bool {
        let is_list = |part: &Part| matches!(&part.kind, PartKind::Value(Expr { kind: ExprKind::List(_), .. }));
        let rest = self.parts.get(at..).unwrap_or_default();
        let (word, rest) = match rest {
            [Part { kind: PartKind::Word(word), .. }, Part { kind: PartKind::Equals, .. }, rest @ ..]
            | [Part { kind: PartKind::Word(word), .. }, rest @ ..] => (word, rest),
            _ => return false,
        };
        match rest {
            [list, ..] if is_list(list) => true,
            [Part { kind: PartKind::Value(_), .. }, Part { kind: PartKind::Comma, .. }, next, ..] => {
                !self.opens(word, rest) && !matches!(next.kind, PartKind::Value(_))
            }
            [Part { kind: PartKind::Value(_), .. }, ..] => !self.opens(word, rest),
            _ => false,
        }
    }

    /// Whether a word opens a clause, this being what stands behind it: `lr 0.1` is none without `at`.
    fn opens(&self, word: &str, rest: &[Part]) -> bool {
        let is_rate = word.eq_ignore_ascii_case("lr") && !rest.get(1).is_some_and(|part| is_word(part, "at"));
        self.clause(word).is_some() && !is_rate
    }

    /// The values behind a name that stands there.
    fn values(&mut self, name: Name) -> Option<Swept> {
        let Some(Part { kind: PartKind::Value(list), span }) = self.next() else { return None };
        if !OWN.contains(&name.text.as_str()) {
            let known = self.scope.evaluate(&Expr { kind: ExprKind::Name(name.text.clone()), span: name.span });
            let say = "a sweep goes over constants of `let`, over `lr` and over `batch`";
            self.keep(known.map_err(|unknown| if unknown.help.is_none() { unknown.help(say) } else { unknown }));
        }
        let values = match self.scope.evaluate(list) {
            Ok(Value::Number(one)) => vec![one],
            Ok(Value::List(values)) => values,
            Err(wrong) => {
                self.wrong(wrong);
                Vec::new()
            }
        };
        for (at, value) in values.iter().enumerate() {
            if values[..at].contains(value) {
                let error = self.error(*span, format!("`{}` has the value {value} twice", name.text));
                self.wrong(
                    error.found(quoted(&list.to_string())).expected("every value once").help("remove one of the two"),
                );
                return None;
            }
        }
        Some(Swept { name, values, span: *span })
    }

    /// Says that a name with its list is missing.
    fn lacks_values(&mut self, opened: Opened<'_>) {
        let rest = self.parts.get(self.at..).unwrap_or_default();
        let [Part { kind: PartKind::Word(word), span }, values @ ..] = rest else {
            return self.lacks(opened, "a name and its values");
        };
        if self.clause(word).is_some() && !OWN.iter().any(|own| own.eq_ignore_ascii_case(word)) {
            return self.lacks(opened, "a name and its values");
        }
        // `lr 0.1, 0.03`
        let numbers = values.iter().step_by(2).map_while(|part| match &part.kind {
            PartKind::Value(value) => Some((value.to_string(), part.span)),
            _ => None,
        });
        let commas = 1 + values.iter().skip(1).step_by(2).take_while(|part| part.kind == PartKind::Comma).count();
        let numbers: Vec<(String, Span)> = numbers.take(commas).collect();
        let error = self.error(*span, format!("the values of `{}` stand in braces", quoted(word)));
        let error = error.expected("a list, `{0.1, 0.03}`");
        let error = match &numbers[..] {
            [] => error
                .found(quoted(word))
                .put_behind(*span, " {0.1, 0.03}")
                .help(format!("write `{word} {{0.1, 0.03}}`, say")),
            [first, .., last] | [first @ last] => {
                let place = first.1.to(last.1);
                let list: Vec<&str> = numbers.iter().map(|(number, _)| number.as_str()).collect();
                error.found(list.join(", ")).write(place, format!("{{{}}}", list.join(", ")))
            }
        };
        self.wrong(error);
        self.give_up();
    }
}
