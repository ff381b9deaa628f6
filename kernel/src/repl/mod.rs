//! The interactive prompt.

mod helper;
mod page;

use std::io::IsTerminal;
use std::process::Command;

use fovea::failure::Failure;
use fovea::session::Session;
use fovea_dsl::visible;
use helper::{Continue, PROMPT, Prompt};
use page::Ink;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, EventHandler, KeyCode, KeyEvent, Modifiers};

use crate::assist::{self, Explained};
use crate::front::{Front, probe};
use crate::magic::{self, Magic};
use crate::state;

const HELP: &str = r#"A network and what is done with it, a statement a line:

  net lenet = 28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10
  data digits size 28x28
  train lenet on digits for 5 epochs
  test lenet on digits

An open bracket or a line that ends in a dash or comma goes on in the next line; Alt-Enter goes on anywhere.
Tab completes, Right takes the grey suggestion, Up and Ctrl-R find what was typed before.
`?conv` explains a word, `?lenet` a net; `;ls` runs a command of the shell.
`%save "mine.fov"` writes what was run here as a script, `%load "mine.fov"` runs one; `%who` lists the names.
Ctrl-C breaks off what runs, training keeps its weights; Ctrl-D or `exit` ends."#;

/// Reads and runs statements until the user leaves.
pub fn repl(session: &mut Session, front: &mut Front) -> anyhow::Result<()> {
    let mut editor = editor(session)?;
    let history = state::file("history");
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    front.print(&format!("Fovea {}. `help` says how to begin.", env!("CARGO_PKG_VERSION")));
    let mut number = 0;
    loop {
        let text = match editor.readline(PROMPT) {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if let Some(path) = &history {
            // A history that cannot be kept is no reason to end.
            let _ = editor.append_history(path);
        }
        let line = text.trim();
        match asked(line) {
            Asked::Nothing => continue,
            Asked::Word(word) => explain(session, front, word),
            Asked::Shell(command) => shell(front, command),
            Asked::Leave => return Ok(()),
            Asked::Magic(Magic::Save(file)) => match magic::save(session, file) {
                Ok(said) => front.print(&said),
                Err(error) => front.error(&format!("{error:#}")),
            },
            Asked::Magic(Magic::Load(file)) => match magic::load(file) {
                Ok(script) => run(session, front, file, &script),
                Err(error) => front.error(&format!("{error:#}")),
            },
            Asked::Statements => {
                number += 1;
                run(session, front, &format!("In[{number}]"), &text);
            }
        }
        if let Some(helper) = editor.helper_mut() {
            helper.known = session.known();
        }
    }
}

/// What a line says.
enum Asked<'l> {
    Nothing,
    /// What a word means; an empty one: how to begin.
    Word(&'l str),
    Shell(&'l str),
    Leave,
    Magic(Magic<'l>),
    Statements,
}

fn asked(line: &str) -> Asked<'_> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "" => Asked::Nothing,
        "exit" | "quit" | "exit()" | "quit()" if rest.is_empty() => Asked::Leave,
        "help" if !rest.trim().contains(char::is_whitespace) => Asked::Word(rest.trim()),
        _ if line.starts_with(';') => Asked::Shell(line[1..].trim()),
        _ => match (assist::question(line), magic::magic(line)) {
            (Some(word), _) => Asked::Word(word),
            (None, Some(magic)) => Asked::Magic(magic),
            (None, None) => Asked::Statements,
        },
    }
}

/// The line editor with its keys.
fn editor(session: &Session) -> anyhow::Result<Editor<Prompt, DefaultHistory>> {
    let config = Config::builder()
        .auto_add_history(true)
        .bracketed_paste(true)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .max_history_size(10_000)?
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Prompt::new(session.known())));
    let enter = KeyEvent(KeyCode::Enter, Modifiers::NONE);
    editor.bind_sequence(enter, EventHandler::Conditional(Box::new(Continue)));
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), EventHandler::Simple(helper::new_line()));
    editor.bind_sequence(KeyEvent(KeyCode::Char('M'), Modifiers::CTRL_ALT), EventHandler::Simple(helper::new_line()));
    Ok(editor)
}

/// Runs one input; a mistake is shown and nothing else happens.
fn run(session: &mut Session, front: &mut Front, name: &str, text: &str) {
    crate::interrupt::forget();
    if let Err(failure) = session.run(name, text, &mut |event| front.event(event)) {
        front.failure(&failure, session.sources());
        debug_assert!(!matches!(&failure, Failure::Mistakes(list) if list.is_empty()));
    }
}

/// Says what a word of the language or a name of the session is.
fn explain(session: &mut Session, front: &mut Front, word: &str) {
    match assist::explain(word, &session.known()) {
        _ if word.is_empty() => front.print(HELP),
        Some(Explained::Net(net)) => run(session, front, "?", &format!("summary {net}")),
        Some(Explained::Page(text)) => {
            let ink = if std::io::stdout().is_terminal() { Ink::Coloured } else { Ink::Plain };
            front.write(&page::page(&visible(&text), probe::columns(), ink));
        }
        None => front.print(&assist::unexplained(word)),
    }
}

/// Runs a command of the shell, on the terminal.
fn shell(front: &mut Front, command: &str) {
    if command.is_empty() {
        return front.print("`;` runs a command of the shell: `;ls`");
    }
    let program = std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".into());
    match Command::new(&program).arg("-c").arg(command).status() {
        Ok(status) if status.success() => {}
        Ok(status) => front.print(&match status.code() {
            Some(code) => format!("exit status {code}"),
            None => "ended by a signal".to_string(),
        }),
        Err(error) => front.print(&format!("{} does not start: {error}", program.display())),
    }
    crate::interrupt::forget();
}
