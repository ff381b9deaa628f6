//! `predict lenet on digits[0..16] save "logits.npy"`

use std::path::PathBuf;
use std::sync::Arc;

use fovea_data::{Dataset, LabelKind};
use fovea_dsl::net::Net;
use fovea_dsl::verb;
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::target::Toward;
use fovea_train::{Question, Trainee, write_whole};
use ndarray::Axis;
use ndarray_npy::WriteNpyExt;
use serde_json::json;

use super::weights::destination;
use super::{Checked, Events, Job, beside};
use crate::display::number::{self, percent};
use crate::display::{Guess, Page, guesses};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::{self, Grey, Mapped, Prediction, Theme};
use crate::route::route_of;
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
    let net = names.net_to_predict(&of)?;
    let route = route_of(&net, &of, &Question::result(), 1, names)?;
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
        let predict = |trainee: &mut Trainee| Ok((trainee.predict(&images)?, trainee.target().toward));
        let (said, toward) = world.with(&self.net, &self.device, self.seed, predict).at(span)?;
        let output = self.output(&data, &said.probabilities, toward).at(span)?;
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
    fn output(&self, data: &Dataset, probabilities: &Tensor, toward: Toward) -> picture::Result<Output> {
        if toward == Toward::Itself {
            return self.given_back(data, probabilities);
        }
        if matches!(data.labels.kind(), LabelKind::Several(_) | LabelKind::Numbers(_)) {
            return Ok(self.beside(data, probabilities));
        }
        if is_mapped(data) {
            return self.maps(data, probabilities);
        }
        let rows: Vec<Vec<f32>> = probabilities.axis_iter(Axis(0)).map(|row| row.iter().copied().collect()).collect();
        let ranked: Vec<Vec<usize>> = rows.iter().map(|row| ranking(row)).collect();
        // Of data without labels nothing is known of the classes but their numbers.
        let name = |label: usize| data.classes.get(label).cloned().unwrap_or_else(|| label.to_string());
        let guess = |i: usize, at: usize| Guess {
            sample: self.pick.name(i),
            truth: Some(class(data, at)).filter(|_| !data.labels.is_empty()),
            classes: ranked[i].iter().map(|&label| (name(label), f64::from(rows[i][label]))).collect(),
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
            match data.labels.is_empty() {
                true => format!("{title}: {}", number::of(said.len(), "picture")),
                false => format!("{title}: {right} of {} right", number::of(said.len(), "picture")),
            },
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
    /// Lines of what was said of each sample, at most so many.
    fn listed(&self, lines: impl Iterator<Item = String>, count: usize) -> String {
        let mut text = lines.take(LISTED).collect::<Vec<_>>().join("\n");
        if count > LISTED {
            text += &format!("\n… and {} more", count - LISTED);
        }
        text
    }

    /// The answers of a net that gives numbers, or tells several classes at once.
    fn beside(&self, data: &Dataset, results: &Tensor) -> Output {
        let (rows, indices) = (beside::rows(results), self.pick.indices(data));
        let lines = indices.iter().zip(&rows).enumerate();
        let lines = lines.map(|(i, (&at, row))| format!("{}: {}", self.pick.name(i), beside::in_words(data, at, row)));
        let text = self.listed(lines, rows.len());
        let mut figures = json!({ "net": self.net.name, "data": self.pick.samples.data.text });
        if let LabelKind::Several(_) = data.labels.kind() {
            let there = |row: &Vec<f32>| (0..row.len()).filter(|&class| row[class] > 0.5).collect::<Vec<usize>>();
            figures["classes"] = json!(rows.iter().map(there).collect::<Vec<_>>());
            figures["probabilities"] = json!(rows);
        } else {
            figures["values"] = json!(rows);
        }
        Output::new("predict", text, figures)
    }

    /// What an autoencoder gives back.
    fn given_back(&self, data: &Dataset, results: &Tensor) -> picture::Result<Output> {
        let (rows, indices) = (beside::rows(results), self.pick.indices(data));
        let errors = indices.iter().zip(&rows).map(|(&at, row)| Ok(beside::rmse(row, &beside::sample(data, at)?)));
        let errors: Vec<f64> = errors.collect::<picture::Result<_>>()?;
        let name = |i: usize| self.pick.name(i);
        let lines = errors.iter().enumerate().map(|(i, error)| format!("{}: RMSE {}", name(i), number::figure(*error)));
        let text = self.listed(lines, rows.len());
        let figures = json!({ "net": self.net.name, "data": self.pick.samples.data.text, "rmse": errors });
        let title = format!("What {} gives back", self.net.name);
        let pairs = beside::given_back(&title, data, (indices, &rows), name, self.theme)?;
        Ok(pairs.into_iter().fold(Output::new("predict", text, figures), Output::picture))
    }

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
