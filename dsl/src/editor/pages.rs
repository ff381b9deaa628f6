//! Pages: what a word means, for `?word` and beside completions.

use super::tokens::{Look, tokens};
use crate::reference;
use crate::verb::words as verbs;

/// The page about a word of the language, as Markdown: what it means, its defaults, an example.
pub fn inspect(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase().replace('-', "");
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    // `conv3` is a `conv`, `beta1` has a page of its own.
    page(&word).or_else(|| page(stem))
}

/// The page about the word that stands at byte `at` of a text, or ends there.
pub fn inspect_at(text: &str, at: usize) -> Option<&'static str> {
    let (range, _) = tokens(text)
        .into_iter()
        .rfind(|(range, look)| *look == Look::Word && (range.start..=range.end).contains(&at))?;
    inspect(&text[range])
}

/// What a word means, in its page's first sentence.
pub(super) fn sentence(word: &str) -> &'static str {
    let Some(page) = inspect(word) else { return "" };
    let body = page.split_once("\n\n").map_or("", |(_, body)| body);
    let body = body.split("\n\n").next().unwrap_or_default();
    let end = body.find(['.', ':', '\n']).unwrap_or(body.len());
    body[..end].trim()
}

/// The page of a verb, of a clause or of another word.
fn page(word: &str) -> Option<&'static str> {
    verbs::page(word).or_else(|| reference::find(word))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::parse::words;
    use crate::verb::clause::every_named;
    use crate::verb::words as verbs;

    #[test]
    fn every_word_has_its_page() {
        let mut all: Vec<&str> = words::all_words().chain(verbs::statements()).collect();
        all.extend(verbs::clauses().map(|clause| clause.word));
        for (word, numbers) in every_named() {
            all.push(word);
            all.extend(numbers.iter().map(|number| number.key));
        }
        all.extend(["where", "as", "input", "to", "run", "epochs", "zeros"]);
        for word in all {
            let page = inspect(word).unwrap_or_else(|| panic!("`{word}` has no page"));
            assert!(page.contains("```fovea"), "`{word}` has no example");
            assert!(sentence(word).len() > 5, "`{word}`");
        }
    }

    /// The headings of these chapters are words of the list of verbs, of their clauses, or of what clauses take.
    #[test]
    fn headings_are_words_of_the_language() {
        let others = ["net", "block", "let", "slide", "where", "matrix"];
        let is_statement = |word: &&str| others.contains(word) || verbs::verb(word).is_some();
        assert_eq!(reference::chapter("Statements").iter().find(|word| !is_statement(word)), None);
        let keys = every_named().flat_map(|(_, numbers)| numbers).map(|number| number.key);
        let named = every_named().map(|(word, _)| word);
        let known: Vec<&str> = verbs::clause_words().chain(verbs::clause_parts()).chain(keys).chain(named).collect();
        assert_eq!(reference::chapter("Clauses").iter().find(|word| !known.contains(word)), None);
        assert!(reference::chapter("Statements").len() > 20 && reference::chapter("Clauses").len() > 20);
    }

    #[test]
    fn pages_by_word_and_by_place() {
        assert!(inspect("conv").unwrap().starts_with("conv\n\nConvolution."));
        assert_eq!(inspect("CONV3"), inspect("conv"));
        assert_eq!(inspect("warm-up"), inspect("warmup"));
        assert_eq!(inspect("frobnicate"), None);
        assert!(!inspect("list").unwrap().contains("Statements"));
        let text = "net q = é - conv 64";
        assert_eq!(inspect_at(text, text.len() - 3), inspect("conv"));
        assert_eq!(inspect_at(text, text.len()), None);
        assert_eq!(inspect_at(text, 10_000), None);
    }
}
