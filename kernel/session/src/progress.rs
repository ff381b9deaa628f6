//! How far a long task is, in words.

use crate::display::clean;
use crate::display::number::{count, figure, percent, seconds, whole_percent};
use crate::event::{Figure, Form, Metric, Progress};

/// What is under way: `lenet epoch 3/10`.
pub fn stage(progress: &Progress) -> String {
    let (unit, number, of) = match &progress.part {
        Some(part) => (&part.unit, part.number, part.of),
        None => (&progress.unit, progress.done, progress.of),
    };
    format!("{} {} {number}/{of}", clean(&progress.task), clean(unit))
}

/// Where it stands in a line of its own, for a log: `lenet epoch 3/10, 62 %: loss 0.1234 · … · 4 s left`.
pub fn beat(progress: &Progress) -> String {
    let share = if progress.of == 0 { 0.0 } else { (progress.done as f64 / progress.of as f64).clamp(0.0, 1.0) };
    format!("{}, {}: {}", stage(progress), whole_percent(share), pace(progress))
}

/// How it goes: `loss 0.1234 · test 97.5 % · 5,210 images/s · 4 s left`.
pub fn pace(progress: &Progress) -> String {
    // Whole seconds: tenths would only flicker.
    let left = |left: f64| match left {
        left if (0.0..59.5).contains(&left) => format!("{left:.0} s left"),
        left => format!("{} left", seconds(left)),
    };
    join(progress.figures.iter().filter_map(text).chain(progress.seconds_left.map(left)))
}

/// What came of a part: `loss 0.1234 · accuracy 96.8 % · test loss 0.1050 · test accuracy 97.5 %`.
pub fn figures(figures: &[Figure]) -> String {
    join(figures.iter().filter_map(text))
}

/// A part's line, which stays and fits a terminal of 80 columns: `epoch  3/10  loss 0.1234, accuracy 96.8 % · test 0.1050,
/// 97.5 % · 1.2 s`.
pub fn part(metric: &Metric) -> String {
    let (unit, number, of) = (clean(&metric.part.unit), metric.part.number, metric.part.of);
    let width = of.to_string().len();
    let mut parts: Vec<String> = Vec::new();
    for figure in &metric.figures {
        let is_share = figure.form == Form::Share;
        // What the part that is watched gave stands together, a share behind its number.
        let watched = ["test ", "validation "].into_iter().find(|part| figure.name.starts_with(part));
        let name = match (watched, figure.name.split_once(' ')) {
            (Some(_), Some((_, "accuracy"))) => "",
            (Some(_), Some((part, "loss"))) => part,
            _ => figure.name.as_str(),
        };
        let Some(words) = text(&Figure { name: name.to_string(), ..figure.clone() }) else { continue };
        match parts.last_mut() {
            Some(last) if is_share && (name.is_empty() || watched.is_none()) && of_part(last, watched) => {
                *last += &format!(", {}", words.trim())
            }
            _ => parts.push(words.trim().to_string()),
        }
    }
    parts.push(seconds(metric.seconds));
    format!("{unit} {number:>width$}/{of}  {}", join(parts.into_iter()))
}

/// Whether a figure in words is of this part; every figure is, where none is watched.
fn of_part(words: &str, watched: Option<&str>) -> bool {
    watched.is_none_or(|part| words.starts_with(part))
}

/// A figure with its name; none of a rate that is not known yet.
fn text(of: &Figure) -> Option<String> {
    let name = clean(&of.name);
    match of.form {
        Form::Number => Some(format!("{name} {}", figure(of.value))),
        Form::Share => Some(format!("{name} {}", percent(of.value))),
        Form::Rate => {
            (of.value.is_finite() && of.value >= 0.5).then(|| format!("{} {name}", count(of.value.round() as u64)))
        }
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Part;

    fn progress() -> Progress {
        Progress {
            task: "lenet".into(),
            unit: "step".into(),
            done: 50,
            of: 230,
            part: Some(Part { unit: "epoch".into(), number: 3, of: 10 }),
            figures: vec![
                Figure::number("loss", 0.12341),
                Figure::share("test", 0.975),
                Figure::rate("images/s", 5210.3),
            ],
            seconds_left: Some(4.2),
        }
    }

    #[test]
    fn progress_reads_well() {
        assert_eq!(stage(&progress()), "lenet epoch 3/10");
        assert_eq!(pace(&progress()), "loss 0.1234 · test 97.5 % · 5,210 images/s · 4 s left");
        let first = vec![Figure::number("loss", 0.12341), Figure::rate("images/s", 0.0)];
        let first = Progress { figures: first, seconds_left: Some(f64::INFINITY), ..progress() };
        assert_eq!(pace(&first), "loss 0.1234 · – left");
        let nearly = vec![Figure::number("loss", 0.00001234), Figure::rate("images/s", f64::NAN)];
        let nearly = Progress { figures: nearly, seconds_left: Some(0.3), ..progress() };
        assert_eq!(pace(&nearly), "loss 1.23e-5 · 0 s left");
    }

    #[test]
    fn a_task_without_parts_counts_its_units() {
        let drawn = vec![Figure::rate("pictures/s", 120.0)];
        let (task, unit) = ("scenes".into(), "picture".into());
        let drawing = Progress { task, unit, part: None, figures: drawn, seconds_left: None, ..progress() };
        assert_eq!(stage(&drawing), "scenes picture 50/230");
        assert_eq!(pace(&drawing), "120 pictures/s");
    }

    #[test]
    fn parts_stand_below_one_another() {
        let part = Part { unit: "epoch".into(), number: 3, of: 10 };
        let figures = vec![Figure::number("loss", 0.5), Figure::share("accuracy", 1.0)];
        let metric = Metric { task: "lenet".into(), part, figures, seconds: 1.24 };
        assert_eq!(super::part(&metric), "epoch  3/10  loss 0.5000, accuracy 100 % · 1.2 s");
        let part = Part { unit: "epoch".into(), number: 10_000, of: 10_000 };
        let figures = vec![
            Figure::number("loss", 0.00001234),
            Figure::share("accuracy", 0.9675),
            Figure::number("test loss", 0.1234),
            Figure::share("test accuracy", 0.975),
        ];
        let line = super::part(&Metric { part: part.clone(), figures, seconds: 59.0, ..metric.clone() });
        assert!(
            line.starts_with("epoch 10000/10000  loss 1.23e-5, accuracy 96.8 % · test 0.1234, 97.5 % · "),
            "{line}"
        );
        assert!(line.chars().count() <= 80, "{line}");
        // Of several figures each is named.
        let figures = ["loss", "test loss", "test RMSE"].map(|name| Figure::number(name, 0.5)).to_vec();
        let line = super::part(&Metric { part, figures, ..metric });
        assert_eq!(line, "epoch 10000/10000  loss 0.5000 · test 0.5000 · test RMSE 0.5000 · 1.2 s");
    }
}
