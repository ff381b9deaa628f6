//! Colours: what kind of word each piece of a text is, while it is typed, right or wrong.

use std::ops::Range;

use super::nameless;
use super::tokens::{Look, tokens};
use crate::parse::lines;
use crate::parse::words::{self, ChainWord, chain_word};
use crate::verb::clause::every_named;
use crate::verb::words as verbs;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The word that begins a statement.
    Statement,
    /// A layer, or a word that stands where a layer stands.
    Layer,
    /// A layer's option, an optimizer, a schedule, a layout.
    Option,
    /// A clause's word; `where`, `as`.
    Clause,
    /// A name.
    Name,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A comment.
    Comment,
    /// A sign.
    Sign,
}

/// The pieces of a text in order, each with its bytes; what lies between is space.
pub fn highlight(text: &str) -> Vec<(Range<usize>, Token)> {
    let plain = lines::plain(text);
    let starts: Vec<usize> = lines::statements(&nameless(text), &plain).map(|chunk| chunk.start).collect();
    let mut statement = "";
    let mut begins_item = true;
    let mut found = Vec::new();
    for (range, look) in tokens(text) {
        let piece = &text[range.clone()];
        let token = match look {
            Look::Comment => Token::Comment,
            Look::Text => Token::Text,
            Look::Number => Token::Number,
            Look::Sign => Token::Sign,
            Look::Word if is_size(&text[..range.start], piece) => Token::Number,
            Look::Word if starts.binary_search(&range.start).is_ok() => {
                statement = piece;
                if verbs::begins_statement(&text[range.start..]) { Token::Statement } else { Token::Name }
            }
            Look::Word if verbs::is_definition(statement) => in_chain(piece, begins_item),
            Look::Word => in_verb(piece, statement),
        };
        // A slide's text is no program.
        if verbs::is_slide(statement) && token != Token::Statement {
            continue;
        }
        if look != Look::Comment {
            begins_item = look == Look::Sign && !matches!(piece, ")" | "]" | "}" | "/" | "{");
        }
        found.push((range, token));
    }
    found
}

/// Whether this goes on with a number: `x5` of `5x5`.
fn is_size(before: &str, word: &str) -> bool {
    let joined = word.starts_with(['x', 'X']) && word.len() > 1 && before.ends_with(|c: char| c.is_ascii_digit());
    joined && word.chars().all(|c| c.is_ascii_digit() || matches!(c, 'x' | 'X'))
}

/// Clauses of a chain.
pub(super) const CHAIN_CLAUSES: &[&str] = &["where", "as"];
/// Options of one layer only.
pub(super) const CHAIN_OPTIONS: &[&str] = &["eps", "momentum", "alpha", "beta", "zeros"];
fn in_chain(word: &str, begins_item: bool) -> Token {
    if CHAIN_CLAUSES.iter().any(|clause| clause.eq_ignore_ascii_case(word)) {
        return Token::Clause;
    }
    let own_key = || CHAIN_OPTIONS.iter().any(|key| key.eq_ignore_ascii_case(word));
    match chain_word(word) {
        _ if !begins_item && (words::is_option(word) || own_key()) => Token::Option,
        ChainWord::Layer(..) | ChainWord::Input | ChainWord::Link(_) => Token::Layer,
        _ => Token::Name,
    }
}

fn in_verb(word: &str, verb: &str) -> Token {
    let is = |known: &str| known.eq_ignore_ascii_case(word);
    let is_clause = verbs::verb(verb).is_some_and(|verb| verb.clauses.iter().any(|clause| is(clause.word)));
    if is_clause || verbs::clause_parts().any(is) {
        Token::Clause
    } else if every_named().any(|(word, _)| is(word)) {
        Token::Option
    } else {
        Token::Name
    }
}
