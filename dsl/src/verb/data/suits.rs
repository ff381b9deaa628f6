//! Which clauses of `data` stand together: those of pictures in folders, those of arrays, those of what is built in.

use super::super::Said;
use super::super::read::Parts;
use super::Data;
use crate::syntax::PartKind;

/// Says which clauses belong to another source.
pub(super) fn check(data: &Data, parts: &mut Parts<'_>) {
    if !parts.mistakes.is_empty() {
        return;
    }
    let equals = parts.parts.get(1).filter(|part| part.kind == PartKind::Equals).map(|part| part.span);
    match (&data.images, &data.npy, equals) {
        (Some(images), Some(npy), _) => {
            let (first, second) = if images.span.start < npy.span.start { (images, npy) } else { (npy, images) };
            let error = parts.error(second.word, "`images` and `npy` stand together").expected("one of the two");
            parts.one_of_two(error, first.span, second.span);
        }
        (Some(source), None, None) => lacks_equals(parts, source, "images"),
        (None, Some(source), None) => lacks_equals(parts, source, "npy"),
        (Some(_), None, Some(_)) => {
            if let Some(shape) = &data.shape {
                let error = parts.error(shape.word, "pictures are brought to a `size`: `shape` belongs to `npy`");
                parts.wrong(error.expected("`size`").write(shape.word, "size"));
            }
            foreign(parts, &data.labels, "a picture's class is its folder's name: `labels` belongs to `npy`");
            foreign(parts, &data.read_as, "a picture's class is its folder's name: `as` belongs to `npy`");
        }
        (None, Some(_), Some(_)) => {
            foreign(parts, &data.size, "an array's samples have their size: `size` belongs to `images`");
            foreign(parts, &data.skip, "an array is read whole: `skip broken` belongs to `images`");
            if let (Some(read_as), None) = (&data.read_as, &data.labels) {
                let error = parts.error(read_as.word, "`as` says what labels are taken for, and there are none");
                let error = error.expected("`labels` and a file").put_before(read_as.word, "labels \"y.npy\" ");
                parts.wrong(error.mend(read_as.cut(), "").help("write `labels \"y.npy\"`, say, or leave it out"));
            }
        }
        (None, None, Some(equals)) => {
            let error = parts.error(equals, "what the data comes from is missing").found("=");
            let error = error.expected("`images` or `npy`").put_behind(equals, " images \"pets/\"");
            parts.wrong(error.help("write `images \"pets/\"`, say, for a folder of pictures with a folder a class"));
        }
        (None, None, None) => {
            foreign(parts, &data.labels, "`labels` belongs to `npy`");
            foreign(parts, &data.read_as, "`as` belongs to `npy`");
            foreign(parts, &data.shape, "`shape` belongs to `npy`");
            foreign(parts, &data.split, "`split` belongs to `images` and `npy`");
            foreign(parts, &data.skip, "`skip broken` belongs to `images`");
        }
    }
}

/// `data pets images "pets/"`
fn lacks_equals<T>(parts: &mut Parts<'_>, source: &Said<T>, word: &str) {
    let error = parts.error(source.word, format!("`=` is missing before `{word}`")).found(word).expected("`=`");
    parts.wrong(error.put_before(source.word, "= ").help(format!("write `= {word}`")));
}

/// Says why a clause cannot stand here, where it does.
fn foreign<T>(parts: &mut Parts<'_>, said: &Option<Said<T>>, why: &str) {
    if let Some(said) = said {
        let error = parts.error(said.word, why).mend(said.cut(), "").help("leave it out");
        parts.wrong(error);
    }
}
