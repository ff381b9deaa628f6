//! What stands behind `data pets =`: where the data comes from.

use super::super::elsewhere;
use super::super::read::Parts;
use crate::diagnostic::{Diagnostic, quoted};
use crate::syntax::{Name, Part, PartKind};

/// Where data can come from.
const SOURCES: [&str; 2] = ["images", "npy"];

/// The clause that a file's name is for, by its looks.
pub(super) fn looks_like(file: &str) -> &'static str {
    let ends = |end: &str| file.to_ascii_lowercase().ends_with(end);
    if ends(".npy") || ends(".npz") { "npy" } else { "images" }
}

/// Says what is wrong where no clause stands right behind `=`, and passes over it.
pub(super) fn begins(parts: &mut Parts<'_>, name: &Name, equals: &Part) {
    let Some(part) = parts.peek() else { return };
    match &part.kind {
        PartKind::Word(word) if parts.clause(word).is_some() => {}
        PartKind::Word(word) if matches!(parts.parts.get(parts.at + 1), Some(Part { kind: PartKind::Text(_), .. })) => {
            foreign(parts, part, word);
        }
        PartKind::Text(file) => {
            let clause = looks_like(file);
            let error = unsaid(parts, part, clause).put_before(part.span, format!("{clause} "));
            parts.wrong(error.help(format!("write `{clause} {}`", quoted(&part.to_string()))));
            parts.next();
        }
        PartKind::Word(_) | PartKind::Stride(_) => bare(parts, name, equals),
        _ => {
            let error = parts.error(part.span, "`data` takes a folder of pictures or an array behind `=`");
            let error = error.found(quoted(&part.to_string())).expected("`images` or `npy`");
            parts.wrong(error.help(format!("write `data {} = images \"pets/\"`, say", quoted(&name.text))));
            parts.give_up();
        }
    }
}

fn unsaid(parts: &Parts<'_>, part: &Part, clause: &str) -> Diagnostic {
    let error = parts.error(part.span, format!("`{clause}` is missing before the name"));
    error.found(quoted(&part.to_string())).expected("`images` or `npy`")
}

/// `data pets = folder "pets/"`
fn foreign(parts: &mut Parts<'_>, part: &Part, word: &str) {
    parts.next();
    let Some(file @ Part { kind: PartKind::Text(name), .. }) = parts.next() else { return };
    let known = elsewhere::clause(word, &SOURCES);
    let ours = known.unwrap_or(looks_like(name));
    let error = match known {
        Some(_) => parts.error(part.span, format!("`{}` is called `{ours}` here", quoted(word))),
        None => parts.error(part.span, format!("`{}` is nothing that data comes from", quoted(word))),
    };
    let error = error.found(quoted(word)).expected("`images` or `npy`");
    parts.wrong(match name.strip_suffix(".npz") {
        // An archive of arrays is none.
        Some(stem) => error.write(part.span.to(file.span), format!("npy \"{stem}.npy\"")),
        None => error.write(part.span, ours),
    });
}

/// `data pets = pets/`, `data few = digits`
fn bare(parts: &mut Parts<'_>, name: &Name, equals: &Part) {
    let (file, span) = parts.bare();
    let clause = looks_like(&file);
    let error = parts.error(span, format!("`{clause}` is missing before the name, which stands in quotes"));
    let error = error.found(quoted(&file)).expected("`images` or `npy`");
    let mend = format!("{clause} \"{file}\"");
    parts.wrong(if file == name.text {
        // `data digits = digits`
        let error = error.mend(parts.cut(equals.span.to(span)), "").mend(span, mend.clone());
        error.help(format!("built-in data stands without `=`; for a folder write `{mend}`"))
    } else {
        error.write(span, mend)
    });
}
