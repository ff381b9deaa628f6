//! Words of statements and of clauses: parsing knows them from here, and messages draw their suggestions from here.

use std::collections::BTreeSet;

use super::{About, ClauseAbout, Offer, VERBS};
use crate::diagnostic::list;

/// Statements that define something.
const DEFINITIONS: &[&str] = &["net", "block", "let"];

/// The statement under which stands raw text.
const SLIDE: &str = "slide";

/// Statements whose words are layers, too: a matrix tells them apart.
pub(crate) const LAYERS_TOO: &[&str] = &["pool", "deconv"];

/// Clauses of the language that no verb here takes.
const ABSENT_CLAUSES: &[&str] = &["mixed"];

/// The verb of this word.
pub(crate) fn verb(word: &str) -> Option<&'static About> {
    VERBS.iter().find(|verb| verb.word.eq_ignore_ascii_case(word))
}

/// Every clause, of whatever verb; a word stands there once for each verb that takes it.
pub(crate) fn clauses() -> impl Iterator<Item = &'static ClauseAbout> {
    VERBS.iter().flat_map(|verb| verb.clauses.iter().copied())
}

/// The word at the start of `text`, `%` before it included; empty where there is none.
pub(crate) fn first_word(text: &str) -> &str {
    let signs = text.len() - text.trim_start_matches('%').len();
    let rest = &text[signs..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    &text[..signs + end]
}

/// Whether a text begins as a statement does: with a statement's word; behind one that is a layer's too, `pool`, stands
/// a matrix.
pub(crate) fn begins_statement(text: &str) -> bool {
    let word = first_word(text);
    let is_one = || statements().any(|known| known.eq_ignore_ascii_case(word));
    is_statement_word(word) || is_slide(word) || is_one() && text[word.len()..].trim_start().starts_with('[')
}

/// Whether a statement begins with this word, whatever follows.
pub(crate) fn is_statement_word(word: &str) -> bool {
    plain_words().any(|known| known.eq_ignore_ascii_case(word))
}

/// The words that begin a statement whatever follows: none is a layer's.
pub(crate) fn plain_words() -> impl Iterator<Item = &'static str> {
    statements().filter(|word| !LAYERS_TOO.contains(word))
}

/// Whether a slide begins with this word: `slide`, or the `%%slide` of a cell.
pub(crate) fn is_slide(word: &str) -> bool {
    word.strip_prefix("%%").unwrap_or(word).eq_ignore_ascii_case(SLIDE)
}

/// Whether this word begins a definition.
pub(crate) fn is_definition(word: &str) -> bool {
    DEFINITIONS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a clause of some verb begins with this word.
pub(crate) fn is_clause_word(word: &str) -> bool {
    clauses().any(|clause| clause.word.eq_ignore_ascii_case(word))
        || ABSENT_CLAUSES.iter().any(|clause| clause.eq_ignore_ascii_case(word))
}

/// Every word that begins a clause, those too that no verb here takes.
pub(crate) fn clause_words() -> impl Iterator<Item = &'static str> {
    clauses().map(|clause| clause.word).chain(ABSENT_CLAUSES.iter().copied())
}

/// The page of a verb, or of a clause.
pub(crate) fn page(word: &str) -> Option<&'static str> {
    let clause = || clauses().find(|clause| clause.word == word).map(|clause| clause.page);
    VERBS.iter().find(|verb| verb.word == word).map(|verb| verb.page).or_else(clause)
}

/// The verbs that take a clause of this word.
pub(crate) fn verbs_with(word: &str) -> impl Iterator<Item = &'static str> {
    let takes = move |verb: &&About| verb.clauses.iter().any(|clause| clause.word.eq_ignore_ascii_case(word));
    VERBS.iter().filter(takes).map(|verb| verb.word)
}

/// Words that belong to the clauses of some verb, each once: `epochs`, `run` and their like.
pub(crate) fn clause_parts() -> impl Iterator<Item = &'static str> {
    let words = clauses().flat_map(|clause| clause.behind).filter_map(|offer| match offer {
        Offer::Words(words) => Some(*words),
        _ => None,
    });
    words.flatten().copied().collect::<BTreeSet<_>>().into_iter()
}

/// The verbs that are about the session itself: they begin with `%`.
pub(crate) fn of_the_session() -> impl Iterator<Item = &'static str> {
    VERBS.iter().map(|verb| verb.word).filter(|verb| verb.starts_with('%'))
}

/// Every word that begins a statement.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().copied().chain([SLIDE]).chain(VERBS.iter().map(|verb| verb.word))
}

/// `net, let, … and note`
pub(crate) fn statement_words() -> String {
    list(&statements().collect::<Vec<_>>(), "and")
}
