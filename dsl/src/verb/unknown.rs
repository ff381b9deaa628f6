//! What is said of words that begin no statement.

use super::{elsewhere, words};
use crate::diagnostic::{Diagnostic, Stage, quoted};
use crate::library::texts;
use crate::scope::{Scope, nearest};
use crate::syntax::{Part, PartKind, Verb};

/// Why a statement cannot begin with the word that this one begins with.
pub(crate) fn unknown(verb: &Verb, scope: &Scope) -> Diagnostic {
    let word = &verb.word;
    let text = quoted(&word.text);
    if text.starts_with('%') {
        return of_the_session(verb, text);
    }
    let error = || {
        let error = Diagnostic::new(Stage::Verbs, word.span, format!("no statement begins with `{text}`"));
        error.found(text.clone())
    };
    if let Some(known) = known(verb, scope, &error) {
        return known;
    }
    match nearest(&text, words::statements()) {
        Some(near) if text.len() > 1 => error().expected(near).write(word.span, near),
        _ => error()
            .expected("the word of a statement")
            .help(format!("statements begin with {}", words::statement_words())),
    }
}

/// `%woh`, where there is `%who`.
fn of_the_session(verb: &Verb, text: String) -> Diagnostic {
    let (word, known) = (&verb.word, || words::of_the_session());
    let all = known().map(|verb| format!("`{verb}`")).collect::<Vec<_>>().join(" and ");
    let error = Diagnostic::new(Stage::Verbs, word.span, format!("there is no `{text}`")).found(text.clone());
    let error = error.expected(all.replace(" and ", " or "));
    if matches!(text.to_lowercase().as_str(), "%load" | "%save" | "%run") {
        return error.help(format!("`{text}` is for the prompt and for notebooks; a script has {all}"));
    }
    let near = elsewhere::statement(&text).or_else(|| nearest(&text, known()).filter(|_| text.len() > 2));
    match near {
        Some(near) => error.mend(word.span, near).help(format!("write `{near}`; there are {all}")),
        None => error.help(format!("there are {all}")),
    }
}

/// What is known of a word that begins no statement: what it means elsewhere, or here in another place.
fn known(verb: &Verb, scope: &Scope, error: &dyn Fn() -> Diagnostic) -> Option<Diagnostic> {
    let (word, span) = (&verb.word.text, verb.word.span);
    let is_net = |name: &str| scope.nets.contains_key(name) || texts::has(name);
    if is_net(word) {
        let error = error().here("this is a net").expected("a verb, then the net");
        return Some(error.put_before(span, "summary ").help(format!("write `summary {word}`, say")));
    }
    // `lenet.train(digits)`
    if let Some((net, method)) = word.rsplit_once('.').filter(|(net, _)| is_net(net)) {
        let ours = words::verb(method).map(|verb| verb.word).or_else(|| elsewhere::statement(method))?;
        let error = error().here("the verb stands first here, its net behind it");
        return Some(error.expected(format!("{ours} {net}")).write(span, format!("{ours} {net}")));
    }
    if let Some(ours) = elsewhere::statement(word) {
        let ours = match (ours, verb.parts.first().map(|part| &part.kind)) {
            ("show", Some(PartKind::Text(_))) => "note",
            ("show", Some(PartKind::Word(name))) if is_net(name) && is_print(word) => "summary",
            ("show", Some(PartKind::Word(name))) if is_net(name) => "draw",
            _ => ours,
        };
        return Some(error().expected(ours).write(span, ours));
    }
    match (word.to_lowercase().as_str(), &verb.parts[..]) {
        ("import" | "include" | "require", _) => {
            Some(error().help("nothing is imported: layers, the library's nets and built-in data are there"))
        }
        ("help" | "man", _) => Some(error().help("`?train` explains a word, at the prompt and in a notebook")),
        ("exit" | "quit", []) => Some(error().mend(span, "").help("a program ends with its last line: leave it out")),
        ("gpu", _) => Some(error().expected("device cuda").write(span, "device cuda")),
        ("cuda" | "cpu", _) => Some(error().put_before(span, "device ").help(format!("write `device {word}`"))),
        ("dark" | "light", []) => Some(error().put_before(span, "theme ").help(format!("write `theme {word}`"))),
        ("for", [Part { kind: PartKind::Value(_), .. }, ..]) => Some(clause(error())),
        ("for" | "while" | "loop" | "repeat", _) => {
            Some(error().help("groups of layers repeat with `^`, `[conv - relu]^3`; statements do not"))
        }
        (lower, [_, ..]) if words::is_clause_word(lower) || is_clause_elsewhere(lower) => Some(clause(error())),
        _ => None,
    }
}

/// Whether a word is for what is read, not looked at.
fn is_print(word: &str) -> bool {
    word.eq_ignore_ascii_case("print")
}

fn is_clause_elsewhere(word: &str) -> bool {
    let all: Vec<&str> = words::clause_words().collect();
    word == "lr"
        || elsewhere::is_epochs(word)
        || elsewhere::number(word).is_some()
        || elsewhere::clause(word, &all).is_some()
}

/// A clause on a line of its own, that begins like a statement.
fn clause(error: Diagnostic) -> Diagnostic {
    error
        .here("a clause, and no verb before it")
        .expected("the word of a statement")
        .help("a clause stands in its verb's statement, on the same line or on an indented one below")
}
