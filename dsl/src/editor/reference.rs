//! The reference: what every word of the language means, from `REFERENCE.md`.

use super::tokens::{Look, tokens};

/// The whole of it.
const REFERENCE: &str = include_str!("../../REFERENCE.md");

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

/// The examples of the reference: each program, and whether it can be run as it stands. (One that goes on with a run
/// of earlier days can only be checked.)
pub fn examples() -> impl Iterator<Item = (&'static str, bool)> {
    REFERENCE.split("\n```fovea").skip(1).filter_map(|rest| {
        let (kind, rest) = rest.split_once('\n')?;
        let (example, _) = rest.split_once("\n```")?;
        Some((example, kind.trim().is_empty()))
    })
}

/// The words that have a page.
pub fn words() -> impl Iterator<Item = &'static str> {
    let headings = REFERENCE.split("\n### ").skip(1).filter_map(|section| section.lines().next());
    headings.flat_map(|heading| heading.split(',')).map(str::trim)
}

/// What a word means, in its page's first sentence.
pub(super) fn sentence(word: &str) -> &'static str {
    let Some(page) = inspect(word) else { return "" };
    let body = page.split_once("\n\n").map_or("", |(_, body)| body);
    let body = body.split("\n\n").next().unwrap_or_default();
    let end = body.find(['.', ':', '\n']).unwrap_or(body.len());
    body[..end].trim()
}

fn page(word: &str) -> Option<&'static str> {
    REFERENCE.split("\n### ").skip(1).find_map(|section| {
        let heading = section.lines().next()?;
        let is_here = heading.split(',').any(|name| name.trim() == word);
        // A chapter's heading ends the section before it.
        is_here.then(|| section.split("\n## ").next().unwrap_or(section).trim_end())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::command::optimizer::{OPTIMIZERS, SCHEDULES};
    use crate::command::table;
    use crate::parse::words;

    #[test]
    fn every_word_has_its_page() {
        let mut all: Vec<&str> = words::all_words().chain(table::statements()).collect();
        all.extend(table::CLAUSES.iter().map(|clause| clause.word));
        for named in OPTIMIZERS {
            all.push(named.word);
            all.extend(named.numbers.iter().map(|number| number.key));
        }
        for named in SCHEDULES {
            all.push(named.word);
            all.extend(named.numbers.iter().map(|number| number.key));
        }
        all.extend(["where", "as", "input", "to", "run", "epochs", "zeros"]);
        for word in all {
            let page = inspect(word).unwrap_or_else(|| panic!("`{word}` has no page"));
            assert!(page.contains("```fovea"), "`{word}` has no example");
            assert!(sentence(word).len() > 5, "`{word}`");
        }
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
