//! Checks a whole program before any of it runs: names, shapes, classes, lists, counts, memory.

use fovea_dsl::Source;
use fovea_dsl::syntax::{Program, StatementKind};

use crate::failure::Failure;
use crate::verbs::{self, Job};
use crate::world::{Names, World};

/// A statement that is ready to run.
pub struct Step {
    /// What to do.
    pub job: Box<dyn Job>,
    /// What names mean once it is done.
    pub after: Names,
    /// Its words.
    pub text: String,
    /// Its result is not shown.
    pub silent: bool,
}

/// Checks statement after statement against a copy of `names`, each with what those before it will have done.
///
/// A mistake does not end the check, so that one look shows them all; but what only follows from an earlier mistake
/// (a net that could not be defined is not known) is left out.
pub fn check(program: &Program, source: &Source, names: &Names, world: &World) -> Result<Vec<Step>, Failure> {
    let mut names = names.clone();
    let (mut steps, mut mistakes, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for statement in &program.statements {
        let text = source.text.get(statement.span.range()).unwrap_or_default();
        let mut after = names.clone();
        match verbs::check(statement, text, &mut after, world) {
            Ok(job) => {
                names = after.clone();
                steps.push(Step { job, after, text: text.to_string(), silent: statement.silent });
            }
            Err(found) => {
                let follows = |name: &String| found.iter().any(|mistake| mistake.found.as_ref() == Some(name));
                if !lost.iter().any(follows) {
                    mistakes.extend(found);
                }
                lost.extend(defined(&statement.kind));
            }
        }
    }
    if mistakes.is_empty() { Ok(steps) } else { Err(Failure::Mistakes(mistakes)) }
}

/// The names that a statement would have defined.
fn defined(statement: &StatementKind) -> Vec<String> {
    match statement {
        StatementKind::Net(net) => vec![net.name.text.clone()],
        StatementKind::Let(bindings) => bindings.iter().map(|binding| binding.name.text.clone()).collect(),
        StatementKind::Verb(_) => Vec::new(),
    }
}
