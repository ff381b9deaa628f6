//! Text to syntax tree, statement by statement: a statement that is wrong is reported, the others still come out.

mod branch;
mod chain;
pub(crate) mod dashes;
pub(crate) mod elsewhere;
mod expr;
mod grammar;
mod item;
mod layer;
pub(crate) mod lines;
mod matrix;
mod mends;
mod numbered;
mod raw;
mod signs;
mod slide;
mod split;
mod stuck;
mod stuck_verb;
mod verb;
pub(crate) mod words;

use fovea_graph::{Interrupted, Never, SourceId, Span, Stop};
use pest::Parser;
use pest::iterators::Pair;

pub(crate) use crate::diagnostic::quoted;
use crate::diagnostic::{Diagnostic, Source, Stage};
use crate::scope::Scope;
use crate::syntax::{Name, Program, Statement, StatementKind, Verb};
use crate::verb::{command, unknown, words as verbs};
use grammar::{Grammar, Rule};
use lines::{Chunk, first_word};

/// After so many mistakes the rest of a text is not looked at.
const MAX_MISTAKES: usize = 100;

/// Reads a text: its good statements, and what is wrong with the others.
pub fn parse(source: &Source) -> (Program, Vec<Diagnostic>) {
    parse_unless(source, &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked for every statement, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn parse_unless(source: &Source, stop: &dyn Stop) -> Result<(Program, Vec<Diagnostic>), Interrupted> {
    let plain = lines::plain(&source.text);
    let mut program = Program::default();
    let mut mistakes = Vec::new();
    for chunk in stop.each(lines::statements(source, &plain)) {
        let chunk = chunk?;
        let mut reader = Reader::new(source, &plain, &chunk);
        let kind = reader.statement(&chunk);
        let span = reader.span(0, reader.text.len());
        match kind.filter(|_| reader.mistakes.is_empty()) {
            Some(kind) => program.statements.push(Statement { kind, span, silent: chunk.silent }),
            None => mistakes.append(&mut reader.mistakes),
        }
        if mistakes.len() > MAX_MISTAKES {
            mistakes.truncate(MAX_MISTAKES);
            let rest = Diagnostic::new(Stage::Parse, span, format!("more than {MAX_MISTAKES} mistakes"));
            mistakes.push(rest.here("the text is not read from here on").help("mend the first ones and try again"));
            break;
        }
    }
    Ok((program, mistakes))
}

/// Whether a line is a statement all by itself, which ends the raw text before it. What names mean is not known here.
pub(crate) fn is_whole_statement(line: &str) -> bool {
    if !verbs::begins_statement(line.trim_start()) {
        return false;
    }
    let source = Source { id: SourceId::default(), name: String::new(), text: line.to_string() };
    let (program, mistakes) = parse(&source);
    let has_meaning = |statement: &Statement| match &statement.kind {
        StatementKind::Verb(verb) => {
            let mistakes = command(verb, &Scope::default()).err().unwrap_or_default();
            mistakes.iter().all(|mistake| mistake.stage == Stage::Names)
        }
        StatementKind::Net(_) | StatementKind::Block(_) | StatementKind::Let(_) | StatementKind::Slide(_) => true,
    };
    match &program.statements[..] {
        [] => begins_slide(line),
        [statement] => mistakes.is_empty() && has_meaning(statement),
        _ => false,
    }
}

/// Whether a line begins a slide: `slide vgg`, which is not whole without the lines below.
fn begins_slide(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let begins = words.next().is_some_and(|word| word.eq_ignore_ascii_case("slide"));
    begins && words.next().is_some_and(is_name) && words.next().is_none()
}

/// Reads one statement.
struct Reader<'a> {
    source: SourceId,
    /// Where the statement begins in the source.
    base: usize,
    /// The statement as it was written, comments and all.
    original: &'a str,
    /// The statement, comments and LaTeX blanked.
    text: &'a str,
    mistakes: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, plain: &'a str, chunk: &Chunk) -> Self {
        let range = chunk.start..chunk.end;
        // The plain text keeps every byte's place, but a character of it can replace part of one of the source's.
        let original = source.text.get(range.clone()).unwrap_or_default();
        Self { source: source.id, base: chunk.start, original, text: &plain[range], mistakes: Vec::new() }
    }

    fn statement(&mut self, chunk: &Chunk) -> Option<StatementKind> {
        if let Some(error) = &chunk.error {
            self.mistakes.push(error.clone());
            return None;
        }
        let word = first_word(self.text);
        let is_own = || word.is_empty() || verbs::is_statement_word(word) || !words::is_free(word);
        // A slide's text is none of ours.
        if !verbs::is_slide(word)
            && let Some(mistake) = self.unseen().or_else(|| self.foreign_sign().filter(|_| is_own()))
        {
            self.mistakes.push(mistake);
            return None;
        }
        match word.to_lowercase().as_str() {
            "net" => self.grammar(Rule::net_statement).and_then(|pair| self.net(pair)).map(StatementKind::Net),
            "let" => self.grammar(Rule::let_statement).map(|pair| StatementKind::Let(self.bindings(pair))),
            "block" => self.grammar(Rule::block_statement).and_then(|pair| self.block(pair)).map(StatementKind::Block),
            "slide" | "%%slide" => self.slide().map(StatementKind::Slide),
            _ if word.is_empty() || self.is_layer(word) || self.nameless_definition(word).is_some() => self.nameless(),
            _ => {
                let verb = self.grammar(Rule::verb_statement).map(|pair| self.verb(pair));
                // What follows an unknown word need not be of this language.
                if !self.mistakes.is_empty() && !verbs::is_statement_word(word) {
                    self.mistakes = vec![unknown(&self.bare_verb(word), &Scope::default())];
                }
                verb.map(StatementKind::Verb)
            }
        }
    }

    /// The name, the parameters and the value of `NAME = …` or `NAME(…) = …`: a definition that lacks its first word.
    fn nameless_definition(&self, word: &str) -> Option<(&'a str, &'a str, &'a str)> {
        let text = self.text;
        let behind = text[word.len()..].trim_start();
        let parameters = behind.find(')').filter(|_| behind.starts_with('(')).map_or("", |end| &behind[..=end]);
        let value = behind[parameters.len()..].trim_start().strip_prefix('=')?;
        (!verbs::is_statement_word(word)).then_some((&text[..word.len()], parameters, value.trim_start()))
    }

    /// Whether the statement's first word is a layer's, and none of a statement.
    fn is_layer(&self, word: &str) -> bool {
        !words::is_free(word) && !verbs::begins_statement(self.text)
    }

    /// A verb that is not read further: what it is to do is not known here.
    fn bare_verb(&self, word: &str) -> Verb {
        Verb { word: Name { text: word.into(), span: self.span(0, word.len()) }, parts: Vec::new() }
    }

    /// Parses the statement by a rule of the grammar.
    fn grammar(&mut self, rule: Rule) -> Option<Pair<'a, Rule>> {
        let text: &'a str = self.text;
        match Grammar::parse(rule, text) {
            Ok(mut pairs) => pairs.next(),
            Err(error) => {
                let mistake = self.stuck(rule, &error);
                self.mistakes.push(mistake);
                None
            }
        }
    }

    /// The span of the bytes `start..end` of the statement.
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.base + start, self.base + end)
    }

    /// The span of a pair, without the space behind it.
    fn place(&self, pair: &Pair<'_, Rule>) -> Span {
        let start = pair.as_span().start();
        self.span(start, start + pair.as_str().trim_end().len())
    }

    /// What was written at `span`.
    fn written(&self, span: Span) -> &'a str {
        let range = span.range();
        let (start, end) = (range.start.saturating_sub(self.base), range.end.saturating_sub(self.base));
        self.original.get(start..end).or_else(|| self.text.get(start..end)).unwrap_or_default()
    }

    fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { text: pair.as_str().trim_end().into(), span: self.place(pair) }
    }

    /// A mistake at `span`; it counts once it is pushed.
    fn wrong(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Stage::Parse, span, message).found(quoted(self.written(span)))
    }
}
