//! `save lenet "lenet.safetensors"`, `save vgg16 "vgg16.safetensors" as torchvision`, `save shapes "shapes/"`

use super::about::Behind;
use super::behind::{FILE, NET_OR_DATA};
use super::clause::{NAMED_AS, Path, Publisher};
use super::declare::verb;
use super::elsewhere;
use super::mends::is_word;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

verb! {
    /// `save NET "FILE"`, `save DATA "FOLDER"`
    Save: "save", "save lenet \"lenet.safetensors\"";
    behind {
        /// Which net, or which data.
        net: Name = NET_OR_DATA,
        /// Where to.
        path: Path = WHERE,
    }
    takes {
        named: Publisher = NAMED_AS,
    }
}

const WHERE: Behind<Name> = Behind { read: place, ..FILE };

/// The file's name; whose names it has stands behind it.
fn place(parts: &mut Parts<'_>) -> Option<Name> {
    let (word, file) =
        match parts.parts.get(parts.at..) {
            Some(
                [before, Part { kind: PartKind::Word(word), .. }, file @ Part { kind: PartKind::Text(_), .. }, ..],
            ) if is_word(before, "as") => (word, file),
            _ => return (FILE.read)(parts),
        };
    parts.at += 3;
    let place = parts.span_of(parts.at - 3, parts.at - 1);
    let known = [Publisher::Torchvision.word()];
    let ours = known.into_iter().find(|known| word.eq_ignore_ascii_case(known));
    let whose = ours.or_else(|| elsewhere::named(word, &known)).map(|word| format!(" as {word}"));
    let error = parts.error(place, "the file's name stands right behind the net").found(quoted(&format!("as {word}")));
    parts.wrong(error.expected("a string").write(place, format!("{file}{}", whose.unwrap_or_default())));
    None
}
