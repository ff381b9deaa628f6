//! The training loop's news, for front ends.

use fovea_train::Event as News;

use crate::event::{Event, Figure, Metric, Part, Progress};
use crate::verbs::Events;
use crate::verbs::show::told;

/// Passes the training loop's news on.
pub struct Teller {
    net: String,
    epochs: usize,
    steps: u64,
    accuracy: Option<f64>,
    /// The part that the accuracy is on.
    watched: &'static str,
}

impl Teller {
    /// For a run of a net.
    pub fn new(net: &str, epochs: usize) -> Self {
        Self { net: net.to_string(), epochs, steps: 0, accuracy: None, watched: "test" }
    }

    /// Passes a piece of news on.
    pub fn tell(&mut self, event: News, events: &mut Events<'_>) {
        match event {
            News::Begin { steps, .. } => self.steps = steps,
            News::Step { step, epoch, loss, images_per_second, remaining, .. } => {
                let accuracy = self.accuracy.map(|share| Figure::share(self.watched, share));
                let figures = [Some(Figure::number("loss", loss)), accuracy];
                let rate = Figure::rate("images/s", images_per_second);
                events(Event::Progress(Progress {
                    task: self.net.clone(),
                    unit: "step".to_string(),
                    done: step,
                    of: self.steps,
                    part: Some(self.part(epoch)),
                    figures: figures.into_iter().flatten().chain([rate]).collect(),
                    seconds_left: Some(remaining.as_secs_f64()),
                }));
            }
            News::Epoch(epoch) => {
                (self.accuracy, self.watched) = (epoch.watched_accuracy(), epoch.watched());
                let name = |what: &str| format!("{} {what}", epoch.watched());
                let figures = [
                    Some(Figure::number("loss", epoch.loss)),
                    epoch.accuracy.map(|share| Figure::share("accuracy", share)),
                    epoch.watched_loss().map(|loss| Figure::number(&name("loss"), loss)),
                    epoch.watched_accuracy().map(|share| Figure::share(&name("accuracy"), share)),
                ];
                let further = told(&epoch.figures).map(|(what, value, _)| match what {
                    "RMSE" | "R²" => Figure::number(&name(what), value),
                    _ => Figure::share(&name(what), value),
                });
                events(Event::Metric(Metric {
                    task: self.net.clone(),
                    part: self.part(epoch.epoch),
                    figures: figures.into_iter().flatten().chain(further).collect(),
                    seconds: epoch.seconds,
                }));
            }
            News::PassedOver { why, .. } => events(Event::Text(format!("passed over: {why}"))),
            News::Checkpoint { .. } | News::End(_) => {}
        }
    }

    /// An epoch among all.
    fn part(&self, epoch: usize) -> Part {
        Part { unit: "epoch".to_string(), number: epoch as u64, of: self.epochs as u64 }
    }
}
