//! What stands below a statement that trains, while it trains and when it is done: a line, and the curves so far.

use fovea_train::EpochMetrics;

use crate::course::Course;
use crate::display::number::whole_percent;
use crate::display::{bar, clean, number};
use crate::event::{Event, Metric, Progress};
use crate::markup::escape;
use crate::picture::{self, Picture, Theme};
use crate::progress;

/// How many characters the bar of [`Live::line`] has.
const BAR: usize = 24;

/// The bar of [`Live::line_html`].
const PROGRESS: &str = "width: 9em; margin: 0 0.5em; vertical-align: middle";

/// A training run as its events tell of it. Events are taken in at once and in bounded memory, however many there are;
/// a picture is drawn when it is asked for. It has no clock: how often that is so is the front end's affair.
#[derive(Clone, Debug)]
pub struct Live {
    theme: Theme,
    course: Course,
    now: Option<Progress>,
    last: Option<Metric>,
    /// How long the complete epochs took.
    seconds: f64,
    over: bool,
}

impl Live {
    /// Nothing yet; pictures will be drawn in `theme`.
    pub fn new(theme: Theme) -> Self {
        Self { theme, course: Course::live(), now: None, last: None, seconds: 0.0, over: false }
    }

    /// Takes in an event: progress and an epoch's figures; any statement's result says that the run is over. Where
    /// another run begins, what was known of the last is forgotten.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.progress(progress),
            Event::Metric(metric) => self.metric(metric),
            Event::Output(_) => self.over(),
            Event::Begin { .. } | Event::Remark(..) | Event::Text(_) | Event::Names(_) => {}
        }
    }

    /// The run is over, complete or not: from now on the line says what there is, and not how long it will take.
    pub fn over(&mut self) {
        self.over = true;
    }

    fn progress(&mut self, progress: &Progress) {
        let goes_on = |now: &Progress| now.net == progress.net && now.step < progress.step;
        if self.over || !self.now.as_ref().is_none_or(goes_on) {
            *self = Self::new(self.theme);
        }
        self.course.step(progress.step, progress.loss);
        self.now = Some(progress.clone());
    }

    fn metric(&mut self, metric: &Metric) {
        let &Metric { epoch, loss, accuracy, test_loss, test_accuracy, seconds, .. } = metric;
        self.course.epoch(&EpochMetrics { epoch, loss, accuracy, test_loss, test_accuracy, seconds });
        self.seconds += seconds;
        self.last = Some(metric.clone());
    }

    /// Whether all epochs are complete.
    fn complete(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.epoch == last.epochs)
    }

    /// The run in a line of text; empty before its first event.
    ///
    /// While it runs: `lenet epoch 3/10 ▕████▏ 62 % loss 0.1234 · test accuracy 97.5 % · 5,210 images/s · 4 s left`.
    /// Then: `lenet 10 epochs: loss 0.0123 · accuracy 99.6 % · … · 12 s`.
    pub fn line(&self) -> String {
        self.parts().map_or_else(String::new, |Parts { stage, share, rest }| match share {
            None => format!("{stage}: {rest}"),
            Some(share) => {
                let bar = bar(share, BAR);
                format!("{stage} ▕{bar}{}▏ {} {rest}", " ".repeat(BAR - bar.chars().count()), whole_percent(share))
            }
        })
    }

    /// The same as HTML, with a bar while it runs.
    pub fn line_html(&self) -> String {
        self.parts().map_or_else(String::new, |Parts { stage, share, rest }| {
            let (stage, rest) = (escape(&stage), escape(&rest));
            let rest = match share {
                None => format!("<b>{stage}:</b> {rest}"),
                Some(share) => format!(
                    "<b>{stage}</b> <progress style=\"{PROGRESS}\" max=\"1000\" value=\"{:.0}\"></progress> {} {rest}",
                    1000.0 * share,
                    escape(&whole_percent(share))
                ),
            };
            format!("<div>{rest}</div>")
        })
    }

    /// The curves so far: loss and accuracy, training and test, as `plot loss, accuracy` draws them; before the first
    /// epoch has ended, the losses of its steps. None before the first event.
    pub fn picture(&self) -> Option<picture::Result<Picture>> {
        let kinds = self.course.kinds();
        let net = self.now.as_ref().map(|now| &now.net).or(self.last.as_ref().map(|last| &last.net))?;
        (!kinds.is_empty()).then(|| self.course.draw(net, &kinds, self.theme))
    }

    fn parts(&self) -> Option<Parts> {
        let last = self.last.as_ref();
        if let Some(last) = last.filter(|_| self.complete()) {
            let (epochs, time) = (number::of(last.epochs, "epoch"), number::seconds(self.seconds));
            let rest = format!("{} · {time}", progress::figures(last));
            return Some(Parts { stage: format!("{} {epochs}", clean(&last.net)), share: None, rest });
        }
        let now = self.now.as_ref()?;
        if !self.over {
            let share = if now.steps == 0 { 0.0 } else { (now.step as f64 / now.steps as f64).clamp(0.0, 1.0) };
            return Some(Parts { stage: progress::stage(now), share: Some(share), rest: progress::pace(now) });
        }
        let stage = format!("{}, ended early, at step {} of {}", progress::stage(now), now.step, now.steps);
        let rest = match last {
            Some(last) => format!("{} after epoch {}", progress::figures(last), last.epoch),
            None => format!("loss {}", number::figure(now.loss)),
        };
        Some(Parts { stage, share: None, rest })
    }
}

/// What the line is made of.
struct Parts {
    stage: String,
    /// Which share of the run is done; none when it is over.
    share: Option<f64>,
    rest: String,
}
