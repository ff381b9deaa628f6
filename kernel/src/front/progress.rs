//! How far training is: on a terminal one line that moves, elsewhere a line an epoch.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use fovea::event::{Metric, Progress};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

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

    /// Shows where training stands.
    pub fn progress(&mut self, progress: &Progress) {
        if !self.terminal {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(progress.steps));
        let accuracy = progress.accuracy.map(|share| format!("  test accuracy {}", percent(share))).unwrap_or_default();
        let left = HumanDuration(Duration::from_secs_f64(progress.seconds_left.clamp(0.0, 1e9)));
        bar.set_prefix(format!("{} epoch {}/{}", progress.net, progress.epoch, progress.epochs));
        bar.set_message(format!(
            "loss {:.4}{accuracy}  {:.0} images/s  {left:#} left",
            progress.loss, progress.images_per_second
        ));
        bar.set_position(progress.step);
    }

    /// Shows an epoch's figures, for good.
    pub fn metric(&mut self, metric: &Metric) {
        self.line(&metric.to_string());
    }

    /// Writes a line above the moving one.
    pub fn line(&mut self, line: &str) {
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

/// A bar over `steps` steps, drawn ten times a second at most.
fn new_bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(10));
    match ProgressStyle::with_template("{prefix} {bar:24} {msg}") {
        Ok(style) => bar.with_style(style.progress_chars("█▉▊▋▌▍▎▏ ")),
        Err(_) => bar,
    }
}

/// `98.1 %`
fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
