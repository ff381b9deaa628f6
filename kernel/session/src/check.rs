//! Checks a whole program before any of it runs: names, shapes, classes, lists, counts, memory.

use fovea_dsl::syntax::{Part, PartKind, Program, StatementKind};
use fovea_dsl::{Diagnostic, Source};
use fovea_graph::Span;

use crate::failure::{Failure, guarded};
use crate::verbs::{self, Job, defined};
use crate::world::{Names, World};

/// A statement that is ready to run.
pub struct Step {
    /// What to do.
    pub job: Box<dyn Job>,
    /// What names mean once it is done.
    pub after: Names,
    /// Its words.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Its result is not shown.
    pub silent: bool,
}

/// A text as far as it could be read.
pub struct Text {
    /// The text itself.
    pub source: Source,
    /// The statements that are whole.
    pub program: Program,
    /// What is wrong with the others.
    pub mistakes: Vec<Diagnostic>,
}

impl Text {
    /// The words of statements that could not be read: any of them may be a name that they would have defined.
    fn unread(&self) -> Vec<String> {
        let mut rest = self.source.text.clone().into_bytes();
        for statement in &self.program.statements {
            if let Some(read) = rest.get_mut(statement.span.range()) {
                read.fill(b' ');
            }
        }
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        String::from_utf8_lossy(&rest)
            .split(|c| !is_part(c))
            .filter(|word| !word.is_empty())
            .map(str::to_string)
            .collect()
    }
}

/// Checks statement after statement against a copy of `names`, each with what those before it will have done.
///
/// A mistake does not end the check, so that one look shows them all; but what may only follow from an earlier mistake
/// (a net that could not be defined is not known) is left out.
pub fn check(read: &Text, names: &Names, world: &World) -> Result<Vec<Step>, Failure> {
    let mut names = names.clone();
    // What earlier programs began is on disk.
    names.runs = 0;
    let (mut steps, mut mistakes) = (Vec::new(), read.mistakes.clone());
    let mut lost = if mistakes.is_empty() { Vec::new() } else { read.unread() };
    for statement in &read.program.statements {
        let text = match &statement.kind {
            // Of a cell that is a slide to its end, the statement that says the same.
            StatementKind::Slide(slide) => &slide.to_string(),
            _ => read.source.text.get(statement.span.range()).unwrap_or_default(),
        };
        world.go_on()?;
        let mut after = names.clone();
        match guarded(statement.span, || verbs::check(statement, text, &mut after, world)) {
            Ok(job) => {
                names = after.clone();
                let (text, span, silent) = (text.to_string(), statement.span, statement.silent);
                steps.push(Step { job, after, text, span, silent });
            }
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(Failure::Mistakes(found)) => {
                if !lost.iter().any(|name| mentions(&statement.kind, &found, name)) {
                    mistakes.extend(found);
                }
                lost.extend(defined(&statement.kind));
            }
        }
    }
    mistakes.sort_by_key(|mistake| mistake.span().start);
    if mistakes.is_empty() { Ok(steps) } else { Err(Failure::Mistakes(mistakes)) }
}

/// Whether a statement speaks of a name, or one of its mistakes does.
fn mentions(statement: &StatementKind, mistakes: &[Diagnostic], name: &str) -> bool {
    let part = |part: &Part| match &part.kind {
        PartKind::Word(path) | PartKind::Select(path, ..) => path.split('.').next() == Some(name),
        _ => false,
    };
    let spoken = matches!(statement, StatementKind::Verb(verb) if verb.parts.iter().any(part));
    spoken || mistakes.iter().any(|mistake| mistake.found.as_deref() == Some(name))
}
