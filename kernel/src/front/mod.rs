//! What the user sees of a running program: results on standard output, progress and mistakes on standard error.

mod files;
mod graphics;
pub mod probe;
mod progress;

use std::io::Write;

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea_dsl::{Diagnostic, Source, Style, visible};

use crate::cli::{Format, Shown};
pub use files::Folder;
pub use graphics::Graphics;
use progress::ProgressLine;

/// How the terminal shows pictures: as the command line says, else what the prompt's terminal can. Scripts show none by
/// themselves.
pub fn graphics(asked: Shown, at: Reader) -> Graphics {
    match (asked, at) {
        (Shown::Kitty, _) => Graphics::Kitty,
        (Shown::Iterm, _) => Graphics::Iterm,
        (Shown::Sixel, _) => Graphics::Sixel,
        (Shown::Blocks, _) => Graphics::Blocks,
        (Shown::Auto, Reader::Prompt) => probe::terminal(),
        (Shown::None, _) | (Shown::Auto, Reader::Script) => Graphics::None,
    }
}

/// Says on standard error what is wrong where no program is.
pub fn fail(message: &str, format: Format) {
    let line = match format {
        Format::Text => format!("error: {}", visible(message)),
        Format::Json => serde_json::json!({ "error": { "message": message } }).to_string(),
    };
    // Where standard error is closed, the status says it alone.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Whether standard output is a terminal that takes colours.
fn has_colours() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Who reads what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A user at the prompt.
    Prompt,
    /// Whoever started a script.
    Script,
}

/// Renders events, and computes nothing.
pub struct Front {
    format: Format,
    folder: Folder,
    graphics: Graphics,
    progress: ProgressLine,
    closed: bool,
    /// Something could not be written.
    failed: bool,
    /// The last result says itself that it was broken off.
    told: bool,
}

impl Front {
    /// Prints in this format; pictures go to `folder`, and to the terminal as `graphics` says.
    pub fn new(format: Format, folder: Folder, graphics: Graphics) -> Self {
        Self { format, folder, graphics, progress: ProgressLine::new(), closed: false, failed: false, told: false }
    }

    /// How results are printed.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether nobody reads standard output any more.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Whether something that should have been written could not be.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Shows one piece of news.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Remark(remark, sources) => self.said(&[remark], &sources),
            Event::Text(text) => self.progress.line(&text),
            Event::Progress(progress) => self.progress.progress(&progress),
            Event::Metric(metric) => self.progress.metric(&metric),
            Event::Output(output) => {
                self.progress.clear();
                self.told = output.interrupted;
                self.output(output);
            }
            // The prompt asks the session itself; how far a silent statement is, is gone from a terminal at its end. What is not
            // done is for places where it can be replaced.
            Event::Begin { .. } | Event::Draft(_) | Event::Names(_) => {}
        }
    }

    /// Shows a statement's result.
    fn output(&mut self, mut output: Output) {
        let silent = output.silent && self.format == Format::Text;
        if silent {
            return;
        }
        // The text waits for no picture.
        if self.format == Format::Text && !output.text.is_empty() {
            match output.coloured.as_ref().filter(|_| has_colours()) {
                Some(coloured) => self.write(coloured),
                None => self.write(&visible(&output.text)),
            }
        }
        for picture in &output.pictures {
            match self.folder.write(&output.verb, picture) {
                Ok(paths) => output.files.extend(paths),
                Err(error) => {
                    self.failed = true;
                    self.progress.line(&format!("the picture {} is not written: {error}", picture.name));
                }
            }
        }
        match self.format {
            Format::Json => self.write(&output.as_data().to_string()),
            Format::Text => {
                let columns = probe::columns();
                let shown = output.pictures.iter().map(|picture| self.graphics.show(picture, columns));
                let shown: Vec<String> = shown.map(|picture| picture.trim_end().to_string()).collect();
                let lines: Vec<String> =
                    shown.into_iter().chain(output.file_lines()).filter(|line| !line.is_empty()).collect();
                if !lines.is_empty() {
                    self.write(&lines.join("\n"));
                }
            }
        }
    }

    /// Prints a line or more for a reader.
    pub fn print(&mut self, line: &str) {
        self.write(&visible(line));
    }

    /// Sets apart for a reader what follows.
    pub fn apart(&mut self) {
        if self.format == Format::Text {
            self.write("");
        }
    }

    /// Writes a line on standard output as it is; where nobody reads it any more, it is remembered and nothing else is
    /// written.
    pub fn write(&mut self, line: &str) {
        if self.closed {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
            self.closed = true;
            // A reader that has seen enough is no failure; a full disk is.
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                self.failed = true;
                self.progress.line(&format!("standard output cannot be written: {error}"));
            }
        }
    }

    /// Says what is wrong where no program is.
    pub fn error(&mut self, message: &str) {
        self.progress.clear();
        fail(message, self.format);
    }

    /// Shows why a program ended early.
    pub fn failure(&mut self, failure: &Failure, sources: &[Source]) {
        self.progress.clear();
        let Failure::Mistakes(mistakes) = failure else {
            if !std::mem::take(&mut self.told) {
                self.progress.line("interrupted");
            }
            return;
        };
        self.said(mistakes, sources);
    }

    /// Shows what is said of a text, on standard error.
    fn said(&mut self, diagnostics: &[Diagnostic], sources: &[Source]) {
        match self.format {
            Format::Json => {
                for diagnostic in diagnostics {
                    self.progress.data(&fovea::failure::as_data(diagnostic, sources).to_string());
                }
            }
            Format::Text => {
                let text = fovea_dsl::render(diagnostics, sources, Style::Coloured);
                drop(write!(anstream::stderr().lock(), "{text}"));
            }
        }
    }
}
