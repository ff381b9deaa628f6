//! Which clauses of `data` stand together: those of pictures in folders, of arrays, of tables, of other data, and of what is
//! built in.

use super::super::Said;
use super::super::clause::Column;
use super::super::read::Parts;
use super::Data;
use crate::diagnostic::quoted;
use crate::syntax::{Name, PartKind};
use fovea_graph::Span;

/// What the data is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Images,
    Npy,
    Csv,
    /// `= digits[0..100]`
    Other,
    /// Known by its name.
    Own,
}

/// Says which clauses belong to another source.
pub(super) fn check(data: &Data, parts: &mut Parts<'_>) {
    if !parts.mistakes.is_empty() {
        return;
    }
    if let (Some(normalize), Some(raw)) = (&data.normalize, &data.raw) {
        let error = parts.error(raw.word, "`raw` values are not normalised").expected("one of the two");
        parts.one_of_two(error, normalize.span, raw.span);
        return;
    }
    let Some(source) = source(data, parts) else { return };
    match source {
        Source::Images => images(data, parts),
        Source::Npy | Source::Csv => {
            foreign(parts, &data.size, "an array's samples have their size: `size` belongs to `images`");
            foreign(parts, &data.skip, "an array is read whole: `skip broken` belongs to `images`");
            if source == Source::Csv { table(data, parts) } else { array(data, parts) }
        }
        Source::Other => {
            of_files(data, parts);
            foreign(parts, &data.skip, "`skip broken` belongs to `images`");
            if let (Some(part), Some(_)) = (&data.part, data.basis.data.as_ref().and_then(|data| data.range)) {
                let error = parts.error(part.word, "`[…]` and `part` both say which samples");
                parts.wrong(error.mend(part.cut(), "").help("leave one of the two out"));
            }
        }
        Source::Own => {
            of_files(data, parts);
            foreign(parts, &data.split, "`split` belongs to `images`, `npy`, `csv` and to a part of other data");
            foreign(parts, &data.skip, "`skip broken` belongs to `images`");
        }
    }
    if source != Source::Other {
        foreign(parts, &data.part, "`part` belongs to other data: `data few = digits part 0.1`");
    }
}

/// What the data is made from; none where that is wrong, which is said.
fn source(data: &Data, parts: &mut Parts<'_>) -> Option<Source> {
    let equals = parts.parts.get(1).filter(|part| part.kind == PartKind::Equals).map(|part| part.span);
    let mut said: Vec<(&str, Span, Span, Source)> = Vec::new();
    let mut add = |word, place: Option<(Span, Span)>, source| {
        said.extend(place.map(|(opened, span)| (word, opened, span, source)));
    };
    add("images", data.images.as_ref().map(|said| (said.word, said.span)), Source::Images);
    add("npy", data.npy.as_ref().map(|said| (said.word, said.span)), Source::Npy);
    add("csv", data.csv.as_ref().map(|said| (said.word, said.span)), Source::Csv);
    said.sort_by_key(|(_, _, span, _)| span.start);
    let basis = data.basis.data.as_ref();
    match (&said[..], basis, equals) {
        (&[(first, _, first_span, _), (second, word, second_span, _), ..], ..) => {
            let (a, b) = if first > second { (second, first) } else { (first, second) };
            let error = parts.error(word, format!("`{a}` and `{b}` stand together")).expected("one of the two");
            parts.one_of_two(error, first_span, second_span);
            None
        }
        (&[(word, place, ..)], Some(other), _) => {
            let name = quoted(&other.data.text);
            let error = parts.error(place, format!("`{name}` and `{word}` stand together")).expected("one of the two");
            let span = said[0].2;
            parts.one_of_two(error, other.span, span);
            None
        }
        (&[(word, place, ..)], None, None) => {
            let error = parts.error(place, format!("`=` is missing before `{word}`")).found(word).expected("`=`");
            parts.wrong(error.put_before(place, "= ").help(format!("write `= {word}`")));
            None
        }
        (&[(.., source)], None, Some(_)) => Some(source),
        ([], Some(_), _) => Some(Source::Other),
        ([], None, None) => Some(Source::Own),
        ([], None, Some(equals)) => {
            let error = parts.error(equals, "what the data comes from is missing").found("=");
            let error = error.expected("`images`, `npy` or `csv`").put_behind(equals, " images \"pets/\"");
            parts.wrong(error.help("write `images \"pets/\"`, say, for a folder of pictures with a folder a class"));
            None
        }
    }
}

/// Clauses of pictures in a folder.
fn images(data: &Data, parts: &mut Parts<'_>) {
    foreign(parts, &data.read_as, "a picture's label is its class: `as` belongs to `npy`");
    if let Some(shape) = &data.shape {
        let error = parts.error(shape.word, "pictures are brought to a `size`: `shape` belongs to `npy` and `csv`");
        parts.wrong(error.expected("`size`").write(shape.word, "size"));
    }
    if let Some(masks) = &data.masks {
        one_array(parts, masks.value.member.as_ref(), "the masks of pictures are a folder");
    }
    let Some(labels) = &data.labels else { return };
    if both(data, parts) {
        return;
    }
    let is_array = |file: &Name| file.text.ends_with(".npy") || file.text.ends_with(".npz");
    if labels.value.file.as_ref().is_some_and(is_array) {
        let error = parts.error(labels.what, "the labels of pictures are a table, and no array").expected("a csv file");
        let error = error.mend(labels.cut(), "");
        parts.wrong(error.help("leave it out where the folders say the classes, or write `labels \"labels.csv\"`"));
    } else if labels.value.file.is_none() {
        let error = parts.error(labels.what, "the labels of pictures are a table of its own").expected("a file");
        parts.wrong(error.put_behind(labels.word, " \"labels.csv\"").help("write `labels \"labels.csv\"`, say"));
    } else if let [_, second, ..] = &labels.value.columns[..] {
        let error = parts.error(span_of(second), "a picture has one class, of one column");
        let mend = parts.cut(span_of(second));
        parts.wrong(error.expected("one column").mend(mend, "").help("leave the others out"));
    } else {
        one_array(parts, labels.value.member.as_ref(), "the labels of pictures are a table");
    }
}

/// Clauses of an array.
fn array(data: &Data, parts: &mut Parts<'_>) {
    let Some(npy) = &data.npy else { return };
    if both(data, parts) {
        return;
    }
    if let (Some(read_as), None) = (&data.read_as, &data.labels) {
        let error = parts.error(read_as.word, "`as` says what labels are taken for, and there are none");
        let error = error.expected("`labels` and a file").put_before(read_as.word, "labels \"y.npy\" ");
        parts.wrong(error.mend(read_as.cut(), "").help("write `labels \"y.npy\"`, say, or leave it out"));
    }
    let Some(labels) = &data.labels else { return };
    if let Some(column) = labels.value.columns.first() {
        let error = parts.error(span_of(column), "an array has no columns of its own: `column` belongs to `csv`");
        parts.wrong(
            error.expected("a file").mend(labels.span, "labels \"y.npy\"").help("write `labels \"y.npy\"`, say"),
        );
        return;
    }
    let is_one = npy.value.file.text.to_ascii_lowercase().ends_with(".npy");
    if let (None, Some(member), true) = (&labels.value.file, &labels.value.member, is_one) {
        let error = parts.error(member.span, "the file's name stands in quotes").found(quoted(&member.text));
        parts.wrong(error.expected("a string").write(member.span, format!("\"{}.npy\"", member.text)));
    }
}

/// Clauses of a table.
fn table(data: &Data, parts: &mut Parts<'_>) {
    let Some(csv) = &data.csv else { return };
    foreign(parts, &data.masks, "a table has no masks: `masks` belongs to `images` and `npy`");
    let column = "labels column \"class\"";
    if let (Some(read_as), None) = (&data.read_as, &data.labels) {
        let error = parts.error(read_as.word, "`as` says what labels are taken for, and there are none");
        let error = error.expected("`labels column` and its name").put_behind(csv.span, format!(" {column}"));
        parts.wrong(error.mend(read_as.cut(), "").help(format!("write `{column}`, say, or leave it out")));
    }
    match &data.labels {
        Some(labels)
            if labels.value.columns.is_empty() || labels.value.file.is_some() || labels.value.member.is_some() =>
        {
            let error = parts.error(labels.what, "a table's labels are one of its columns");
            let mend = match (&labels.value.file, &labels.value.member, labels.value.columns.first()) {
                (_, _, Some(Column::Named(name))) => format!("labels column \"{}\"", name.text),
                (_, _, Some(Column::Number(number, _))) => format!("labels column {number}"),
                (Some(name), ..) | (None, Some(name), _) if !name.text.contains(['.', '/']) => {
                    format!("labels column \"{}\"", name.text)
                }
                _ => column.to_string(),
            };
            let error = error.expected("`column` and its name").mend(labels.span, mend.clone());
            parts.wrong(error.help(format!("write `{mend}`")));
        }
        Some(_) | None => {}
    }
}

/// Says that nothing is read that these clauses would be about.
fn of_files(data: &Data, parts: &mut Parts<'_>) {
    foreign(parts, &data.labels, "`labels` belongs to `images`, `npy` and `csv`");
    foreign(parts, &data.masks, "`masks` belongs to `images` and `npy`");
    foreign(parts, &data.read_as, "`as` belongs to `npy`");
    foreign(parts, &data.shape, "`shape` belongs to `npy` and `csv`");
}

/// Says where there are both a class a sample and a class a pixel.
fn both(data: &Data, parts: &mut Parts<'_>) -> bool {
    let (Some(labels), Some(masks)) = (&data.labels, &data.masks) else { return false };
    let (first, second) = if labels.span.start < masks.span.start {
        (labels.span, (masks.word, masks.span))
    } else {
        (masks.span, (labels.word, labels.span))
    };
    let error =
        parts.error(second.0, "`labels` are a class a sample, `masks` a class a pixel").expected("one of the two");
    parts.one_of_two(error, first, second.1);
    true
}

/// Says that no array's name belongs behind what is no archive.
fn one_array(parts: &mut Parts<'_>, member: Option<&Name>, why: &str) {
    if let Some(member) = member {
        let error = parts.error(member.span, format!("{why}, and no array of an archive")).found(quoted(&member.text));
        parts.wrong(error.mend(parts.cut(member.span), "").help("leave it out"));
    }
}

fn span_of(column: &Column) -> Span {
    match column {
        Column::Named(name) => name.span,
        Column::Number(_, span) => *span,
    }
}

/// Says why a clause cannot stand here, where it does.
fn foreign<T>(parts: &mut Parts<'_>, said: &Option<Said<T>>, why: &str) {
    if let Some(said) = said {
        let error = parts.error(said.word, why).mend(said.cut(), "").help("leave it out");
        parts.wrong(error);
    }
}
