//! What stands below a statement that trains, while it trains and when it is done: a line, and the curves so far.

use crate::course::Course;
use crate::display::number::whole_percent;
use crate::display::{bar, clean, number};
use crate::event::{Event, Metric, Progress, figure};
use crate::markup::escape;
use crate::picture::{self, Picture, Theme};
use crate::progress;

/// How many characters the bar of [`Live::line`] has.
const BAR: usize = 24;

/// The bar of [`Live::line_html`].
const PROGRESS: &str = "width: 9em; margin: 0 0.5em; vertical-align: middle";

/// A long task, a training run say, as its events tell of it. Events are taken in at once and in bounded memory, however many there are;
/// a picture is drawn when it is asked for. It has no clock: how often that is so is the front end's affair.
#[derive(Clone, Debug)]
pub struct Live {
    theme: Theme,
    course: Course,
    now: Option<Progress>,
    last: Option<Metric>,
    /// What it has made so far, where it makes a picture.
    draft: Option<Picture>,
    /// How long the complete parts took.
    seconds: f64,
    over: bool,
}

impl Live {
    /// Nothing yet; pictures will be drawn in `theme`.
    pub fn new(theme: Theme) -> Self {
        Self { theme, course: Course::live(), now: None, last: None, draft: None, seconds: 0.0, over: false }
    }

    /// Takes in an event: progress and an epoch's figures; any statement's result says that the run is over. Where
    /// another run begins, what was known of the last is forgotten.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.progress(progress),
            Event::Metric(metric) => self.metric(metric),
            Event::Draft(picture) => self.draft = Some(picture.clone()),
            Event::Output(_) => self.over(),
            Event::Begin { .. } | Event::Remark(..) | Event::Text(_) | Event::Names(_) => {}
        }
    }

    /// The run is over, complete or not: from now on the line says what there is, and not how long it will take.
    pub fn over(&mut self) {
        self.over = true;
    }

    fn progress(&mut self, progress: &Progress) {
        let goes_on = |now: &Progress| now.task == progress.task && now.done < progress.done;
        if self.over || !self.now.as_ref().is_none_or(goes_on) {
            *self = Self::new(self.theme);
        }
        if let Some(loss) = figure(&progress.figures, "loss") {
            self.course.step(progress.done, loss);
        }
        self.now = Some(progress.clone());
    }

    fn metric(&mut self, metric: &Metric) {
        let named = |name: &str| figure(&metric.figures, name);
        let watched = if named("validation loss").is_some() { "validation" } else { "test" };
        let both = |name: &str| [named(name), named(&format!("{watched} {name}"))];
        self.course.epoch(metric.part.number, watched, both("loss"), both("accuracy"));
        self.seconds += metric.seconds;
        self.last = Some(metric.clone());
    }

    /// Whether it made a picture that changed.
    pub fn has_drafts(&self) -> bool {
        self.draft.is_some()
    }

    /// Whether all parts are complete.
    fn complete(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.part.number == last.part.of)
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

    /// What it has made so far, where it makes a picture; and when that is over, nothing, for the result shows it. Else the
    /// curves so far: loss and accuracy, training and test, as `plot loss, accuracy` draws them; before the first epoch has
    /// ended, the losses of its steps. None before the first event.
    pub fn picture(&self) -> Option<picture::Result<Picture>> {
        if let Some(draft) = &self.draft {
            return (!self.over).then(|| Ok(draft.clone()));
        }
        let kinds = self.course.kinds();
        let net = self.now.as_ref().map(|now| &now.task).or(self.last.as_ref().map(|last| &last.task))?;
        (!kinds.is_empty()).then(|| self.course.draw(net, &kinds, self.theme))
    }

    fn parts(&self) -> Option<Parts> {
        let last = self.last.as_ref();
        if let Some(last) = last.filter(|_| self.complete()) {
            let parts = number::of(last.part.of as usize, &clean(&last.part.unit));
            let rest = format!("{} · {}", progress::figures(&last.figures), number::seconds(self.seconds));
            return Some(Parts { stage: format!("{} {parts}", clean(&last.task)), share: None, rest });
        }
        let now = self.now.as_ref()?;
        if !self.over {
            let share = if now.of == 0 { 0.0 } else { (now.done as f64 / now.of as f64).clamp(0.0, 1.0) };
            return Some(Parts { stage: progress::stage(now), share: Some(share), rest: progress::pace(now) });
        }
        // A task without parts tells nothing behind its last unit.
        if last.is_none() && now.part.is_none() && now.done == now.of {
            let stage = format!("{} {}", clean(&now.task), number::of(now.of as usize, &clean(&now.unit)));
            return Some(Parts { stage, share: None, rest: progress::figures(&now.figures) });
        }
        let (stage, unit) = (progress::stage(now), clean(&now.unit));
        let stage = format!("{stage}, ended early, at {unit} {} of {}", now.done, now.of);
        let rest = match last {
            Some(Metric { part, figures, .. }) => {
                format!("{} after {} {}", progress::figures(figures), clean(&part.unit), part.number)
            }
            None => progress::figures(now.figures.get(..1).unwrap_or_default()),
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
