//! The language's words, for editors: what a word is, and how it is written.

use crate::command::table;
use crate::parse::words;

/// What a word of the language is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// It begins a statement.
    Statement,
    /// It begins a clause of a statement.
    Clause,
    /// A layer.
    Layer,
    /// An option of layers.
    Option,
}

/// A word of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, in lower case.
    pub word: &'static str,
    /// What it is.
    pub kind: WordKind,
    /// How it is written.
    pub example: &'static str,
}

/// Every word; one that is several things comes several times (`train` is a statement and a clause).
pub fn all() -> impl Iterator<Item = Word> {
    let statements = table::statements().map(|word| {
        let example = match word {
            "net" => "net tiny = 8x8x1 - conv 8 3x3 - relu - pool, softmax",
            "let" => "let k = 3",
            "block" => "block pair(n) = conv n 3x3 - relu",
            verb => table::example(verb),
        };
        Word { word, kind: WordKind::Statement, example }
    });
    let clauses =
        table::CLAUSES.iter().map(|clause| Word { word: clause.word, kind: WordKind::Clause, example: clause.example });
    let layers = words::layers().map(|(word, example)| Word { word, kind: WordKind::Layer, example });
    let options = words::options().map(|(word, _)| Word { word, kind: WordKind::Option, example: word });
    statements.chain(clauses).chain(layers).chain(options)
}

/// The clauses that a verb takes.
pub fn clauses_of(verb: &str) -> impl Iterator<Item = Word> {
    table::clauses_of(verb).map(|clause| Word { word: clause.word, kind: WordKind::Clause, example: clause.example })
}
