//! `predict lenet on digits[0..16] save "logits.npy"`

use std::path::PathBuf;
use std::sync::Arc;

use fovea_data::Dataset;
use fovea_dsl::net::Net;
use fovea_dsl::verb;
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::{Question, write_whole};
use ndarray::Axis;
use ndarray_npy::WriteNpyExt;
use serde_json::json;

use super::weights::destination;
use super::{Checked, Events, Job};
use crate::display::number::{self, percent};
use crate::display::{Guess, Page, guesses};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::{self, Grey, Mapped, Prediction, Theme};
use crate::route::route;
use crate::samples::{Pick, class, image, is_mapped, is_pictured, mapped, pick, share_right};
use crate::world::{Names, World};

/// How many predictions the text lists.
const LISTED: usize = 16;

struct Predict {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    theme: Theme,
    pick: Pick,
    save: Option<(PathBuf, Span)>,
}

/// Checks net, data, the pictures' numbers and the file's folder.
pub fn check(said: verb::Predict, names: &Names) -> Checked {
    let verb::Predict { net, samples, save } = said;
    let of = Use { net: &net, data: Some(&samples.data), weights: Weights::Own };
    let (net, route) = route(&of, &Question::result(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let save = save.map(|path| destination(&path.value)).transpose()?;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Predict { net, device, seed: names.seed, theme: names.theme, pick: pick(samples, names)?, save }))
}

impl Job for Predict {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let images = self.pick.gather(&data, world)?;
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

/// A tensor as npy, f32: scores are `[N, classes]`.
pub fn write(path: &std::path::Path, scores: &Tensor) -> Result<(), String> {
    let mut bytes = Vec::new();
    scores.write_npy(&mut bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    write_whole(path, &bytes).map_err(|error| error.to_string())
}

impl Predict {
    fn output(&self, data: &Dataset, probabilities: &Tensor) -> picture::Result<Output> {
        if is_mapped(data) {
            return self.maps(data, probabilities);
        }
        let rows: Vec<Vec<f32>> = probabilities.axis_iter(Axis(0)).map(|row| row.iter().copied().collect()).collect();
        let ranked: Vec<Vec<usize>> = rows.iter().map(|row| ranking(row)).collect();
        let guess = |i: usize, at: usize| Guess {
            sample: self.pick.name(i),
            truth: Some(class(data, at)),
            classes: ranked[i].iter().map(|&label| (data.classes[label].clone(), f64::from(rows[i][label]))).collect(),
        };
        let indices = self.pick.indices(data);
        let said: Vec<Guess> = indices.iter().enumerate().map(|(i, &at)| guess(i, at)).collect();
        let mut listed = guesses(&said[..said.len().min(LISTED)]);
        if said.len() > LISTED {
            listed += &format!("\n\n… and {} more", said.len() - LISTED);
        }
        let right = said.iter().filter(|guess| guess.is_right()).count();
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        let page = Page::default().fold(
            format!("{title}: {right} of {} right", number::of(said.len(), "picture")),
            Page::default().code(listed),
        );
        let likeliest: Vec<usize> = ranked.iter().filter_map(|row| row.first().copied()).collect();
        let figures = json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "classes": likeliest,
            "probabilities": rows,
        });
        let output = Output::page("predict", &page, figures);
        if !is_pictured(data) {
            return Ok(output);
        }
        let items = said.into_iter().zip(indices).map(|(guess, &at)| {
            let (caption, classes, truth) = (guess.sample, guess.classes, guess.truth);
            Ok(Prediction { image: image(data, at)?, caption, classes, truth })
        });
        let items: Vec<Prediction> = items.collect::<picture::Result<_>>()?;
        Ok(output.picture(picture::predictions(&title, &items, Grey::Auto, self.theme)?))
    }
}

impl Predict {
    /// The answers of a net that tells a class at every position.
    fn maps(&self, data: &Dataset, probabilities: &Tensor) -> picture::Result<Output> {
        let likeliest = |row: ndarray::ArrayView1<'_, f32>| {
            let better = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
            (0..row.len()).fold(0, better) as u32
        };
        let said: Vec<Vec<u32>> =
            probabilities.axis_iter(Axis(0)).map(|map| map.rows().into_iter().map(likeliest).collect()).collect();
        let pairs = || self.pick.indices(data).iter().zip(&said).enumerate();
        let right = |at: usize, said: &[u32]| percent(share_right(data.labels.of(at), said));
        let lines: Vec<String> = pairs()
            .take(LISTED)
            .map(|(i, (&at, said))| format!("{}: {} of its positions are right", self.pick.name(i), right(at, said)))
            .collect();
        let mut text = lines.join("\n");
        if said.len() > LISTED {
            text += &format!("\n… and {} more", said.len() - LISTED);
        }
        let item = |(i, (&at, said)): (usize, (&usize, &Vec<u32>))| {
            mapped(data, at, self.pick.name(i), Some((format!("{} right", right(at, said)), said.clone())))
        };
        let items: Vec<Mapped> = pairs().map(item).collect::<picture::Result<_>>()?;
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        let picture = picture::maps(&title, &items, &data.classes, self.theme)?;
        let figures = json!({ "net": self.net.name, "data": self.pick.samples.data.text, "classes": said });
        Ok(Output::new("predict", text, figures).picture(picture))
    }
}

/// The classes, the likeliest first, the earlier of equal ones.
fn ranking(row: &[f32]) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..row.len()).collect();
    ranked.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    ranked
}
