//! The reference: what every word of the language means, from `REFERENCE.md`.

/// The whole of it.
const TEXT: &str = include_str!("../REFERENCE.md");

/// How many sections it has.
const COUNT: usize = count();

/// Where each section begins, behind the signs of its heading, and ends.
const SECTIONS: [(usize, usize); COUNT] = sections();

/// The section of a word that has one; where none has it, this does not compile.
pub(crate) const fn page(word: &str) -> &'static str {
    let mut at = 0;
    while at < COUNT {
        let section = section(at);
        if is_headed(section.as_bytes(), word.as_bytes()) {
            return section;
        }
        at += 1;
    }
    panic!("REFERENCE.md has no section for this word")
}

/// The examples of the reference: each program, and whether it can be run as it stands. (One that goes on with a run
/// of earlier days can only be checked.)
pub fn examples() -> impl Iterator<Item = (&'static str, bool)> {
    TEXT.split("\n```fovea").skip(1).filter_map(|rest| {
        let (kind, rest) = rest.split_once('\n')?;
        let (example, _) = rest.split_once("\n```")?;
        Some((example, kind.trim().is_empty()))
    })
}

/// The words that have a page.
pub fn words() -> impl Iterator<Item = &'static str> {
    (0..COUNT).map(section).filter_map(|section| section.lines().next()).flat_map(headed)
}

/// The words of a chapter, `Statements` or `Clauses`.
#[cfg(test)]
pub(crate) fn chapter(name: &str) -> Vec<&'static str> {
    let begins = format!("\n## {name}\n");
    let rest = TEXT.split(&begins).nth(1).unwrap_or_default();
    let text = rest.split("\n## ").next().unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("### ")).flat_map(headed).collect()
}

/// The section of a word, where it has one.
pub(crate) fn find(word: &str) -> Option<&'static str> {
    (0..COUNT).map(section).find(|section| is_headed(section.as_bytes(), word.as_bytes()))
}

fn headed(heading: &'static str) -> impl Iterator<Item = &'static str> {
    heading.split(',').map(str::trim)
}

const fn section(at: usize) -> &'static str {
    let (start, end) = SECTIONS[at];
    TEXT.split_at(end).0.split_at(start).1
}

/// Whether a section's first line has this word, between commas.
const fn is_headed(section: &[u8], word: &[u8]) -> bool {
    let mut at = 0;
    while at < section.len() {
        let start = at;
        while at < section.len() && section[at] != b',' && section[at] != b'\n' {
            at += 1;
        }
        if are_equal(section, start, at, word) {
            return true;
        }
        if at == section.len() || section[at] == b'\n' {
            return false;
        }
        at += 2; // the comma and a space
    }
    false
}

const fn are_equal(text: &[u8], start: usize, end: usize, word: &[u8]) -> bool {
    if end - start != word.len() {
        return false;
    }
    let mut at = 0;
    while at < word.len() && text[start + at] == word[at] {
        at += 1;
    }
    at == word.len()
}

/// Whether a line begins at byte `at` with so many `#` and a space.
const fn is_heading(at: usize, level: usize) -> bool {
    let text = TEXT.as_bytes();
    let mut sign = 0;
    while sign < level {
        if at + sign >= text.len() || text[at + sign] != b'#' {
            return false;
        }
        sign += 1;
    }
    at > 0 && text[at - 1] == b'\n' && at + level < text.len() && text[at + level] == b' '
}

const fn count() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < TEXT.len() {
        count += is_heading(at, 3) as usize;
        at += 1;
    }
    count
}

const fn sections() -> [(usize, usize); COUNT] {
    let mut sections = [(0, 0); COUNT];
    let (mut at, mut next) = (0, 0);
    while at < TEXT.len() {
        let is_section = is_heading(at, 3);
        // A chapter's heading ends the section before it.
        if next > 0 && sections[next - 1].1 == 0 && (is_section || is_heading(at, 2)) {
            sections[next - 1].1 = trimmed(at);
        }
        if is_section {
            sections[next].0 = at + "### ".len();
            next += 1;
        }
        at += 1;
    }
    if next > 0 && sections[next - 1].1 == 0 {
        sections[next - 1].1 = trimmed(TEXT.len());
    }
    sections
}

/// Before byte `end`, behind the last one that is no space.
const fn trimmed(mut end: usize) -> usize {
    while end > 0 && TEXT.as_bytes()[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    end
}
