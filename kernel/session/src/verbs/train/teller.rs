//! The training loop's news, for front ends.

use fovea_train::Event as News;

use crate::event::{Event, Metric, Progress};
use crate::verbs::Events;

/// Passes the training loop's news on.
pub struct Teller {
    net: String,
    epochs: usize,
    steps: u64,
    accuracy: Option<f64>,
}

impl Teller {
    /// For a run of a net.
    pub fn new(net: &str, epochs: usize) -> Self {
        Self { net: net.to_string(), epochs, steps: 0, accuracy: None }
    }

    /// Passes a piece of news on.
    pub fn tell(&mut self, event: News, events: &mut Events<'_>) {
        match event {
            News::Begin { steps_per_epoch, epochs, .. } => {
                self.steps = (steps_per_epoch as u64).saturating_mul(epochs as u64);
            }
            News::Step { step, epoch, loss, images_per_second, remaining, .. } => events(Event::Progress(Progress {
                net: self.net.clone(),
                epoch,
                epochs: self.epochs,
                step,
                steps: self.steps,
                loss,
                accuracy: self.accuracy,
                images_per_second,
                seconds_left: remaining.as_secs_f64(),
            })),
            News::Epoch(epoch) => {
                self.accuracy = epoch.test_accuracy;
                events(Event::Metric(Metric {
                    net: self.net.clone(),
                    epoch: epoch.epoch,
                    epochs: self.epochs,
                    loss: epoch.loss,
                    accuracy: epoch.accuracy,
                    test_loss: epoch.test_loss,
                    test_accuracy: epoch.test_accuracy,
                    seconds: epoch.seconds,
                }));
            }
            News::PassedOver { why, .. } => events(Event::Text(format!("passed over: {why}"))),
            News::Checkpoint { .. } | News::End(_) => {}
        }
    }
}
