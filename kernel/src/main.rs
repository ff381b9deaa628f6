//! The `fovea` program: scripts, single statements, the prompt.

mod assist;
mod cli;
mod front;
mod interrupt;
mod jupyter;
mod repl;
mod state;

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use cli::{Arguments, Command, Format, JupyterCommand, Mode, Options};
use fovea::device;
use fovea::display::number;
use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea::session::Session;
use fovea_dsl::ends::line_and_column;
use front::{Folder, Front, Reader};
use interrupt::Presses;
use jupyter::install;

/// The program failed; what is wrong is on standard error.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    interrupt::survive_full_files();
    let arguments = Arguments::parse();
    let format = arguments.options.format;
    match run(arguments) {
        Ok(status) => status,
        Err(error) => {
            let message = format!("{error:#}");
            let line = match format {
                Format::Text => format!("error: {message}"),
                Format::Json => serde_json::json!({ "error": { "message": message } }).to_string(),
            };
            // Where standard error is closed, the status says it alone.
            drop(writeln!(std::io::stderr(), "{line}"));
            ExitCode::from(FAILED)
        }
    }
}

/// What the command line asks for.
fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { command, statements, options } = arguments;
    if !statements.is_empty() && !matches!(command, None | Some(Command::Bench { .. })) {
        usage("-e stands alone or with bench");
    }
    let serves = matches!(command, Some(Command::Jupyter { command: JupyterCommand::Kernel { .. } }));
    if matches!(command, Some(Command::Jupyter { .. })) && !serves {
        nothing_runs(&options);
    }
    let at_prompt = command.is_none() && statements.is_empty() && std::io::stdin().is_terminal();
    // The kernel watches for itself.
    if !serves {
        interrupt::watch(if at_prompt { Presses::Wait } else { Presses::Insist })?;
    }
    let reader = if at_prompt { Reader::Prompt } else { Reader::Script };
    let folder = options.out.clone().unwrap_or_else(|| pictures(command.as_ref()));
    let mut script = Script {
        session: session(&options)?,
        front: Front::new(options.format, Folder::new(folder), front::graphics(options.graphics, reader)),
        overrides: !options.set.is_empty(),
    };
    let given = statements.join("\n");
    Ok(match command {
        None if at_prompt => {
            repl::repl(&mut script.session, &mut script.front)?;
            ExitCode::SUCCESS
        }
        None if statements.is_empty() => script.run("standard input", &read(Path::new("-"))?),
        None => script.run("-e", &given),
        Some(Command::Run { file }) => script.run(&file.display().to_string(), &read(&file)?),
        Some(Command::Check { file }) => script.check(&file.display().to_string(), &read(&file)?),
        Some(Command::Fmt { file, check }) => script.format(&file, check)?,
        Some(Command::Devices) => script.run("devices", "device"),
        Some(Command::Library) => script.run("library", "library"),
        Some(Command::Jupyter { command }) => {
            let output = match command {
                JupyterCommand::Install(place) => install::install(&place)?,
                JupyterCommand::Uninstall(place) => install::uninstall(&place)?,
                JupyterCommand::Status(place) => install::status(&place)?,
                JupyterCommand::Kernel { connection_file } => return jupyter::serve(&connection_file, script.session),
            };
            script.front.event(Event::Output(output));
            ExitCode::SUCCESS
        }
        Some(Command::Bench { net, mode, batch }) => {
            let mode = if mode == Mode::Train { "train" } else { "infer" };
            let net = match net.rsplit_once(':') {
                None if net.ends_with(".fov") => usage(&format!("which net of {net}? write {net}:NET")),
                None => net.as_str(),
                Some((file, net)) => {
                    if let Err(failure) = script.session.define(file, &read(Path::new(file))?) {
                        return Ok(script.failed(&failure));
                    }
                    net
                }
            };
            script.run("bench", &format!("{given}\nbench {net} {mode} batch {batch}"))
        }
    })
}

/// Programs that run from beginning to end.
struct Script {
    session: Session,
    front: Front,
    /// Whether the command line sets constants: each must then be one of the program's.
    overrides: bool,
}

impl Script {
    /// Checks and runs a text.
    fn run(&mut self, name: &str, text: &str) -> ExitCode {
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
        let written = if self.front.failed() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS };
        done.map_or_else(|failure| self.failed(&failure), |()| written)
    }

    /// Checks a text and runs nothing.
    fn check(&mut self, name: &str, text: &str) -> ExitCode {
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
        self.front.event(Event::Output(Output::new("check", text, data)));
        ExitCode::SUCCESS
    }

    /// Brings a script to its canonical form, or says whether it has it.
    fn format(&mut self, file: &Path, check: bool) -> anyhow::Result<ExitCode> {
        let name = file.display().to_string();
        let text = read(file)?;
        let formatted = match self.session.format(&name, &text) {
            Ok(formatted) => formatted,
            Err(failure) => return Ok(self.failed(&failure)),
        };
        let same = formatted == text;
        if check && !same {
            bail!("{name} is not in its canonical form; `fovea fmt {name}` brings it there");
        }
        if !check && file == Path::new("-") {
            self.front.print(formatted.strip_suffix('\n').unwrap_or(&formatted));
        } else if !check && !same {
            std::fs::write(file, formatted).with_context(|| format!("{name} cannot be written"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Ends with the usage where the command line sets what no `let` of the program binds.
    fn overrides_are_met(&self, unmet: &[String]) {
        if let Some(name) = unmet.first() {
            usage(&format!("--set {name}: the program has no `let {name}`"));
        }
    }

    /// Shows why a program ended early; the exit status.
    fn failed(&mut self, failure: &Failure) -> ExitCode {
        // Whoever closes standard output has read enough.
        if self.front.closed() {
            return ExitCode::SUCCESS;
        }
        self.front.failure(failure, self.session.sources());
        match failure {
            Failure::Mistakes(_) => ExitCode::from(FAILED),
            Failure::Interrupted => ExitCode::from(interrupt::STATUS),
        }
    }
}

/// A session on the device that the command line names, with the constants that it sets.
fn session(options: &Options) -> anyhow::Result<Session> {
    let threads = options.threads.map(usize::from);
    let device = device::open(options.device.as_deref().unwrap_or("cpu"), threads).map_err(anyhow::Error::msg)?;
    let mut session = Session::new(device, PathBuf::from("runs"), interrupt::flag());
    session.set_threads(threads);
    session.set_theme(options.theme.unwrap_or_default());
    for set in &options.set {
        let Some((name, value)) = set.split_once('=') else {
            usage(&format!("--set {set}: write NAME=VALUE"));
        };
        if let Err(reason) = session.set_override(name.trim(), value.trim()) {
            usage(&format!("--set {set}: {reason}"));
        }
    }
    Ok(session)
}

/// Where pictures go unless the command line says it: beside the script, else in the working directory.
fn pictures(command: Option<&Command>) -> PathBuf {
    match command {
        Some(Command::Run { file }) if file != Path::new("-") => file.with_extension("out"),
        _ => PathBuf::from("fovea.out"),
    }
}

/// The text of a script; `-` is standard input.
fn read(file: &Path) -> anyhow::Result<String> {
    let standard = file == Path::new("-");
    let name = if standard { "standard input".to_string() } else { file.display().to_string() };
    if file.is_dir() {
        bail!("{name} is a folder, not a script");
    }
    let mut bytes = Vec::new();
    let read = if standard {
        std::io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(file).map(|read| bytes = read)
    };
    read.with_context(|| format!("{name} cannot be read"))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let (line, _) = line_and_column(&String::from_utf8_lossy(valid), valid.len());
        anyhow::anyhow!("{name} is not UTF-8 text: line {line} has a byte that is none")
    })
}

/// Ends with the usage where options say how a program is to run, and none runs: a notebook says it in a cell.
fn nothing_runs(options: &Options) {
    let given = [
        (options.device.is_some(), "--device", "`device cuda` in a notebook chooses one"),
        (!options.set.is_empty(), "--set", "`let` in a notebook, or papermill's parameters, set constants"),
        (options.threads.is_some(), "--threads", "the kernel takes those that there are"),
        (options.out.is_some(), "--out", "pictures are in the notebook"),
    ];
    if let Some((_, option, instead)) = given.iter().find(|(given, ..)| *given) {
        usage(&format!("{option} is for programs, and none runs here: {instead}"));
    }
}

/// Ends because the command line is wrong.
fn usage(message: &str) -> ! {
    Arguments::command().error(ErrorKind::ValueValidation, message).exit()
}
