//! What the user sees of a running program: results on standard output, progress and mistakes on standard error.

mod files;
mod progress;

use std::io::Write;

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea_dsl::{Source, Style};

use crate::cli::Format;
pub use files::Folder;
use progress::ProgressLine;

/// Renders events, and computes nothing.
pub struct Front {
    format: Format,
    folder: Folder,
    progress: ProgressLine,
    closed: bool,
    /// The last result says itself that it was broken off.
    told: bool,
}

impl Front {
    /// Prints in this format; pictures go to `folder`.
    pub fn new(format: Format, folder: Folder) -> Self {
        Self { format, folder, progress: ProgressLine::new(), closed: false, told: false }
    }

    /// Whether nobody reads standard output any more.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Shows one piece of news.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Text(text) => self.progress.line(&text),
            Event::Progress(progress) => self.progress.progress(&progress),
            Event::Metric(metric) => self.progress.metric(&metric),
            Event::Output(output) => {
                self.progress.clear();
                self.told = output.data["interrupted"] == true;
                self.output(output);
            }
        }
    }

    /// Shows a statement's result.
    fn output(&mut self, mut output: Output) {
        let silent = output.silent && self.format == Format::Text;
        if silent {
            return;
        }
        for picture in &output.pictures {
            match self.folder.write(&output.verb, picture) {
                Ok(paths) => output.files.extend(paths),
                Err(error) => self.progress.line(&format!("the picture {} is not written: {error}", picture.name)),
            }
        }
        match self.format {
            Format::Json => self.print(&output.as_data().to_string()),
            Format::Text => {
                let files = output.files.iter().map(|path| format!("→ {}", path.display()));
                let lines: Vec<String> =
                    Some(output.text.clone()).filter(|text| !text.is_empty()).into_iter().chain(files).collect();
                if !lines.is_empty() {
                    self.print(&lines.join("\n"));
                }
            }
        }
    }

    /// Prints a line on standard output; where nobody reads it any more, it is remembered and nothing else is printed.
    pub fn print(&mut self, line: &str) {
        if self.closed {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        self.closed = writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err();
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
        match self.format {
            Format::Json => {
                for mistake in mistakes {
                    self.progress.line(&fovea::failure::as_data(mistake, sources).to_string());
                }
            }
            Format::Text => {
                let text = fovea_dsl::render(mistakes, sources, Style::Coloured);
                drop(write!(anstream::stderr().lock(), "{text}"));
            }
        }
    }
}
