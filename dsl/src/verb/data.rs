//! `data digits size 28x28`, `data pets = images "pets/" size 64x64 split 80/20`, `data few = digits[0..100]`

mod basis;
mod source;
mod suits;

pub use basis::Basis;

use super::about::{Behind, Offer};
use super::behind::is_name;
use super::clause::{
    AS, AUGMENT, Array, CSV, Change, IMAGES, LABELS, Labelled, MASKS, NORMALIZE, NPY, PART, Path, RAW, ReadAs, SHAPE,
    SIZE, SKIP, SPLIT, Shares,
};
use super::declare::verb;
use super::form::AS_WRITTEN;
use super::read::Parts;
use super::words;
use crate::diagnostic::quoted;
use crate::parse::words::is_free;
use crate::syntax::{Name, Part, PartKind};
use basis::BASIS;

verb! {
    /// `data NAME …`, `data NAME = …`
    Data: "data", "data digits size 28x28";
    behind {
        /// The name it gets; for built-in data its own.
        name: Name = NAME,
        /// What it is made from, where that is other data, or a folder of what has its name.
        basis: Basis = BASIS,
    }
    takes {
        images: Path = IMAGES,
        npy: Array = NPY,
        csv: Path = CSV,
        labels: Labelled = LABELS,
        read_as: ReadAs = AS,
        masks: Array = MASKS,
        shape: Vec<usize> = SHAPE,
        size: [usize; 2] = SIZE,
        split: Shares = SPLIT,
        part: f64 = PART,
        augment: Vec<Change> = AUGMENT,
        normalize: () = NORMALIZE,
        raw: () = RAW,
        skip: () = SKIP,
    }
    check suits::check;
}

const NAME: Behind<Name> = Behind { offer: Offer::Data, read: name, form: AS_WRITTEN };

/// The name, and `=` where what it is made from follows.
fn name(parts: &mut Parts<'_>) -> Option<Name> {
    let name = match parts.next().map(|part| (&part.kind, part.span)) {
        Some((PartKind::Word(word), span)) => Name { text: word.clone(), span },
        Some((PartKind::Text(text), span)) if is_name(text) => {
            let error = parts.error(span, "the name of data stands without quotes").found(format!("\"{text}\""));
            parts.wrong(error.expected(text).write(span, text));
            parts.give_up();
            return None;
        }
        other => {
            let span = other.map_or(parts.here(), |(_, span)| span);
            let error = parts.error(span, "`data` lacks its name").expected("the name of data");
            let mend = if other.is_some() { "digits" } else { " digits" };
            let error = error.mend(span, mend);
            parts.wrong(error.help("write `data digits`, say, or `data pets = images \"pets/\"`"));
            parts.give_up();
            return None;
        }
    };
    match parts.peek() {
        Some(equals @ Part { kind: PartKind::Equals, .. }) => {
            parts.next();
            is_free_for_data(parts, &name);
            source::begins(parts, &name, equals);
        }
        Some(Part { kind: PartKind::Text(file), span }) if !basis::has_folder(&name.text) => {
            let error = parts.error(*span, format!("what `{}` is stands behind `=`", quoted(&name.text)));
            let mend = format!("= {} ", source::looks_like(file));
            let error = error.found(quoted(&format!("\"{file}\""))).expected("`=`, or a clause");
            parts.wrong(
                error
                    .put_before(*span, mend)
                    .help("`images` is before a folder of pictures, `npy` before an array, `csv` before a table"),
            );
            parts.next();
        }
        _ => {}
    }
    Some(name)
}

/// Says where people's own data cannot be called so.
fn is_free_for_data(parts: &mut Parts<'_>, name: &Name) {
    let text = &name.text;
    let is = |word: &str| word.eq_ignore_ascii_case(text);
    let (message, mend) = if !is_name(text) {
        let plain = text.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        (format!("`{}` cannot be a name", quoted(text)), plain)
    } else if !is_free(text) || words::is_clause_word(text) || words::clause_parts().any(is) {
        (format!("`{text}` is a word of the language, so no data can be called so"), format!("my_{text}"))
    } else {
        return;
    };
    let error = parts.error(name.span, message).found(quoted(text)).expected("another name");
    parts.wrong(error.mend(name.span, mend.clone()).help(format!("`{mend}` would do")));
}
