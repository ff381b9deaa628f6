//! `predict lenet on digits[0..16] save "logits.npy"`

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use fovea_dsl::command::{Path, Samples};
use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::Dataset;
use ndarray::Axis;
use ndarray_npy::WriteNpyExt;
use serde_json::json;

use super::weights::writable;
use super::{Checked, Events, Job};
use crate::display::percent;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::picture::{Grey, Prediction, Theme, predictions};
use crate::samples::{Pick, class, gather, image, pick};
use crate::session::{Work, route};
use crate::world::{Names, World};

/// How many predictions the text lists.
const LISTED: usize = 32;
/// How many of the likeliest classes are shown.
const LIKELIEST: usize = 5;

struct Predict {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    pick: Pick,
    save: Option<(PathBuf, Span)>,
}

/// Checks net, data, the pictures' numbers and the file's folder.
pub fn check(net: &Name, samples: Samples, save: Option<Path>, names: &Names) -> Checked {
    let of = Use { net, data: Some(&samples.data), weights: Weights::Own };
    let net = route(&of, Work::Infer, 1, names)?.net;
    let save = save.map(|path| Ok::<_, fovea_dsl::Diagnostic>((writable(&path)?, path.span))).transpose()?;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Predict { net, device, seed: names.seed, pick: pick(samples, names)?, save }))
}

impl Job for Predict {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let span = self.pick.samples.span;
        let data = world.dataset(&self.pick.spec).at(span)?;
        let images = gather(&data, self.pick.indices(&data));
        let said = world.with(&self.net, &self.device, self.seed, |trainee| trainee.predict(&images)).at(span)?;
        let output = self.output(&data, &said.probabilities).at(span)?;
        match &self.save {
            None => Ok(output),
            Some((path, span)) => {
                write(path, &said.logits).at(*span)?;
                Ok(output.file(path))
            }
        }
    }
}

/// Scores as npy, f32 `[N, classes]`.
fn write(path: &PathBuf, scores: &Tensor) -> Result<(), String> {
    let failed = |error: String| format!("{} cannot be written: {error}", path.display());
    let file = File::create(path).map_err(|error| failed(error.to_string()))?;
    scores.write_npy(file).map_err(|error| failed(error.to_string()))
}

impl Predict {
    fn output(&self, data: &Dataset, probabilities: &Tensor) -> crate::picture::Result<Output> {
        let indices = self.pick.indices(data);
        let ranked: Vec<Vec<(usize, f32)>> = probabilities.axis_iter(Axis(0)).map(|row| ranking(row.iter())).collect();
        let mut lines: Vec<String> =
            ranked.iter().zip(indices).enumerate().take(LISTED).map(|(i, (row, &at))| self.line(data, i, row, at)).collect();
        if ranked.len() > LISTED {
            lines.push(format!("… and {} more", ranked.len() - LISTED));
        }
        let items = ranked.iter().zip(indices).enumerate().map(|(i, (row, &at))| {
            let named = |&(label, share): &(usize, f32)| (data.classes[label].clone(), f64::from(share));
            Ok(Prediction {
                image: image(data, at)?,
                caption: self.pick.name(i),
                classes: row.iter().take(LIKELIEST).map(named).collect(),
                truth: Some(class(data, at)),
            })
        });
        let items: Vec<Prediction> = items.collect::<crate::picture::Result<_>>()?;
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        let picture = predictions(&title, &items, Grey::Auto, Theme::Light)?;
        let classes: Vec<usize> = ranked.iter().filter_map(|row| row.first()).map(|&(label, _)| label).collect();
        let rows: Vec<Vec<f32>> = probabilities.axis_iter(Axis(0)).map(|row| row.iter().copied().collect()).collect();
        let figures = json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "classes": classes,
            "probabilities": rows,
        });
        Ok(Output::new("predict", lines.join("\n"), figures).picture(picture))
    }

    /// `digits[3]: 7 (98.3 %), 1 (1.2 %), 9 (0.4 %)`
    fn line(&self, data: &Dataset, i: usize, row: &[(usize, f32)], at: usize) -> String {
        let shown = |&(label, share): &(usize, f32)| format!("{} ({})", data.classes[label], percent(f64::from(share)));
        let said: Vec<String> = row.iter().take(3).map(shown).collect();
        let truth = class(data, at);
        let right = row.first().is_some_and(|&(label, _)| data.classes[label] == truth);
        let mark = if right { String::new() } else { format!("; it is {truth}") };
        format!("{}: {}{mark}", self.pick.name(i), said.join(", "))
    }
}

/// Classes and their probabilities, the likeliest first, the earlier of equal ones.
fn ranking<'a>(row: impl Iterator<Item = &'a f32>) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = row.copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}
