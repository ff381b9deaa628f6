//! Signs that mean something elsewhere, and characters that nobody sees.

use super::{Reader, quoted, split};
use crate::diagnostic::Diagnostic;

/// Characters without a width of their own, from the first to the last of each kind, and what Unicode calls them.
const INVISIBLE: &[(char, char, &str)] = &[
    ('\0', '\0', "null"),
    ('\u{7}', '\u{7}', "bell"),
    ('\u{8}', '\u{8}', "backspace"),
    ('\u{1b}', '\u{1b}', "escape"),
    ('\u{1}', '\u{6}', "control character"),
    ('\u{e}', '\u{1f}', "control character"),
    ('\u{7f}', '\u{7f}', "delete"),
    ('\u{80}', '\u{9f}', "control character"),
    ('\u{ad}', '\u{ad}', "soft hyphen"),
    ('\u{34f}', '\u{34f}', "combining grapheme joiner"),
    ('\u{61c}', '\u{61c}', "arabic letter mark"),
    ('\u{115f}', '\u{1160}', "hangul filler"),
    ('\u{180b}', '\u{180f}', "mongolian vowel separator"),
    ('\u{200b}', '\u{200b}', "zero width space"),
    ('\u{200c}', '\u{200c}', "zero width non-joiner"),
    ('\u{200d}', '\u{200d}', "zero width joiner"),
    ('\u{200e}', '\u{200e}', "left-to-right mark"),
    ('\u{200f}', '\u{200f}', "right-to-left mark"),
    ('\u{202a}', '\u{202e}', "directional formatting"),
    ('\u{2060}', '\u{2060}', "word joiner"),
    ('\u{2061}', '\u{2064}', "invisible operator"),
    ('\u{2066}', '\u{2069}', "directional isolate"),
    ('\u{206a}', '\u{206f}', "deprecated format character"),
    ('\u{2800}', '\u{2800}', "braille pattern blank"),
    ('\u{3164}', '\u{3164}', "hangul filler"),
    ('\u{fe00}', '\u{fe0f}', "variation selector"),
    ('\u{feff}', '\u{feff}', "byte order mark"),
    ('\u{ffa0}', '\u{ffa0}', "halfwidth hangul filler"),
    ('\u{fff9}', '\u{fffb}', "interlinear annotation"),
    ('\u{e0000}', '\u{e007f}', "tag"),
    ('\u{e0100}', '\u{e01ef}', "variation selector"),
];

/// The digits that stand high, from 0 to 9.
const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// `U+00AD, soft hyphen`, where nobody sees the character.
pub(super) fn invisible(c: char) -> Option<String> {
    if c == ' ' || c.is_ascii_graphic() {
        return None;
    }
    let (.., name) = INVISIBLE.iter().find(|(first, last, _)| (*first..=*last).contains(&c))?;
    Some(format!("U+{:04X}, {name}", u32::from(c)))
}

impl Reader<'_> {
    /// A character that nobody sees, where it is not between words.
    pub(super) fn unseen(&self) -> Option<Diagnostic> {
        let (at, c, name) = self.outside_strings().find_map(|(at, c)| Some((at, c, invisible(c)?))).or_else(|| {
            // Some were blanked as space; inside a word they part what looks like one.
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let parts = |at: usize, c: char| {
                let (before, behind) = (self.text.get(..at), self.text.get(at + c.len_utf8()..));
                before.is_some_and(|text| text.ends_with(is_word))
                    && behind.is_some_and(|text| text.starts_with(is_word))
            };
            let unseen = self.original.char_indices().filter_map(|(at, c)| Some((at, c, invisible(c)?)));
            let mut blanked = unseen.filter(|&(at, ..)| self.text.get(at..).is_some_and(|text| text.starts_with(' ')));
            blanked.find(|&(at, c, _)| parts(at, c))
        })?;
        let span = self.span(at, at + c.len_utf8());
        let error = self.wrong(span, format!("an invisible character: {name}")).found(name);
        Some(error.help("remove it").mend(span, ""))
    }

    /// The first sign that means nothing wherever it stands, with its mend: `//`, `1_000`, `50%`, `²`.
    pub(super) fn foreign_sign(&self) -> Option<Diagnostic> {
        let mut number: Option<usize> = None;
        let mut before = ' ';
        for (at, c) in self.outside_strings() {
            let rest = &self.text[at..];
            let found = match c {
                '/' if rest.starts_with("//") || rest.starts_with("/*") => Some(self.no_comment(at)),
                '_' if number.is_some() && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    number.map(|start| self.parted_number(start))
                }
                '%' => number.map(|start| self.percent(start, at)),
                c if SUPERSCRIPTS.contains(&c) => Some(self.superscript(at)),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
            let goes_on = c.is_ascii_digit() || (c == '.' && number.is_some());
            number = match number {
                Some(start) if goes_on => Some(start),
                None if c.is_ascii_digit() && !before.is_ascii_alphabetic() && before != '_' => Some(at),
                _ => None,
            };
            // A digit inside a name begins no number.
            before = if number.is_none() && c.is_ascii_digit() { before } else { c };
        }
        None
    }

    fn no_comment(&self, at: usize) -> Diagnostic {
        let span = self.span(at, at + 2);
        let sign = self.written(span);
        self.wrong(span, format!("`{sign}` begins no comment here")).expected("`#`").write(span, "#")
    }

    fn parted_number(&self, start: usize) -> Diagnostic {
        let text = &self.text[start..];
        let length = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
        let span = self.span(start, start + length);
        let mend = text[..length].replace('_', "");
        self.wrong(span, "a number has no `_`").expected(mend.clone()).write(span, mend)
    }

    fn percent(&self, start: usize, at: usize) -> Diagnostic {
        if let Some((place, mend)) = split::mend(self.text, at) {
            let span = self.span(place.start, place.end);
            return self.wrong(span, split::MESSAGE).expected("`80/20`, say").write(span, mend);
        }
        let span = self.span(start, at + 1);
        let number = self.text[start..at].rsplit("..").next().unwrap_or_default();
        let share = number.parse::<f64>().unwrap_or_default() / 100.0;
        // Of 0.1 + 0.2's kind, only what was written counts.
        let mend = crate::scope::figure((share * 1e12).round() / 1e12);
        let error = self.wrong(span, format!("`{}` is written as a fraction", quoted(self.written(span))));
        error.expected(mend.clone()).write(span, mend)
    }

    fn superscript(&self, at: usize) -> Diagnostic {
        let run = self.text[at..].chars().map_while(|c| SUPERSCRIPTS.iter().position(|sign| *sign == c));
        let digits: String = run.map(|digit| digit.to_string()).collect();
        let length: usize = self.text[at..].chars().take(digits.len()).map(char::len_utf8).sum();
        let span = self.span(at, at + length);
        let error = self.wrong(span, format!("`{}` is written with `^`", self.written(span)));
        error.expected(format!("`^{digits}`")).write(span, format!("^{digits}"))
    }

    /// The characters of the statement and their places; comments are blank, strings left out.
    fn outside_strings(&self) -> impl Iterator<Item = (usize, char)> {
        let mut quoted = false;
        self.text.char_indices().filter(move |(_, c)| {
            if *c == '"' {
                quoted = !quoted;
            }
            !quoted && *c != '"'
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_has_a_name() {
        assert_eq!(invisible('\u{ad}').as_deref(), Some("U+00AD, soft hyphen"));
        assert_eq!(invisible('\u{e0041}').as_deref(), Some("U+E0041, tag"));
        assert_eq!(invisible('\u{200d}').as_deref(), Some("U+200D, zero width joiner"));
        assert!(['a', ' ', '\n', '\t', '–', 'é', '\u{a0}', '×', '→'].into_iter().all(|c| invisible(c).is_none()));
    }
}
