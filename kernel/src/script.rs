//! Programs that run from beginning to end, are checked, or brought to their form.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use fovea::display::number;
use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea::session::Session;
use fovea_train::write_whole;

use crate::cli::{FAILED, usage};
use crate::front::Front;
use crate::interrupt;
use crate::text::read;

/// A session, and who is told.
pub struct Script {
    pub session: Session,
    pub front: Front,
    /// Whether the command line sets constants: each must then be one of the program's.
    pub overrides: bool,
}

impl Script {
    /// Checks and runs a text.
    pub fn run(&mut self, name: &str, text: &str) -> ExitCode {
        if self.overrides {
            match self.session.check(name, text) {
                Err(failure) => return self.failed(&failure),
                Ok(report) => self.overrides_are_met(&report.unmet),
            }
        }
        let front = &mut self.front;
        let done = self.session.run(name, text, &mut |event| {
            front.event(event);
            if front.closed() {
                interrupt::now();
            }
        });
        done.map_or_else(|failure| self.failed(&failure), |()| ExitCode::SUCCESS)
    }

    /// Checks a text and runs nothing.
    pub fn check(&mut self, name: &str, text: &str) -> ExitCode {
        let report = match self.session.check(name, text) {
            Ok(report) => report,
            Err(failure) => return self.failed(&failure),
        };
        self.overrides_are_met(&report.unmet);
        let text = match report.statements {
            0 => format!("{name}: there is no statement in it"),
            1 => format!("{name}: 1 statement, nothing is wrong with it"),
            many => format!("{name}: {}, nothing is wrong with them", number::of(many, "statement")),
        };
        let data = serde_json::json!({ "file": name, "statements": report.statements });
        for remark in report.remarks {
            self.front.event(Event::Remark(remark, self.session.sources().to_vec()));
        }
        self.front.event(Event::Output(Output::new("check", text, data)));
        ExitCode::SUCCESS
    }

    /// Brings a script to its canonical form, or says whether it has it.
    pub fn format(&mut self, file: &Path, form: Form) -> anyhow::Result<ExitCode> {
        let name = file.display().to_string();
        let text = read(file)?;
        let formatted = match self.session.format(&name, &text) {
            Ok(formatted) => formatted,
            Err(failure) => return Ok(self.failed(&failure)),
        };
        let same = formatted == text;
        match form {
            Form::Asked if same => {}
            Form::Asked => anyhow::bail!("{name} is not in its canonical form; `fovea fmt {name}` brings it there"),
            Form::Made if file == Path::new("-") => {
                let text = formatted.strip_suffix('\n').unwrap_or(&formatted);
                // What goes to a file or another program stays as it is.
                if std::io::stdout().is_terminal() { self.front.print(text) } else { self.front.write(text) }
            }
            Form::Made if same => {}
            Form::Made => write_whole(file, formatted.as_bytes())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The exit status, once all is said: what could not be written is a failure, a reader who leaves early is none.
    pub fn ended(&self, status: ExitCode) -> ExitCode {
        if self.front.failed() {
            ExitCode::from(FAILED)
        } else if self.front.closed() {
            ExitCode::SUCCESS
        } else {
            status
        }
    }

    /// Ends with the usage where the command line sets what no `let` of the program binds.
    fn overrides_are_met(&self, unmet: &[String]) {
        if let Some(name) = unmet.first() {
            usage(&format!("--set {name}: the program has no `let {name}`"));
        }
    }

    /// Shows why a program ended early; the exit status.
    pub fn failed(&mut self, failure: &Failure) -> ExitCode {
        // The program was broken off because nobody reads it.
        if !self.front.closed() {
            self.front.failure(failure, self.session.sources());
        }
        match failure {
            Failure::Mistakes(_) => ExitCode::from(FAILED),
            Failure::Interrupted => ExitCode::from(interrupt::STATUS),
        }
    }
}

/// What is wanted of a script's canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// To have it.
    Made,
    /// To know whether it has it.
    Asked,
}
