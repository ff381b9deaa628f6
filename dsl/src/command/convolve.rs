//! `convolve IMAGE with FILTER …`

use fovea_graph::Span;

use super::read::{Clauses, Parts};
use super::table::{self, Clause};
use super::{Command, Convolve, Filter, Matrix, Padding, Pixels};
use crate::parse::quoted;
use crate::syntax::{Argument, Expr, ExprKind, Part, PartKind};

pub(super) fn convolve(parts: &mut Parts<'_>) -> Option<Command> {
    let image = image(parts);
    let clauses = parts.clauses();
    if clauses.filter.is_none() && parts.mistakes.is_empty() {
        let error = parts.error(parts.here(), "`convolve` lacks its filter").found("the end");
        let help = "write `with` and the filter's rows, `with [1 0 1; 0 1 0; 1 0 1]`, say";
        parts.wrong(error.expected("`with` and a filter").help(help));
    }
    let padding = padding(parts, &clauses);
    Some(Command::Convolve(Convolve {
        image: image?,
        filter: clauses.filter?,
        stride: clauses.stride.unwrap_or([1; 2]),
        padding: padding?,
        dilate: clauses.dilate.unwrap_or([1; 2]),
        span: parts.span,
    }))
}

/// What is convolved.
fn image(parts: &mut Parts<'_>) -> Option<Pixels> {
    let part = parts.peek();
    match part.map(|part| (&part.kind, part)) {
        Some((PartKind::Matrix(rows), part)) => {
            parts.next();
            matrix(parts, rows, part.span).map(Pixels::Matrix)
        }
        Some((PartKind::Word(path) | PartKind::Select(path, ..), part)) if is_layer(path) => {
            parts.next();
            let found = quoted(&part.to_string());
            let message = format!("the image of `convolve` is a matrix or a sample, and `{found}` is neither");
            let error = parts.error(part.span, message).found(found).expected("a matrix or a sample");
            parts.wrong(error.help("a layer's filter stands behind `with`: `convolve digits[3] with lenet.conv1[0]`"));
            None
        }
        Some((PartKind::Word(word), part)) if parts.clause(word).is_none() => {
            parts.next();
            let data = quoted(word);
            let error = parts.error(part.span, format!("which picture of `{data}`?")).found(&data);
            parts.wrong(error.expected("one sample").help(format!("write `{data}[0]` for its first")));
            None
        }
        Some((PartKind::Select(_, first, end), part)) => {
            parts.next();
            if let Some(end) = end {
                let error = parts.error(part.span, "`convolve` takes one picture").found(quoted(&part.to_string()));
                parts.wrong(
                    error.expected("one sample").help(format!("write `[{first}]` in place of `[{first}..{end}]`")),
                );
                return None;
            }
            parts.picked(part).map(Pixels::Sample)
        }
        other => {
            let span = other.as_ref().map_or(parts.here(), |(_, part)| part.span);
            let found = other.map_or("the end".to_string(), |(_, part)| quoted(&part.to_string()));
            let error = parts.error(span, "`convolve` lacks its image").found(found).expected("a matrix or a sample");
            parts.wrong(error.help(format!("`{}` shows how it reads", table::example("convolve"))));
            None
        }
    }
}

/// Whether a path is none of data, whose parts are `train` and `test`.
fn is_layer(path: &str) -> bool {
    path.split_once('.').is_some_and(|(_, part)| !matches!(part, "train" | "test"))
}

/// What `pad`, `same` and `valid` say, of which only one can stand.
fn padding(parts: &mut Parts<'_>, clauses: &Clauses) -> Option<Padding> {
    let pad = clauses.pad.map(|(zeros, span)| (Padding::Zeros(zeros), span));
    let same = clauses.same.map(|span| (Padding::Same, span));
    let valid = clauses.valid.map(|span| (Padding::Valid, span));
    let mut said: Vec<(Padding, Span)> = [pad, same, valid].into_iter().flatten().collect();
    said.sort_by_key(|(_, span)| span.start);
    match said[..] {
        [] => Some(Padding::Valid),
        [(one, _)] => Some(one),
        [(_, first), (_, second), ..] => {
            let error = parts.error(second, "the padding is said twice").also(first, "it is said here already");
            parts.wrong(error.expected("one of `pad`, `same` and `valid`").help("remove one of the two"));
            None
        }
    }
}

/// The numbers of a matrix.
fn matrix(parts: &mut Parts<'_>, rows: &[Vec<Expr>], span: Span) -> Option<Matrix> {
    let row = |row: &Vec<Expr>| row.iter().map(|cell| number(parts, cell)).collect::<Option<Vec<f32>>>();
    let rows = rows.iter().map(row).collect::<Option<Vec<_>>>()?;
    Some(Matrix { rows, span })
}

/// A number that a device can hold.
fn number(parts: &mut Parts<'_>, cell: &Expr) -> Option<f32> {
    let number = parts.scope.number(cell, "a number of a matrix");
    let number = parts.keep(number)?;
    if (number as f32).is_finite() {
        return Some(number as f32);
    }
    let error = parts.error(cell.span, "devices compute with numbers up to 3.4e38").found(quoted(&cell.to_string()));
    parts.wrong(error.expected("a number from -3.4e38 to 3.4e38"));
    None
}

impl<'a> Parts<'a> {
    /// `with [1 0; 0 1]`, `with lenet.conv1[2]`
    pub(super) fn filter(&mut self, clause: &Clause) -> Option<Filter> {
        match self.peek() {
            Some(Part { kind: PartKind::Matrix(rows), span }) => {
                self.at += 1;
                matrix(self, rows, *span).map(Filter::Matrix)
            }
            Some(part @ Part { kind: PartKind::Select(path, first, end), span }) => {
                self.at += 1;
                if let Some(end) = end {
                    let error = self.error(*span, "`convolve` takes one filter").found(quoted(&part.to_string()));
                    let help = format!("write `{path}[{first}]` in place of `{path}[{first}..{end}]`");
                    self.wrong(error.expected("one filter").help(help));
                    return None;
                }
                self.layer_of(part).map(Filter::Layer)
            }
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                let word = quoted(word);
                let (message, help) = match word.contains('.') {
                    true => (format!("which filter of `{word}`?"), format!("write `{word}[0]` for its first")),
                    false => (
                        format!("`{word}` is no filter"),
                        "write its rows, `[1 0; 0 1]`, or a layer's filter, `lenet.conv1[0]`".to_string(),
                    ),
                };
                let error = self.error(*span, message).found(word).expected("a matrix, or a filter of a layer");
                self.wrong(error.help(help));
                None
            }
            _ => {
                self.lacks(clause, "its filter");
                None
            }
        }
    }

    /// `stride 2`, `/2`, `pad 1x0`: a number, or one for the height and one for the width.
    pub(super) fn steps(&mut self, clause: &Clause, word: &'a Part, least: usize) -> Option<[usize; 2]> {
        let numbers = match &word.kind {
            PartKind::Stride(sizes) => sizes.clone(),
            PartKind::Call(_, arguments) => match &arguments[..] {
                [Argument { key: None, value }] => vec![value.clone()],
                _ => Vec::new(),
            },
            _ => match self.peek() {
                Some(Part { kind: PartKind::Size(sizes), .. }) => sizes.clone(),
                Some(Part { kind: PartKind::Value(value), .. }) => vec![value.clone()],
                Some(Part { kind: PartKind::Word(name), span }) if self.clause(name).is_none() => {
                    vec![Expr { kind: ExprKind::Name(name.clone()), span: *span }]
                }
                Some(Part { kind: PartKind::Ratio(left, right), span }) => {
                    self.at += 1;
                    let error = self.error(*span, format!("`{left}/{right}` has two readings"));
                    let help = format!("write `{left} /{right}` for `{}` {left} and stride {right}", clause.word);
                    self.wrong(error.here("the quotient, or a stride?").help(help));
                    return None;
                }
                _ => {
                    self.lacks(clause, "its number");
                    return None;
                }
            },
        };
        if matches!(word.kind, PartKind::Word(_)) {
            self.at += 1;
        }
        let what = match clause.word {
            "pad" => "the padding",
            "dilate" => "the dilation",
            _ => "the stride",
        };
        let mut counts = Vec::with_capacity(2);
        for number in &numbers {
            let count = self.scope.count(number, least, what);
            counts.push(self.keep(count)?);
        }
        match counts[..] {
            [both] => Some([both; 2]),
            [down, across] => Some([down, across]),
            _ => {
                let span = numbers.first().zip(numbers.last()).map_or(word.span, |(a, b)| a.span.to(b.span));
                let error = self.error(span, format!("an image has a height and a width, and {what} is of those"));
                let error = error.found(format!("{} numbers", counts.len())).expected("one number or two");
                self.wrong(error.help(format!("write `{}`, say", clause.example)));
                None
            }
        }
    }
}
