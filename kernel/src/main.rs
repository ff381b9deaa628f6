//! The `fovea` program: scripts, single statements, the prompt.

mod allocator;
mod assist;
mod cli;
mod front;
mod interrupt;
mod jupyter;
mod magic;
mod repl;
mod script;
mod slides;
mod state;
mod text;

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::{Arguments, Command, FAILED, Format, JupyterCommand, Mode, Options, usage, wrong};
use fovea::device::{self, Cores, Instructions, Purpose};
use fovea::event::Event;
use fovea::picture::Theme;
use fovea::session::Session;
use front::{Folder, Front, Reader};
use interrupt::Presses;
use jupyter::install;
use script::{Form, Script};
use text::read;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

fn main() -> ExitCode {
    interrupt::survive_full_files();
    let arguments = match cli::arguments() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => wrong(&error),
        Err(asked) => return pages(&asked),
    };
    let format = arguments.options.format;
    run(arguments).unwrap_or_else(|error| {
        front::fail(&format!("{error:#}"), format);
        ExitCode::from(FAILED)
    })
}

/// Does the same to each of several scripts, whatever came of those before it; the status of the last that failed.
fn each(files: &[PathBuf], format: Format, mut act: impl FnMut(&Path) -> anyhow::Result<ExitCode>) -> ExitCode {
    let status = |file: &PathBuf| {
        act(file).unwrap_or_else(|error| {
            front::fail(&format!("{error:#}"), format);
            ExitCode::from(FAILED)
        })
    };
    let all: Vec<ExitCode> = files.iter().map(status).collect();
    all.into_iter().rfind(|status| *status != ExitCode::SUCCESS).unwrap_or(ExitCode::SUCCESS)
}

/// Prints what `--help` or `--version` asks for; the exit status.
fn pages(asked: &clap::Error) -> ExitCode {
    written(asked.print())
}

/// The exit status once something was written to standard output.
fn written(result: std::io::Result<()>) -> ExitCode {
    match result.and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            front::fail(&format!("standard output cannot be written: {error}"), Format::Text);
            ExitCode::from(FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// What the command line asks for.
fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { command, statements, options } = arguments;
    let format = options.format;
    if let Some(Command::Completions { shell }) = command {
        return Ok(written(std::io::stdout().write_all(&cli::completions(shell))));
    }
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
    let purpose = if let Some(Command::Check { .. }) = command { Purpose::Check } else { Purpose::Run };
    let reader = if at_prompt { Reader::Prompt } else { Reader::Script };
    let theme = slides::theme(&options);
    let folder = options.out.clone().unwrap_or_else(|| pictures(command.as_ref()));
    let mut script = Script {
        session: session(&options, purpose)?,
        front: Front::new(options.format, Folder::new(folder), front::graphics(options.graphics, reader)),
        overrides: !options.set.is_empty(),
    };
    let status = match command {
        None if at_prompt => {
            repl::repl(&mut script.session, &mut script.front)?;
            ExitCode::SUCCESS
        }
        None if statements.is_empty() => script.run("standard input", &read(Path::new("-"))?),
        None => script.run("-e", &statements.join("\n")),
        Some(Command::Run { file }) => script.run(&file.display().to_string(), &read(&file)?),
        Some(Command::Check { files }) => each(&files, format, |file| {
            // What one script defines is not there for the next.
            script.session = session(&options, purpose)?;
            Ok(script.check(&file.display().to_string(), &read(file)?))
        }),
        Some(Command::Slide { files }) => audits(&mut script.front, &files, format, theme),
        Some(Command::Fmt { files, check }) => {
            let form = if check { Form::Asked } else { Form::Made };
            each(&files, format, |file| script.format(file, form))
        }
        Some(Command::Completions { .. }) => ExitCode::SUCCESS,
        Some(Command::Devices) => script.run("devices", "device"),
        Some(Command::Library { net }) => {
            script.run("library", &format!("library {}", net.as_deref().unwrap_or_default()))
        }
        Some(Command::Jupyter { command }) => return notebooks(script, command),
        Some(Command::Bench { net, mode, batch }) => bench(&mut script, &statements.join("\n"), &net, mode, batch)?,
    };
    let status = script.ended(status);
    // The system takes memory back sooner than large nets let go of it, node by node.
    std::mem::forget(script.session);
    Ok(status)
}

/// Audits the slides in files, one after the other.
fn audits(front: &mut Front, files: &[PathBuf], format: Format, theme: Option<Theme>) -> ExitCode {
    let mut follows = false;
    each(files, format, |file| {
        if std::mem::replace(&mut follows, true) {
            front.apart();
        }
        slides::run(front, file, theme)
    })
}

/// What is asked about notebooks, or the kernel of one.
fn notebooks(mut script: Script, command: JupyterCommand) -> anyhow::Result<ExitCode> {
    let output = match command {
        JupyterCommand::Install(place) => install::install(&place)?,
        JupyterCommand::Uninstall(place) => install::uninstall(&place)?,
        JupyterCommand::Status(place) => install::status(&place)?,
        JupyterCommand::Kernel { connection_file } => return jupyter::serve(&connection_file, script.session),
    };
    script.front.event(Event::Output(output));
    Ok(script.ended(ExitCode::SUCCESS))
}

/// Measures a net, `NET` or `FILE:NET`; `given` are statements that come before.
fn bench(script: &mut Script, given: &str, net: &str, mode: Mode, batch: u32) -> anyhow::Result<ExitCode> {
    let mode = if mode == Mode::Train { "train" } else { "infer" };
    let net = match net.rsplit_once(':') {
        None if net.ends_with(".fov") => usage(&format!("which net of {net}? write {net}:NET")),
        None => net,
        Some((file, net)) => {
            if let Err(failure) = script.session.define(file, &read(Path::new(file))?) {
                return Ok(script.failed(&failure));
            }
            net
        }
    };
    Ok(script.run("bench", &format!("{given}\nbench {net} {mode} batch {batch}")))
}

/// A session on the device that the command line names, with the constants that it sets.
fn session(options: &Options, purpose: Purpose) -> anyhow::Result<Session> {
    let cores = Cores { threads: options.threads.map(usize::from), instructions: instructions()? };
    let device =
        device::find(options.device.as_deref().unwrap_or("cpu"), cores, purpose).map_err(anyhow::Error::msg)?;
    let mut session = Session::new(device, options.runs.clone(), interrupt::flag());
    session.set_cores(cores);
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

/// The CPU's instructions that `FOVEA_CPU` asks for: a switch of tests and measurements, for the best are taken without it.
fn instructions() -> anyhow::Result<Option<Instructions>> {
    match std::env::var("FOVEA_CPU") {
        Ok(word) if !word.is_empty() => {
            Instructions::from_word(&word).map(Some).map_err(|reason| anyhow::anyhow!("FOVEA_CPU: {reason}"))
        }
        _ => Ok(None),
    }
}

/// Where pictures go unless the command line says it: beside the script, else in the working directory.
fn pictures(command: Option<&Command>) -> PathBuf {
    match command {
        Some(Command::Run { file }) if file != Path::new("-") => file.with_extension("out"),
        _ => PathBuf::from("fovea.out"),
    }
}

/// Ends with the usage where options say how a program is to run, and none runs: a notebook says it in a cell.
fn nothing_runs(options: &Options) {
    let given = [
        (options.device.is_some(), "--device", "`device cuda` in a notebook chooses one"),
        (!options.set.is_empty(), "--set", "`let` in a notebook, or papermill's parameters, set constants"),
        (options.threads.is_some(), "--threads", "the kernel takes those that there are"),
        (options.out.is_some(), "--out", "pictures are in the notebook"),
        (options.runs != Path::new("runs"), "--runs", "a notebook's runs stand beside it"),
    ];
    if let Some((_, option, instead)) = given.iter().find(|(given, ..)| *given) {
        usage(&format!("{option} is for programs, and none runs here: {instead}"));
    }
}
