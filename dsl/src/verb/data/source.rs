//! What stands behind `data pets =`: where the data comes from.

use super::super::elsewhere;
use super::super::read::Parts;
use super::basis::has_folder;
use crate::diagnostic::{Diagnostic, quoted};
use crate::syntax::{Name, Part, PartKind};

/// The clauses with which data can come from files.
pub(super) const SOURCES: [&str; 3] = ["images", "npy", "csv"];

/// What can stand behind `=`.
const EXPECTED: &str = "`images`, `npy`, `csv` or other data";

/// The clause that a file's name is for, by its looks.
pub(super) fn looks_like(file: &str) -> &'static str {
    let ends = |ends: &[&str]| ends.iter().any(|end| file.to_ascii_lowercase().ends_with(end));
    if ends(&[".npy", ".npz"]) {
        "npy"
    } else if ends(&[".csv", ".tsv"]) {
        "csv"
    } else {
        "images"
    }
}

/// Says what is wrong where nothing that data comes from stands right behind `=`, and passes over it.
pub(super) fn begins(parts: &mut Parts<'_>, name: &Name, equals: &Part) {
    let Some(part) = parts.peek() else { return };
    let next = parts.parts.get(parts.at + 1);
    match &part.kind {
        PartKind::Word(word) if parts.clause(word).is_some() => {}
        PartKind::Word(word) if matches!(next, Some(Part { kind: PartKind::Text(_), .. })) => {
            if !has_folder(word) {
                foreign(parts, part, word);
            }
        }
        PartKind::Text(file) => {
            let clause = looks_like(file);
            let error = unsaid(parts, part, clause).put_before(part.span, format!("{clause} "));
            parts.wrong(error.help(format!("write `{clause} {}`", quoted(&part.to_string()))));
            parts.next();
        }
        PartKind::Word(word) if *word == name.text => bare(parts, name, equals),
        // `pets/`, but not `digits`
        PartKind::Word(_) if next.is_some_and(|next| is_glued(part, next)) => bare(parts, name, equals),
        PartKind::Word(word) if has_ending(word) => bare(parts, name, equals),
        PartKind::Stride(_) => bare(parts, name, equals),
        PartKind::Word(_) | PartKind::Select(..) => {}
        _ => {
            let error = parts.error(part.span, "`data` takes files or other data behind `=`");
            let error = error.found(quoted(&part.to_string())).expected(EXPECTED);
            parts.wrong(error.help(format!("write `data {} = images \"pets/\"`, say", quoted(&name.text))));
            parts.give_up();
        }
    }
}

fn is_glued(part: &Part, next: &Part) -> bool {
    next.span.start == part.span.end && next.kind != PartKind::Comma
}

/// `x.npy`, but not `digits.train`.
fn has_ending(word: &str) -> bool {
    word.split_once('.').is_some_and(|(_, part)| !matches!(part, "train" | "validation" | "test"))
}

fn unsaid(parts: &Parts<'_>, part: &Part, clause: &str) -> Diagnostic {
    let error = parts.error(part.span, format!("`{clause}` is missing before the name"));
    error.found(quoted(&part.to_string())).expected(EXPECTED)
}

/// `data pets = folder "pets/"`
fn foreign(parts: &mut Parts<'_>, part: &Part, word: &str) {
    parts.next();
    let Some(Part { kind: PartKind::Text(name), .. }) = parts.next() else { return };
    let known = elsewhere::clause(word, &SOURCES);
    let ours = known.unwrap_or(looks_like(name));
    let error = match known {
        Some(_) => parts.error(part.span, format!("`{}` is called `{ours}` here", quoted(word))),
        None => parts.error(part.span, format!("`{}` is nothing that data comes from", quoted(word))),
    };
    parts.wrong(error.found(quoted(word)).expected(EXPECTED).write(part.span, ours));
}

/// `data pets = pets/`, `data digits = digits`
fn bare(parts: &mut Parts<'_>, name: &Name, equals: &Part) {
    let (file, span) = parts.bare();
    let clause = looks_like(&file);
    let error = parts.error(span, format!("`{clause}` is missing before the name, which stands in quotes"));
    let error = error.found(quoted(&file)).expected(EXPECTED);
    let mend = format!("{clause} \"{file}\"");
    parts.wrong(if file == name.text {
        // `data digits = digits`
        let error = error.mend(parts.cut(equals.span.to(span)), "").mend(span, mend.clone());
        error.help(format!("built-in data stands without `=`; for a folder write `{mend}`"))
    } else {
        error.write(span, mend)
    });
}
