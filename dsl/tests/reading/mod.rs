//! Statements as they are read, and what is said of those that are wrong.
#![allow(dead_code, clippy::unwrap_used)] // Each test binary uses its own part of this.

use fovea_dsl::scope::{Scope, Value};
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Command, Diagnostic, Source, command, parse};
use fovea_graph::SourceId;

pub fn read(text: &str) -> Result<Command, Vec<Diagnostic>> {
    let mut scope = Scope::default();
    scope.constants.insert("width".into(), Value::Number(16.0));
    scope.constants.insert("widths".into(), Value::List(vec![1.0, 2.0]));
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
    assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
    let StatementKind::Verb(verb) = &program.statements[0].kind else { panic!("{text} is no verb") };
    command(verb, &scope)
}

/// The mistakes of each text: the words they point at and their messages, in order.
pub fn wrong(text: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    let mistakes = read(text).unwrap_err();
    let found: Vec<_> = mistakes.iter().map(|m| (&text[m.span().range()], m.message.as_str())).collect();
    assert_eq!(found, expected, "{text}");
    mistakes
}

pub fn help(text: &str) -> String {
    read(text).unwrap_err()[0].help.clone().unwrap_or_default()
}
