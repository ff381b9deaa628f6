//! Where the grammar got stuck in a verb's statement: what was meant, and the mend.

use fovea_graph::Span;

use super::dashes::is_link;
use super::split;
use super::stuck::Stuck;
use crate::diagnostic::Diagnostic;
use crate::verb::words::{first_word, is_clause_word};

/// Quotes of other languages and of word processors.
const QUOTES: &str = "“”„'‘’`\"";

impl Stuck<'_> {
    /// What is known of frequent mistakes.
    pub(super) fn mend_verb(&self) -> Option<Diagnostic> {
        let last = self.before.chars().next_back();
        if let Some(known) = self.split().or_else(|| self.layers_in_parentheses()) {
            return Some(known);
        }
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
            '"' => return self.called_with_text(),
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

    /// `freeze(conv1..pool2)`
    fn layers_in_parentheses(&self) -> Option<Diagnostic> {
        let (before, inside) = self.before.rsplit_once('(')?;
        let before = before.trim_end();
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next()?;
        let (rest, _) = self.after.split_once(')').filter(|_| word.eq_ignore_ascii_case("freeze"))?;
        let place = Span { end: self.span.end + rest.len() as u32 + 1, ..self.behind_before(before) };
        let layers = format!(" {}{}{}", inside.trim_start(), self.token, rest.trim_end());
        Some(self.error("layers stand without parentheses").expected("the layers alone").write(place, layers))
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

    /// `images("pets/")`
    fn called_with_text(&self) -> Option<Diagnostic> {
        let before = self.before.strip_suffix('(')?;
        let (text, _) = self.after.split_once("\")")?;
        let place = Span { end: self.span.end + text.len() as u32 + 2, ..self.behind_before(before.trim_end()) };
        let error = self.error("a string stands behind its word without parentheses").expected("the string alone");
        Some(error.write(place, format!(" \"{text}\"")))
    }

    /// `split 80:20`
    fn split(&self) -> Option<Diagnostic> {
        let (place, mend) = split::mend(self.text, self.before.len())?;
        let start = self.start.start;
        let place = Span { start: start + place.start as u32, end: start + place.end as u32, ..self.start };
        Some(self.error(split::MESSAGE).expected("`80/20`, say").write(place, mend))
    }

    /// `images pets/`, `data pets = ./pets`: a file's name without its quotes, in a `data` statement.
    pub(super) fn bare_file(&self) -> Option<Diagnostic> {
        if !first_word(self.text).eq_ignore_ascii_case("data") {
            return None;
        }
        let is_end = |c: char| c.is_whitespace() || c == ',';
        let stuck =
            if self.token.is_empty() { self.before.len() } else { (self.span.start - self.start.start) as usize };
        let start = self.text.get(..stuck)?.rfind(is_end)? + 1;
        let name = self.text[start..].split(is_end).next().filter(|name| !name.contains(|c| QUOTES.contains(c)))?;
        if name.is_empty() {
            return None;
        }
        let before = self.text[..start].trim_end();
        let word = before.rsplit(char::is_whitespace).next()?.to_ascii_lowercase();
        let clause = match word.as_str() {
            "images" | "npy" | "labels" => "",
            "=" if name.to_ascii_lowercase().ends_with(".npy") => "npy ",
            "=" => "images ",
            _ => return None,
        };
        let place = Span { start: self.start.start + start as u32, ..self.span };
        let place = Span { end: place.start + name.len() as u32, ..place };
        let error = Diagnostic { labels: vec![(place, String::new())], ..self.error("a file's name stands in quotes") };
        Some(error.expected("a string").write(place, format!("{clause}\"{name}\"")))
    }

    /// Whether an argument of a call, `lr 0.1`, stands before.
    fn is_behind_argument(&self) -> bool {
        self.before.rfind('(') > self.before.rfind(')') && self.before.ends_with(|c: char| c.is_ascii_alphanumeric())
    }
}
