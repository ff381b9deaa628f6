//! How far training is: on a terminal one line that moves, elsewhere a line an epoch, and a line a minute where epochs
//! take longer.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use fovea::event::{Metric, Progress};
use fovea::progress;
use fovea_dsl::visible;

use super::probe;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whoever reads a log hears at least so often that something runs.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// The progress of the statement that runs, on standard error.
pub struct ProgressLine {
    bar: Option<ProgressBar>,
    terminal: bool,
    heart: Heart,
    now: Box<dyn FnMut() -> Instant>,
    /// Where lines go; standard error.
    out: Box<dyn Write>,
}

/// When the last line was written about what runs.
#[derive(Default)]
struct Heart(Option<Instant>);

impl Heart {
    /// Whether it is time for a line; what begins now is due later.
    fn beats(&mut self, now: Instant) -> bool {
        let last = *self.0.get_or_insert(now);
        let is_due = now.saturating_duration_since(last) >= HEARTBEAT;
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

impl ProgressLine {
    /// A line that shows itself when there is something to show.
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self::on(Box::new(std::io::stderr()), terminal, Box::new(Instant::now))
    }

    fn on(out: Box<dyn Write>, terminal: bool, now: Box<dyn FnMut() -> Instant>) -> Self {
        Self { bar: None, terminal, heart: Heart::default(), now, out }
    }

    /// Shows where a long task stands.
    pub fn progress(&mut self, at: &Progress) {
        if !self.terminal {
            if self.heart.beats((self.now)()) {
                self.line(&progress::beat(at));
            }
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
        self.heart.0 = Some((self.now)());
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
            None => drop(writeln!(self.out, "{line}")),
        }
    }

    /// Takes the moving line away.
    pub fn clear(&mut self) {
        self.heart = Heart::default();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::mpsc;

    use fovea::event::{Figure, Part};

    use super::*;

    struct Lines(mpsc::Sender<String>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.send(String::from_utf8_lossy(bytes).into_owned()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_comes_where_none_has_come_for_a_minute() {
        let (sender, receiver) = mpsc::channel();
        let (begun, passed) = (Instant::now(), Rc::new(Cell::new(0)));
        let clock = Rc::clone(&passed);
        let now = move || begun + Duration::from_secs(clock.get());
        let mut progress = ProgressLine::on(Box::new(Lines(sender)), false, Box::new(now));
        let part = Part { unit: "epoch".into(), number: 3, of: 10 };
        let figures = vec![Figure::number("loss", 0.5), Figure::rate("images/s", 120.0)];
        let at = |done| Progress {
            task: "lenet".into(),
            unit: "step".into(),
            done,
            of: 230,
            part: Some(part.clone()),
            figures: figures.clone(),
            seconds_left: Some(90.0),
        };
        let metric = Metric { task: "lenet".into(), part: part.clone(), figures: Vec::new(), seconds: 1.0 };
        let mut told = |second, say: &dyn Fn(&mut ProgressLine)| {
            passed.set(second);
            say(&mut progress);
            receiver.try_iter().collect::<String>()
        };
        assert_eq!(told(1000, &|line| line.progress(&at(1))), "");
        assert_eq!(told(1059, &|line| line.progress(&at(60))), "");
        assert_eq!(
            told(1060, &|line| line.progress(&at(69))),
            "lenet epoch 3/10, 30 %: loss 0.5000 · 120 images/s · 1 min 30 s left\n"
        );
        assert_eq!(told(1119, &|line| line.progress(&at(70))), "");
        assert!(told(1125, &|line| line.progress(&at(71))).starts_with("lenet epoch 3/10, 31 %"));
        // An epoch's line says it, too.
        assert!(told(1180, &|line| line.metric(&metric)).starts_with("epoch  3/10"));
        assert_eq!(told(1239, &|line| line.progress(&at(72))), "");
        assert!(!told(1240, &|line| line.progress(&at(73))).is_empty());
        // What begins next has said nothing yet, and is not late.
        assert_eq!(told(9000, &|line| line.clear()) + &told(9001, &|line| line.progress(&at(1))), "");
    }
}
