//! An image: a matrix, or one sample of data.

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::mends::is_word;
use super::super::read::Parts;
use super::{Matrix, Samples};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// An image.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// Numbers: a matrix a channel, at least one, all of one size.
    Planes(Vec<Matrix>),
    /// One sample of data.
    Sample(Samples),
}

/// The image that a window slides over.
pub(in crate::verb) const IMAGE: Behind<Pixels> = Behind { offer: Offer::Data, read: image, form: AS_WRITTEN };

/// An image of any kind.
fn image(parts: &mut Parts<'_>) -> Option<Pixels> {
    let (part, verb) = (parts.peek(), parts.verb.word);
    match part.map(|part| (&part.kind, part)) {
        Some((PartKind::Matrix(rows), part)) => {
            parts.next();
            parts.planes(rows, part.span).map(Pixels::Planes)
        }
        Some((PartKind::Word(path) | PartKind::Select(path, ..), part)) if is_layer(path) => {
            parts.next();
            let found = quoted(&part.to_string());
            let message = format!("the image of `{verb}` is a matrix or a sample, and `{found}` is neither");
            let error = parts.error(part.span, message).found(found.clone()).expected("a matrix or a sample");
            parts.wrong(match parts.parts.get(parts.at..).unwrap_or_default() {
                [with, image @ Part { kind: PartKind::Select(path, ..), .. }, ..]
                    if is_word(with, "with") && !is_layer(path) =>
                {
                    error.write(part.span.to(image.span), format!("{image} with {found}"))
                }
                _ => error
                    .mend(part.span, format!("digits[0] with {found}"))
                    .help("a layer's filter stands behind `with`: `convolve digits[0] with lenet.conv1[0]`"),
            });
            parts.give_up();
            None
        }
        Some((PartKind::Word(word), part)) if parts.clause(word).is_none() => {
            parts.next();
            let data = quoted(word);
            let error = parts.error(part.span, format!("which picture of `{data}`?")).found(&data);
            parts.wrong(
                error
                    .expected("one sample")
                    .put_behind(part.span, "[0]")
                    .help(format!("write `{data}[0]` for its first")),
            );
            None
        }
        Some((PartKind::Select(_, first, end), part)) => {
            parts.next();
            if let Some(end) = end {
                let error =
                    parts.error(part.span, format!("`{verb}` takes one picture")).found(quoted(&part.to_string()));
                let help = format!("write `[{first}]` in place of `[{first}..{end}]`");
                parts.wrong(error.expected("one sample").mend(first.span.to(end.span), first.to_string()).help(help));
                return None;
            }
            parts.picked(part).map(Pixels::Sample)
        }
        other => {
            let span = other.as_ref().map_or(parts.here(), |(_, part)| part.span);
            let found = other.map_or("the end".to_string(), |(_, part)| quoted(&part.to_string()));
            let error =
                parts.error(span, format!("`{verb}` lacks its image")).found(found).expected("a matrix or a sample");
            parts.wrong(error.help(format!("`{}` shows how it reads", parts.verb.example)));
            None
        }
    }
}

/// Whether a path is none of data, whose parts are `train`, `validation` and `test`.
fn is_layer(path: &str) -> bool {
    path.split_once('.').is_some_and(|(_, part)| !matches!(part, "train" | "validation" | "test"))
}
