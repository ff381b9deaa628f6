//! Where the grammar got stuck: the token, what would have been right there, and the mend.

use std::collections::BTreeSet;

use pest::error::{Error, ErrorVariant, InputLocation};

use super::dashes::{ends_in_link, is_link};
use super::{Reader, Rule, quoted};
use crate::diagnostic::list;
use crate::diagnostic::{Diagnostic, Stage};
use fovea_graph::Span;

impl Reader<'_> {
    /// What is wrong with a statement that is not of the grammar's `rule`.
    pub(super) fn stuck(&self, rule: Rule, error: &Error<Rule>) -> Diagnostic {
        let (at, expected) = furthest(error, self.text);
        let at = at + (self.text[at..].len() - self.text[at..].trim_start().len());
        let token = token(&self.text[at..]);
        let before = self.text[..at].trim_end();
        let span = match token.is_empty() {
            true => self.span(before.len(), before.len()),
            false => self.span(at, at + token.len()),
        };
        let found = if token.is_empty() { "the end".to_string() } else { quoted(token) };
        let after = &self.text[at + token.len()..];
        let stuck = Stuck { span, start: self.span(0, 0), text: self.text, token, before, after, rule, found: &found };
        let error = stuck.mend().unwrap_or_else(|| stuck.plain(&expected));
        let error = error.found(found.clone());
        match (&error.expected, expected.is_empty()) {
            (None, false) => error.expected(list(&expected.into_iter().collect::<Vec<_>>(), "or")),
            _ => error,
        }
    }
}

/// The furthest place where a rule of the grammar began and failed, and what would have been right there.
fn furthest(error: &Error<Rule>, text: &str) -> (usize, BTreeSet<&'static str>) {
    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
    let rules = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => &positives[..],
        ErrorVariant::CustomError { .. } => &[],
    };
    (at.min(text.len()), rules.iter().copied().filter_map(in_words).collect())
}

/// A rule in the words of someone who writes programs.
fn in_words(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::item | Rule::chain => "a layer",
        Rule::parameter => "a parameter",
        Rule::group => "a group",
        Rule::then => "`-`",
        Rule::value | Rule::number | Rule::primary | Rule::expr | Rule::product | Rule::unary | Rule::count => {
            "a number"
        }
        Rule::label | Rule::binding => "a name",
        Rule::path => "a word",
        Rule::text => "a string",
        Rule::equals => "`=`",
        Rule::comma => "`,`",
        Rule::bindings => "`where`",
        _ => return None,
    })
}

/// The token at the start of `text`: a word, a number, a LaTeX command, or one sign.
fn token(text: &str) -> &str {
    let run = |keep: fn(char) -> bool| text.find(|c| !keep(c)).unwrap_or(text.len());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let end = match text.chars().next() {
        None => 0,
        Some('\\') => 1 + text[1..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len() - 1),
        Some(c) if c.is_ascii_digit() => run(|c| c.is_ascii_alphanumeric() || c == '.'),
        Some(c) if is_word(c) => run(|c| c.is_alphanumeric() || c == '_'),
        Some(c) => c.len_utf8(),
    };
    &text[..end]
}

/// A place where the grammar got stuck.
pub(super) struct Stuck<'a> {
    pub span: Span,
    pub token: &'a str,
    /// Where the statement begins.
    pub start: Span,
    /// The whole statement.
    pub text: &'a str,
    /// The statement before the token, without space at its end.
    pub before: &'a str,
    /// The statement behind the token.
    pub after: &'a str,
    rule: Rule,
    pub found: &'a str,
}

impl Stuck<'_> {
    pub(super) fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Stage::Parse, self.span, message)
    }

    /// The place from the end of `before`, which begins the statement, to the token.
    pub(super) fn behind_before(&self, before: &str) -> Span {
        Span { start: self.start.start + before.len() as u32, end: self.span.start, ..self.span }
    }

    fn plain(&self, expected: &BTreeSet<&'static str>) -> Diagnostic {
        let error = match self.token {
            "" => self.error("the statement breaks off"),
            _ => self.error(format!("`{}` does not belong here", self.found)),
        };
        if expected.is_empty() {
            return error;
        }
        let words: Vec<_> = expected.iter().copied().collect();
        error.here(format!("expected {}", list(&words, "or")))
    }

    /// What is known of frequent mistakes.
    fn mend(&self) -> Option<Diagnostic> {
        if self.rule == Rule::verb_statement
            && let Some(file) = self.bare_file()
        {
            return Some(file);
        }
        let general = match self.token {
            ";" if self.rule == Rule::verb_statement && self.is_before_clause() => {
                self.error("`;` ends a statement, and a clause of it follows").expected("`,`").write(self.span, ",")
            }
            ";" => self
                .error("`;` stands only at a statement's end")
                .expected("the end of the line")
                .mend(self.span, "\n")
                .help("begin the next statement on its own line"),
            "“" | "”" | "„" | "'" | "‘" | "’" | "`" | "\"" if self.rule != Rule::verb_statement => {
                self.mend_call().unwrap_or_else(|| self.quoted_word())
            }
            "“" | "”" | "„" | "'" | "‘" | "’" | "`" => self.foreign_quote(),
            token if token.starts_with('\\') => self
                .error(format!("`{}` is not among the LaTeX that is read here", self.found))
                .help("`\\text{…}`, `\\times`, `\\to`, `\\rightarrow`, `\\left`, `\\right` and `$` are read"),
            "" if self.rule == Rule::verb_statement => return self.ends_in_comma(),
            _ => return if self.rule == Rule::verb_statement { self.mend_verb() } else { self.mend_chain() },
        };
        Some(general)
    }

    fn mend_chain(&self) -> Option<Diagnostic> {
        if let Some(call) = self.mend_call() {
            return Some(call);
        }
        let last = self.before.chars().next_back();
        let after_dash = ends_in_link(self.before);
        let binding = self.rule == Rule::let_statement || self.after_where();
        Some(match self.token.chars().next() {
            _ if binding => return self.mend_binding(last),
            None if self.before.ends_with([' ', 'x', 'X']) && self.before.to_lowercase().ends_with(" x") => self
                .error("a size is missing behind `x`")
                .expected("a number")
                .put_behind(self.span, "5")
                .help("write `5x5`, say; `x` joins sizes, so nothing can be called so"),
            None if after_dash => {
                self.error("the chain ends in a dash").here("a layer is missing here").expected("a layer")
            }
            None if last == Some(',') => {
                let error =
                    self.error("the chain ends in a comma").expected("`softmax`").put_behind(self.span, " softmax 10");
                error.help("write `, softmax 10`, or no comma")
            }
            None if last == Some('=') => {
                let what = if self.rule == Rule::block_statement { "block" } else { "net" };
                self.error(format!("the {what} is empty")).expected("a chain of layers, such as `28x28x1 - fc 10`")
            }
            None => return None,
            Some(c) if after_dash && (is_link(c) || ")]|,^*".contains(c)) => self
                .error("a layer is missing behind the dash")
                .here(format!("before this `{}`", self.token))
                .expected("a layer")
                .put_before(self.span, "relu ")
                .help("remove the dash, or write the layer"),
            Some('*') if last == Some('*') => self
                .error("`**` repeats nothing")
                .expected("a count")
                .mend(self.span, "")
                .help("write `(conv 64 - relu)^2` or `(conv 64 - relu)*2`"),
            Some(')' | ']') if matches!(last, Some('(' | '[')) => {
                self.error("an empty group").expected("a chain of layers")
            }
            Some('(' | '[') => self
                .error(format!("`-` is missing before `{}`", self.token))
                .expected("`-`")
                .put_before(self.span, "- ")
                .help(format!("put `-` before `{}`", self.token)),
            Some('|') if self.before.contains(['(', '[']) => self
                .error("`|` parts branches, and nothing joins these")
                .expected("`concat` or `add` before the bracket")
                .help("write `concat(… | …)` or `add(… | …)`"),
            Some('|') => self
                .error("`|` parts branches, and there are none here")
                .expected("`-`")
                .mend(self.span, "-")
                .help("put `-` between layers that follow one another"),
            Some('}') if last == Some('{') => self.error("an empty list").expected("a number"),
            _ => return None,
        })
    }

    /// A quote in a net or among constants, where words stand without: `activation='relu'`.
    fn quoted_word(&self) -> Diagnostic {
        let inside = self.after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.after.len());
        let word = &self.after[..inside];
        let quote = self.after[inside..].chars().next().filter(|c| "“”„'‘’`\"".contains(*c));
        match quote {
            Some(quote) if !word.is_empty() => {
                let end = self.span.end + (inside + quote.len_utf8()) as u32;
                let error = Diagnostic::new(Stage::Parse, Span { end, ..self.span }, "words stand without quotes here");
                error.expected(word).write(Span { end, ..self.span }, word)
            }
            _ => self.error("a string does not belong here").expected("a layer"),
        }
    }

    fn after_where(&self) -> bool {
        let mut words = self.before.split(|c: char| !c.is_ascii_alphanumeric());
        self.rule != Rule::let_statement && words.any(|word| word.eq_ignore_ascii_case("where"))
    }

    fn mend_binding(&self, last: Option<char>) -> Option<Diagnostic> {
        let word = if self.rule == Rule::let_statement { "let" } else { "where" };
        Some(match last {
            Some('=') => self.error("a value is missing behind `=`").expected("a number"),
            Some(',') if self.token.is_empty() => {
                self.error(format!("`{word}` ends in a comma")).expected("`NAME = value`")
            }
            _ if self.token.starts_with(|c: char| c.is_ascii_digit() || c == '.')
                && last.is_some_and(|c| c.is_ascii_alphanumeric()) =>
            {
                let error = self.error("`=` is missing before the value").expected("`=`");
                error.put_before(self.span, "= ").help(format!("write `= {}`", self.found))
            }
            _ if self.token == ":" => self.error("a value stands behind `=`").expected("`=`").write(self.span, "="),
            _ if self.token.is_empty() => self
                .error(format!("`{word}` breaks off"))
                .expected("`NAME = value`")
                .put_behind(self.span, " N = 2")
                .help(format!("write `{word} N = 2`, say")),
            _ => return None,
        })
    }
}
