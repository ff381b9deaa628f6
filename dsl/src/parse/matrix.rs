//! Matrices behind verbs: `[1 0 1; 0 1 0]`. A row ends in `;` or with its line.

use fovea_graph::Span;
use pest::iterators::Pair;

use super::{Reader, Rule, quoted};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Expr, PartKind};

/// What was read last inside the brackets, and where.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Cell(Span),
    Comma(Span),
}

impl Reader<'_> {
    /// The rows of a matrix, which are of one length.
    pub(super) fn matrix(&mut self, pair: Pair<'_, Rule>) -> PartKind {
        let whole = self.place(&pair);
        let known = self.mistakes.len();
        let (mut rows, mut row): (Vec<Vec<Expr>>, Vec<Expr>) = (Vec::new(), Vec::new());
        let mut last = Last::Nothing;
        for part in pair.into_inner() {
            let span = self.place(&part);
            match part.as_rule() {
                Rule::cell => {
                    self.apart(last, span);
                    row.push(self.expr(part));
                    last = Last::Cell(span);
                }
                Rule::comma => {
                    if !matches!(last, Last::Cell(_)) {
                        let error = self.wrong(span, "no number stands before this comma").expected("a number");
                        self.mistakes.push(error.help("remove it, or write the number"));
                    }
                    last = Last::Comma(span);
                }
                Rule::row_end => {
                    self.row_end(last);
                    rows.extend(Some(std::mem::take(&mut row)).filter(|row| !row.is_empty()));
                    last = Last::Nothing;
                }
                _ => {
                    let sign = part.as_str();
                    let error = self.wrong(span, format!("`{sign}` stands alone in this matrix")).expected("a number");
                    self.mistakes
                        .push(error.help("a negative number is written without a space, `-1`; a sum in parentheses"));
                }
            }
        }
        self.row_end(last);
        rows.extend(Some(row).filter(|row| !row.is_empty()));
        // Mistakes inside may be why rows differ.
        if self.mistakes.len() == known {
            self.even(&rows, whole);
        }
        PartKind::Matrix(rows)
    }

    /// Two numbers must not touch: `1-1` could be a difference.
    fn apart(&mut self, last: Last, span: Span) {
        let Last::Cell(before) = last else { return };
        if before.end != span.start {
            return;
        }
        let (left, right) = (quoted(self.written(before)), quoted(self.written(span)));
        let both = before.to(span);
        let error = self.wrong(both, format!("`{left}{right}` has two readings")).here("one number, or two?");
        let help = format!("write `{left} {right}` for two numbers, `({left}{right})` for one");
        let error = error.put_before(span, " ").mend(both, format!("({})", self.written(both)));
        self.mistakes.push(error.expected("a space between two numbers").help(help));
    }

    /// A row does not end in a comma.
    fn row_end(&mut self, last: Last) {
        if let Last::Comma(span) = last {
            let error = self.wrong(span, "a row ends in a comma").expected("a number");
            self.mistakes.push(error.help("remove it; a row ends in `;` or with its line"));
        }
    }

    /// There are numbers, and the rows have as many each.
    fn even(&mut self, rows: &[Vec<Expr>], whole: Span) {
        let extent = |row: &[Expr]| row.first().zip(row.last()).map_or(whole, |(first, last)| first.span.to(last.span));
        let error: Option<Diagnostic> = match rows.split_first() {
            None => {
                let error = self.wrong(whole, "a matrix without numbers").expected("numbers");
                Some(error.help("write `[1 0 1; 0 1 0]`, say"))
            }
            Some((first, others)) => {
                others.iter().zip(2..).find(|(row, _)| row.len() != first.len()).map(|(row, at)| {
                    let numbers = |row: &[Expr]| match row.len() {
                        1 => "1 number".to_string(),
                        many => format!("{many} numbers"),
                    };
                    let message = format!("row {at} has {}, and the first has {}", numbers(row), numbers(first));
                    self.wrong(extent(row), message)
                        .also(extent(first), numbers(first))
                        .found(numbers(row))
                        .expected(numbers(first))
                        .help("rows end in `;` or with their line, and are of one length")
                })
            }
        };
        self.mistakes.extend(error);
    }
}
