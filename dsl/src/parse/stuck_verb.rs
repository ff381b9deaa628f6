//! Where the grammar got stuck in a verb's statement: what was meant, and the mend.

use fovea_graph::Span;

use super::dashes::is_link;
use super::stuck::Stuck;
use crate::diagnostic::Diagnostic;
use crate::verb::words::{first_word, is_clause_word};

/// Quotes of other languages and of word processors.
const QUOTES: &str = "“”„'‘’`\"";

impl Stuck<'_> {
    /// What is known of frequent mistakes.
    pub(super) fn mend_verb(&self) -> Option<Diagnostic> {
        let last = self.before.chars().next_back();
        Some(match self.token.chars().next()? {
            c if is_link(c) => self.dashed(),
            c if c.is_ascii_alphabetic() && self.is_behind_argument() => self
                .error(format!("`,` is missing before `{}`", self.found))
                .expected("`,`")
                .help(format!("put `,` before `{}`", self.found))
                .mend(self.behind_before(self.before), ", "),
            ':' if self.before.rfind('[') > self.before.rfind(']') && last.is_some_and(|c| c.is_ascii_digit()) => {
                self.error("a range is written with `..`").expected("`..`").write(self.span, "..")
            }
            ':' if first_word(self.before).eq_ignore_ascii_case("device") => {
                let error = self.error("a whole number stands behind a device's `:`").expected("cuda:0");
                error.help("`cuda:0` is the first GPU; `device` alone lists what there is")
            }
            ':' if last.is_some_and(|c| c.is_ascii_alphanumeric()) => {
                let error = self.error("no `:` stands behind a clause's word").expected("a clause");
                error.mend(self.span, "").help("leave it out")
            }
            '(' | ',' => return self.betas().or_else(|| self.called()),
            '[' => self.error("`[` does not belong here").help("`digits[3]` and `digits[0..16]` pick samples"),
            _ => return None,
        })
    }

    /// The statement ends where more of it should stand.
    pub(super) fn ends_in_comma(&self) -> Option<Diagnostic> {
        let before = self.before.strip_suffix(',')?;
        let error = self.error("the statement ends in a comma").expected("a clause");
        Some(error.mend(self.behind_before(before), "").help("remove it, or write the clause"))
    }

    /// Whether a clause's word follows.
    pub(super) fn is_before_clause(&self) -> bool {
        is_clause_word(first_word(self.after.trim_start()))
    }

    /// A string between other quotes than ours.
    pub(super) fn foreign_quote(&self) -> Diagnostic {
        let error = self.error(format!("`{}` is no quote of this language", self.token)).expected("`\"`");
        let line = self.after.lines().next().unwrap_or_default();
        match line.char_indices().find(|(_, c)| QUOTES.contains(*c)) {
            Some((length, closing)) => {
                let whole = Span { end: self.span.end + (length + closing.len_utf8()) as u32, ..self.span };
                error.write(whole, format!("\"{}\"", &line[..length]))
            }
            None => error.write(self.span, "\""),
        }
    }

    /// `--epochs 10`, or a dash that means nothing.
    fn dashed(&self) -> Diagnostic {
        let dashes = |text: &str| text.len() - text.trim_start_matches(is_link).len();
        let ahead = dashes(self.after);
        let bare = self.before.trim_end_matches(is_link);
        let word = first_word(&self.after[ahead..]);
        if word.is_empty() || !bare.ends_with(char::is_whitespace) {
            return self
                .error("a dash has no meaning in this statement")
                .help("a name has letters, digits and `_`, but no dashes");
        }
        let place = Span { start: self.behind_before(bare).start, end: self.span.end + ahead as u32, ..self.span };
        let error = self.error(format!("`{word}` stands without dashes here")).expected(word);
        error.mend(place, "").help("leave the dashes out")
    }

    /// `betas=(0.9, 0.999)`
    fn betas(&self) -> Option<Diagnostic> {
        let (before, first) = self.before.rsplit_once('(')?;
        let whole = before.trim_end().trim_end_matches('=').trim_end().strip_suffix("betas")?;
        let (second, _) = self.after.split_once(')')?;
        let place = Span { end: self.span.end + second.len() as u32 + 1, ..self.behind_before(whole) };
        let mend = format!("beta1 {}, beta2 {}", first.trim(), second.trim());
        Some(self.error("each number has its own word").expected("beta1 and beta2").write(place, mend))
    }

    /// `train(lenet, digits)`
    fn called(&self) -> Option<Diagnostic> {
        let word = first_word(self.before);
        let inside = self.before[word.len()..].trim_start().strip_prefix('(')?;
        let (rest, behind) = self.after.split_once(')')?;
        if !behind.trim().is_empty() || inside.contains('(') || rest.contains('(') {
            return None;
        }
        let place = Span { end: self.span.end + rest.len() as u32 + 1, ..self.behind_before(word) };
        let words = format!(" {}, {}", inside.trim(), rest.trim());
        let error = self.error("what a verb is applied to stands without parentheses").expected("the words alone");
        Some(error.write(place, words))
    }

    /// Whether an argument of a call, `lr 0.1`, stands before.
    fn is_behind_argument(&self) -> bool {
        self.before.rfind('(') > self.before.rfind(')') && self.before.ends_with(|c: char| c.is_ascii_alphanumeric())
    }
}
