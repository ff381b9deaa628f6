//! Parts a lecture into its slides.

use std::ops::Range;

/// A line of a lecture.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// Where it stands, its end of line left out.
    pub place: Range<usize>,
    /// It, as it stands.
    pub text: &'a str,
    /// It, made plain.
    pub plain: &'a str,
}

impl Line<'_> {
    /// Whether nothing stands on it.
    pub fn is_blank(&self) -> bool {
        self.plain.trim().is_empty()
    }
}

/// The lines of a text; `plain` is the same made plain.
pub(super) fn lines<'a>(text: &'a str, plain: &'a str) -> Vec<Line<'a>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        let place = start..start + line.strip_suffix('\r').unwrap_or(line).len();
        let plain = plain.get(place.clone()).unwrap_or_default();
        lines.push(Line { number: at + 1, text: &text[place.clone()], plain, place });
        start += line.len() + 1;
    }
    lines
}

/// A slide: its title and its lines, by their index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub title: String,
    pub lines: Range<usize>,
}

/// The slides of a lecture. A heading begins one, and what stands behind a page break without a heading goes on with
/// it; where there is no heading at all, page breaks part slides.
pub(super) fn parts(lines: &[Line<'_>]) -> Vec<Part> {
    let headings = titles(lines);
    let begins: Vec<(usize, Option<String>)> = if headings.is_empty() {
        let breaks = lines.iter().enumerate().filter(|(_, line)| is_break(line.text));
        std::iter::once(0).chain(breaks.map(|(at, _)| at)).map(|at| (at, None)).collect()
    } else {
        let front = (headings[0].0 > 0).then_some((0, None));
        front.into_iter().chain(headings.into_iter().map(|(at, title)| (at, Some(title)))).collect()
    };
    let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([lines.len()]).collect::<Vec<_>>();
    let mut parts = Vec::new();
    for ((start, title), end) in begins.into_iter().zip(ends) {
        let body = &lines[start..end];
        let first =
            || body.iter().find(|line| is_text(line)).map(|line| heading_words(line).unwrap_or(squeezed(line.plain)));
        let Some(title) = title.or_else(first) else { continue };
        parts.push(Part { title, lines: start..end });
    }
    parts
}

/// The headings that begin a slide: those of the highest level that has more than one, and where they stand.
fn titles(lines: &[Line<'_>]) -> Vec<(usize, String)> {
    let fences = lines.iter().filter(|line| is_fence(line.text)).count();
    let mut is_code = false;
    let mut headings = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        // One that is never closed hides nothing.
        is_code ^= fences.is_multiple_of(2) && is_fence(line.text);
        if let Some((level, title)) = heading(line).filter(|_| !is_code) {
            headings.push((at, level, title));
        }
    }
    let level = (1..=6).find(|&level| headings.iter().filter(|heading| heading.1 == level).count() > 1);
    let Some(level) = level.or_else(|| headings.iter().map(|heading| heading.1).min()) else { return Vec::new() };
    headings.retain(|heading| heading.1 == level);
    // `# filters` in a drawing is a number of filters, where other headings begin with a capital.
    let is_small = |title: &str| title.chars().next().is_some_and(char::is_lowercase);
    let small = headings.iter().filter(|heading| is_small(&heading.2)).count();
    if 2 * small < headings.len() {
        headings.retain(|heading| !is_small(&heading.2));
    }
    headings.into_iter().map(|(at, _, title)| (at, title)).collect()
}

/// A heading's level and its words.
fn heading(line: &Line<'_>) -> Option<(usize, String)> {
    let text = line.text.trim_start_matches('\u{c}');
    let level = text.bytes().take_while(|&byte| byte == b'#').count();
    let is_heading = (1..=6).contains(&level) && text.as_bytes().get(level) == Some(&b' ');
    let plain = line.plain.trim_start().trim_start_matches('#').trim_end_matches(['#', ' ']);
    let title = squeezed(plain);
    (is_heading && !title.is_empty()).then_some((level, title))
}

/// The heading's words, where a line is one of any level.
pub(super) fn heading_words(line: &Line<'_>) -> Option<String> {
    heading(line).map(|(_, title)| title)
}

fn is_fence(text: &str) -> bool {
    text.trim_start().starts_with("```")
}

/// A page break: a form feed, or a line of dashes.
fn is_break(text: &str) -> bool {
    let line = text.trim();
    let is_rule = |sign: char| line.len() >= 3 && line.chars().all(|c| c == sign);
    text.contains('\u{c}') || is_rule('-') || is_rule('*') || is_rule('_')
}

/// Whether words stand on a line.
fn is_text(line: &Line<'_>) -> bool {
    line.plain.chars().any(char::is_alphanumeric)
}

/// Runs of space as one, and not longer than a title is.
fn squeezed(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut title = String::new();
    for word in text.split_whitespace() {
        if !title.is_empty() {
            title.push(' ');
        }
        title.extend(word.chars().take(LONGEST));
        if title.chars().count() >= LONGEST {
            break;
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles_of(text: &str) -> Vec<(String, Range<usize>)> {
        let plain = crate::slide::plain::plain(text);
        parts(&lines(text, &plain)).into_iter().map(|part| (part.title, part.lines)).collect()
    }

    #[test]
    fn a_heading_begins_a_slide_and_a_page_break_goes_on_with_it() {
        let text =
            "---\n\n# Title page\n\n---\nby me\n# Pools\n\u{c}\nmore\n\u{c}# Ends  \n## really\n# filters\n|#1×1|\n";
        let expected = [("Title page", 2..6), ("Pools", 6..9), ("Ends", 9..14)];
        assert_eq!(titles_of(text), expected.map(|(title, lines)| (title.to_string(), lines)));
    }

    #[test]
    fn without_headings_page_breaks_part_slides() {
        let expected = [("one", 0..2), ("two", 2..4), ("three", 4..6)];
        assert_eq!(titles_of("one\n\n---\ntwo\n\u{c}three\n"), expected.map(|(t, lines)| (t.to_string(), lines)));
        assert_eq!(titles_of("\n \n"), []);
        assert_eq!(titles_of(""), []);
    }

    #[test]
    fn a_comment_in_code_is_no_heading_and_one_title_heads_many_slides() {
        let text = "# Lecture 5\n## One\n```\n# no\n## neither\n```\n## Two\n";
        let expected = [("Lecture 5", 0..1), ("One", 1..6), ("Two", 6..8)];
        assert_eq!(titles_of(text), expected.map(|(title, lines)| (title.to_string(), lines)));
    }
}
