//! How far training is: on a terminal one line that moves, elsewhere a line an epoch.

use std::io::{IsTerminal, Write};

use fovea::event::{Metric, Progress};
use fovea::progress;
use fovea_dsl::visible;

use super::probe;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of the statement that runs, on standard error.
pub struct ProgressLine {
    bar: Option<ProgressBar>,
    terminal: bool,
}

impl ProgressLine {
    /// A line that shows itself when there is something to show.
    pub fn new() -> Self {
        Self { bar: None, terminal: std::io::stderr().is_terminal() }
    }

    /// Shows where a long task stands.
    pub fn progress(&mut self, at: &Progress) {
        if !self.terminal {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(at.of));
        bar.set_prefix(progress::stage(at));
        bar.set_message(progress::pace(at));
        bar.set_position(at.done);
    }

    /// Shows what came of a part of it, for good.
    pub fn metric(&mut self, metric: &Metric) {
        self.line(&progress::part(metric));
    }

    /// Writes a line, or more, above the moving one.
    pub fn line(&mut self, line: &str) {
        self.data(&visible(line));
    }

    /// Writes a line above the moving one as it is.
    pub fn data(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            // A closed standard error is nobody's loss but the reader's.
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    /// Takes the moving line away.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A bar over so many units, drawn ten times a second at most.
fn new_bar(units: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(units), ProgressDrawTarget::stderr_with_hz(10));
    // The words that stand beside the bar fit 80 columns with the shorter one.
    let template = if probe::columns() < 100 { "{prefix} {bar:8} {msg}" } else { "{prefix} {bar:24} {msg}" };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("█▉▊▋▌▍▎▏ ")),
        Err(_) => bar,
    }
}
