//! How far training is, in words.

use crate::display::clean;
use crate::display::number::{count, figure, percent, seconds};
use crate::event::{Metric, Progress};

/// What is under way: `lenet epoch 3/10`.
pub fn stage(progress: &Progress) -> String {
    format!("{} epoch {}/{}", clean(&progress.net), progress.epoch, progress.epochs)
}

/// How it goes: `loss 0.1234 · test 97.5 % · 5,210 images/s · 4 s left`.
pub fn pace(progress: &Progress) -> String {
    let rate = progress.images_per_second;
    // Whole seconds: tenths would only flicker.
    let left = match progress.seconds_left {
        left if (0.0..59.5).contains(&left) => format!("{left:.0} s"),
        left => seconds(left),
    };
    join(&[
        Some(format!("loss {}", figure(progress.loss))),
        progress.accuracy.map(|share| format!("test {}", percent(share))),
        (rate.is_finite() && rate >= 0.5).then(|| format!("{} images/s", count(rate.round() as u64))),
        Some(format!("{left} left")),
    ])
}

/// An epoch's figures: `loss 0.1234 · accuracy 96.8 % · test loss 0.1050 · test accuracy 97.5 %`.
pub fn figures(metric: &Metric) -> String {
    join(&[
        Some(format!("loss {}", figure(metric.loss))),
        metric.accuracy.map(|share| format!("accuracy {}", percent(share))),
        metric.test_loss.map(|value| format!("test loss {}", figure(value))),
        metric.test_accuracy.map(|share| format!("test accuracy {}", percent(share))),
    ])
}

/// An epoch's line, which stays and fits a terminal of 80 columns: `epoch  3/10  loss 0.1234, accuracy 96.8 % · test
/// 0.1050, 97.5 % · 1.2 s`.
pub fn epoch(metric: &Metric) -> String {
    let width = metric.epochs.to_string().len();
    let Metric { epoch, epochs, .. } = metric;
    let share =
        |word: &str, share: Option<f64>| share.map_or(String::new(), |share| format!(", {word}{}", percent(share)));
    let parts = join(&[
        Some(format!("loss {}{}", figure(metric.loss), share("accuracy ", metric.accuracy))),
        metric.test_loss.map(|loss| format!("test {}{}", figure(loss), share("", metric.test_accuracy))),
        Some(seconds(metric.seconds)),
    ]);
    format!("epoch {epoch:>width$}/{epochs}  {parts}")
}

fn join(parts: &[Option<String>]) -> String {
    parts.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            net: "lenet".into(),
            epoch: 3,
            epochs: 10,
            step: 50,
            steps: 230,
            loss: 0.12341,
            accuracy: Some(0.975),
            images_per_second: 5210.3,
            seconds_left: 4.2,
        }
    }

    #[test]
    fn progress_reads_well() {
        assert_eq!(stage(&progress()), "lenet epoch 3/10");
        assert_eq!(pace(&progress()), "loss 0.1234 · test 97.5 % · 5,210 images/s · 4 s left");
        let first = Progress { accuracy: None, images_per_second: 0.0, seconds_left: f64::INFINITY, ..progress() };
        assert_eq!(pace(&first), "loss 0.1234 · – left");
        let nearly = Progress { loss: 0.00001234, seconds_left: 0.3, images_per_second: f64::NAN, ..progress() };
        assert_eq!(pace(&nearly), "loss 1.23e-5 · test 97.5 % · 0 s left");
    }

    #[test]
    fn epochs_stand_below_one_another() {
        let metric = Metric {
            net: "lenet".into(),
            epoch: 3,
            epochs: 10,
            loss: 0.5,
            accuracy: Some(1.0),
            test_loss: None,
            test_accuracy: None,
            seconds: 1.24,
        };
        assert_eq!(epoch(&metric), "epoch  3/10  loss 0.5000, accuracy 100 % · 1.2 s");
        let tested = Metric {
            loss: 0.00001234,
            accuracy: Some(0.9675),
            test_loss: Some(0.1234),
            test_accuracy: Some(0.975),
            epoch: 10_000,
            epochs: 10_000,
            seconds: 59.0,
            ..metric
        };
        let line = epoch(&tested);
        assert!(
            line.starts_with("epoch 10000/10000  loss 1.23e-5, accuracy 96.8 % · test 0.1234, 97.5 % · "),
            "{line}"
        );
        assert!(line.chars().count() <= 80, "{line}");
    }
}
