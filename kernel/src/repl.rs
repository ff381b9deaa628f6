//! The interactive prompt.

use std::path::PathBuf;

use fovea::failure::Failure;
use fovea::session::Session;
use fovea_dsl::editor::{Completeness, is_complete};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Completer, Config, Editor, Helper, Highlighter, Hinter};

use crate::front::Front;

const PROMPT: &str = "fovea> ";

const HELP: &str = r#"A network and what is done with it, a statement a line:

  net lenet = 28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10
  data digits size 28x28
  train lenet on digits for 5 epochs
  test lenet on digits

Statements: net, let, data, train, test, predict, show, summary, plot, save, load, seed, device, explain, bench, note.
An open bracket or a line that ends in a dash or comma goes on in the next line. Ctrl-C breaks off what runs,
Ctrl-D or `exit` ends."#;

/// The line editor's helper: it asks the language whether a text is complete.
#[derive(Completer, Helper, Highlighter, Hinter)]
struct Prompt;

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        // What is wrong is run all the same: the session says what is wrong with it.
        Ok(match is_complete(context.input()) {
            Completeness::Incomplete => ValidationResult::Incomplete,
            Completeness::Complete | Completeness::Invalid => ValidationResult::Valid(None),
        })
    }
}

/// Reads and runs statements until the user leaves.
pub fn repl(session: &mut Session, front: &mut Front) -> anyhow::Result<()> {
    let config = Config::builder().auto_add_history(true).bracketed_paste(true).max_history_size(10_000)?.build();
    let mut editor: Editor<Prompt, DefaultHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(Prompt));
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    front.print(&format!("Fovea {}. `help` says how to begin.", env!("CARGO_PKG_VERSION")));
    let mut number = 0;
    loop {
        match editor.readline(PROMPT) {
            Ok(text) if matches!(text.trim(), "exit" | "quit") => break,
            Ok(text) if text.trim() == "help" => front.print(HELP),
            Ok(text) => {
                number += 1;
                run(session, front, &format!("line {number}"), &text);
            }
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
        if let Some(path) = &history {
            // A history that cannot be kept is no reason to end.
            let _ = editor.append_history(path);
        }
    }
    Ok(())
}

/// Runs one input; a mistake is shown and nothing else happens.
fn run(session: &mut Session, front: &mut Front, name: &str, text: &str) {
    crate::interrupt::forget();
    if let Err(failure) = session.run(name, text, &mut |event| front.event(event)) {
        front.failure(&failure, session.sources());
        debug_assert!(!matches!(&failure, Failure::Mistakes(list) if list.is_empty()));
    }
}

/// The history's file in the user's state folder, which is made where it is missing.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?.join("fovea");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
