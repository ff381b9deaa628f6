//! The command line.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use fovea::picture::Theme;
use fovea_dsl::visible;

use crate::jupyter::install::Place;

/// The program failed; what is wrong is on standard error.
pub const FAILED: u8 = 1;

/// Convolutional networks as a lecture writes them. Without a command: the interactive prompt.
#[derive(Debug, Parser)]
#[command(name = "fovea", version, about, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A statement to run; may be repeated
    #[arg(short = 'e', value_name = "STATEMENT")]
    pub statements: Vec<String>,
    /// What commands take.
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a script; `-` reads standard input
    Run {
        /// The script
        file: PathBuf,
    },
    /// Check scripts, everything but the running: names, shapes, counts, memory
    Check {
        /// The scripts, each for itself
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Audit slides: listings and tables of networks, whole lectures; every figure that they print is computed
    Slide {
        /// Text, Markdown, LaTeX or HTML, each for itself; `-` reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Time a net: images a second, GFLOP/s, milliseconds a layer
    Bench {
        /// A net that `-e` defines, or FILE:NET
        net: String,
        /// A training step or inference
        #[arg(long, value_enum, default_value_t = Mode::Infer)]
        mode: Mode,
        /// Images a step
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
        batch: u32,
    },
    /// Bring scripts to their one canonical form, comments kept; `-` reads standard input and prints
    Fmt {
        /// The scripts
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Change nothing; end with status 1 where the form of one is another
        #[arg(long)]
        check: bool,
    },
    /// List the devices
    Devices,
    /// List the networks that come with the language, or print the text of one
    Library {
        /// Whose text: the net and the blocks that it is made of
        net: Option<String>,
    },
    /// Print what makes a shell complete commands: `source <(fovea completions bash)`
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Fovea in JupyterLab and other notebooks: install it, remove it, see what is installed
    Jupyter {
        /// What to do
        #[command(subcommand)]
        command: JupyterCommand,
    },
}

/// What to do about Jupyter.
#[derive(Debug, Subcommand)]
pub enum JupyterCommand {
    /// Install the kernel, its icons and the colours for JupyterLab
    Install(Place),
    /// Remove what install wrote
    Uninstall(Place),
    /// Say what is installed, in one place or in all that are known
    Status(Place),
    /// Serve a notebook; Jupyter starts this
    #[command(hide = true)]
    Kernel {
        /// The file that says where the front end listens
        #[arg(long, value_name = "FILE")]
        connection_file: PathBuf,
    },
}

/// What `bench` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// A training step.
    Train,
    /// Inference.
    Infer,
}

/// What commands take, each of them some of it: see [`TAKEN`].
#[derive(Debug, Args)]
pub struct Options {
    /// Override a `let` of the program: `--set N=3`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", global = true)]
    pub set: Vec<String>,
    /// The device to run on: `cpu`, `cuda`, `cuda:1`
    #[arg(long, value_name = "DEVICE", global = true)]
    pub device: Option<String>,
    /// How many threads of the CPU to use at most
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// The folder of training runs
    #[arg(long, value_name = "DIR", default_value = "runs", global = true)]
    pub runs: PathBuf,
    /// Where pictures go
    #[arg(long, value_name = "DIR", global = true)]
    pub out: Option<PathBuf>,
    /// How the terminal shows pictures; `auto` asks it at the prompt, and shows none elsewhere
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Shown::Auto, global = true)]
    pub graphics: Shown,
    /// How pictures are drawn: `light` or `dark`
    #[arg(long, value_name = "THEME", global = true,
          value_parser = PossibleValuesParser::new(Theme::WORDS).map(|word| Theme::named(&word).unwrap_or_default()))]
    pub theme: Option<Theme>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading.
    Text,
    /// One JSON object a statement, a line each.
    Json,
}

/// How the terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shown {
    /// As well as it can.
    Auto,
    /// By kitty's protocol.
    Kitty,
    /// By iTerm2's protocol.
    Iterm,
    /// As sixels.
    Sixel,
    /// As half blocks.
    Blocks,
    /// Not at all.
    None,
}

/// The options of [`Options`] that each command takes; the prompt and `run` take all.
const TAKEN: &[(&str, &[&str])] = &[
    ("check", &["set", "device", "threads", "runs", "format"]),
    ("slide", &["out", "graphics", "theme", "format"]),
    ("bench", &["set", "device", "threads", "format"]),
    ("fmt", &["format"]),
    ("devices", &["threads", "format"]),
    ("library", &["format"]),
    ("completions", &[]),
    ("jupyter", &["format"]),
];

/// What a command takes of [`Options`]; all, where nothing is said of it.
fn takes(command: &str, option: &str) -> bool {
    TAKEN.iter().find(|(name, _)| *name == command).is_none_or(|(_, options)| options.contains(&option))
}

/// The command line as it is parsed and explained: each command's help lists only what it takes.
pub fn command() -> clap::Command {
    let mut command = Arguments::command();
    let shared: Vec<Arg> = command.get_arguments().filter(|option| option.is_global_set()).cloned().collect();
    for inner in command.get_subcommands_mut() {
        let name = inner.get_name().to_string();
        let hidden: Vec<&Arg> = shared.iter().filter(|option| !takes(&name, option.get_id().as_str())).collect();
        hide(inner, &hidden);
    }
    command
}

/// Lets a command, and those behind it, know options without naming them.
fn hide(command: &mut clap::Command, options: &[&Arg]) {
    let known = std::mem::take(command);
    *command = options.iter().fold(known, |command, &option| command.arg(option.clone().hide(true)));
    command.get_subcommands_mut().for_each(|inner| hide(inner, options));
}

/// The command line's meaning.
///
/// # Errors
/// What is wrong with it, an option that the command does not take among that; what `--help` and `--version` print.
pub fn arguments() -> Result<Arguments, clap::Error> {
    let matches = command().try_get_matches()?;
    if let Some((name, _)) = matches.subcommand() {
        let given = |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let shared = Options::augment_args(clap::Command::new(""));
        let ids: Vec<&clap::Id> = shared.get_arguments().map(Arg::get_id).collect();
        // What a notebook has instead is said where the command is run.
        if let Some(id) = ids.into_iter().filter(given).find(|id| name != "jupyter" && !takes(name, id.as_str())) {
            let message = format!("`fovea {name}` does not take --{id}\n");
            return Err(command().error(ErrorKind::UnknownArgument, message));
        }
    }
    Arguments::from_arg_matches(&matches)
}

/// What makes a shell complete commands.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "fovea", &mut text);
    text
}

/// Ends because the command line says what cannot be.
pub fn usage(message: &str) -> ! {
    wrong(&command().error(ErrorKind::ValueValidation, message))
}

/// Ends because the command line is wrong.
pub fn wrong(error: &clap::Error) -> ! {
    if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
        && (word.ends_with(".fov") || Path::new(word).is_file())
    {
        usage(&format!("`{word}` is a file and no command: `fovea run {word}` runs it"));
    }
    let text = error.to_string();
    // Its colours are its own, and what it quotes is not.
    match visible(&text) {
        Cow::Borrowed(_) => error.exit(),
        Cow::Owned(text) => drop(write!(std::io::stderr(), "{text}")),
    }
    std::process::exit(error.exit_code())
}
