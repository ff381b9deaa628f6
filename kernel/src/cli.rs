//! The command line.

use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
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
    /// What every command takes.
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
    /// Check a script, everything but the running: names, shapes, counts, memory
    Check {
        /// The script
        file: PathBuf,
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
    /// Bring a script to its one canonical form, comments kept; `-` reads standard input and prints
    Fmt {
        /// The script
        file: PathBuf,
        /// Change nothing; end with status 1 where the form is another
        #[arg(long)]
        check: bool,
    },
    /// List the devices
    Devices,
    /// List the networks that come with the language
    Library,
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

/// What every command takes.
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

/// Ends because the command line says what cannot be.
pub fn usage(message: &str) -> ! {
    wrong(&Arguments::command().error(clap::error::ErrorKind::ValueValidation, message))
}

/// Ends because the command line is wrong.
pub fn wrong(error: &clap::Error) -> ! {
    let text = error.to_string();
    // Its colours are its own, and what it quotes is not.
    match visible(&text) {
        Cow::Borrowed(_) => error.exit(),
        Cow::Owned(text) => drop(write!(std::io::stderr(), "{text}")),
    }
    std::process::exit(error.exit_code())
}
