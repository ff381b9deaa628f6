//! `predict lenet on digits[0..16] save "logits.npy"`

use std::path::PathBuf;
use std::sync::Arc;

use fovea_data::{Dataset, LabelKind};
use fovea_dsl::net::Net;
use fovea_dsl::verb::{self, Side};
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::target::Toward;
use fovea_train::{Question, Trainee, write_whole};
use ndarray::Axis;
use ndarray_npy::WriteNpyExt;
use serde_json::json;

use super::weights::destination;
use super::{Checked, Events, Job, beside};
use crate::classes::{class_names, is_of_several, is_of_two, names_of, tells_classes};
use crate::display::number::{self, percent};
use crate::display::{Guess, Page, guesses};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::loose::files;
use crate::memory;
use crate::picture::{self, Grey, Mapped, Mark, Prediction, Sample, Theme};
use crate::positions::{in_words, likeliest};
use crate::route::route_of;
use crate::samples::{Pick, class, image, is_mapped, is_pictured, mapped, pick, share_right};
use crate::world::{Names, World};

/// How many predictions the text lists.
const LISTED: usize = 16;

/// So many numbers a sample are put below its picture.
const CAPTIONED: usize = 3;

struct Predict {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    theme: Theme,
    pick: Pick,
    /// What the classes are called.
    classes: Vec<String>,
    /// Whether its one probability is that of the second of two classes.
    is_of_two: bool,
    /// Whether it tells of each class whether it is there, of samples that do not say so themselves.
    is_of_several: bool,
    save: Option<(PathBuf, Span)>,
}

/// Checks net, data, the pictures' numbers and the file's folder.
pub fn check(said: verb::Predict, names: &Names) -> Checked {
    let verb::Predict { net, samples, save } = said;
    let is_of_files = samples.side == Side::Files;
    let of = Use { net: &net, data: (!is_of_files).then_some(&samples.data), weights: Weights::Own };
    let net = if is_of_files { names.whole(&of)? } else { names.net_to_predict(&of)? };
    let route = route_of(&net, &of, &Question::result(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let save = save.map(|path| destination(&path.value)).transpose()?;
    let device = Arc::clone(&names.device);
    let size = net.input().first_chunk().copied();
    let pick = if is_of_files { files(samples, net.input(), size, names)? } else { pick(samples, names)? };
    let (known, labels) = (pick.spec.class_names(), pick.spec.labels());
    let (is_of_two, is_of_several) = (is_of_two(&net, &pick.spec, names), is_of_several(&net, &labels, names));
    let classes = if is_of_two { names_of(2, &net, known, names) } else { class_names(&net, known, names) };
    let (seed, theme) = (names.seed, names.theme);
    Ok(Box::new(Predict { net, device, seed, theme, pick, classes, is_of_two, is_of_several, save }))
}

impl Job for Predict {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let images = self.pick.gather(&data, world)?;
        let predict = |trainee: &mut Trainee| {
            let toward = trainee.target().toward;
            let is_of_two = self.is_of_two && toward == Toward::Labels;
            Ok((if is_of_two { trainee.predict_two(&images)? } else { trainee.predict(&images)? }, toward))
        };
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
        let is_of_classes = match data.labels.kind() {
            LabelKind::Classes => true,
            LabelKind::Several(_) | LabelKind::Numbers(_) => false,
            LabelKind::Nothing => tells_classes(&self.net) || self.is_of_two,
        };
        if self.is_of_several {
            return self.several(data, probabilities);
        }
        if !is_of_classes {
            return self.beside(data, probabilities);
        }
        if is_mapped(data) || data.labels.is_empty() && probabilities.ndim() > 2 {
            return self.maps(data, probabilities);
        }
        let rows: Vec<Vec<f32>> = probabilities.axis_iter(Axis(0)).map(|row| row.iter().copied().collect()).collect();
        let ranked: Vec<Vec<usize>> = rows.iter().map(|row| ranking(row)).collect();
        let guess = |(i, &at): (usize, &usize)| {
            let classes = ranked[i].iter().map(|&label| (self.classes[label].clone(), f64::from(rows[i][label])));
            let truth = (!data.labels.is_empty()).then(|| class(data, at)).transpose()?;
            Ok(Guess { sample: self.pick.name(i), truth, classes: classes.collect() })
        };
        let indices = self.pick.indices(data);
        let said: Vec<Guess> = indices.iter().enumerate().map(guess).collect::<picture::Result<_>>()?;
        let mut listed = guesses(&said[..said.len().min(LISTED)]);
        if said.len() > LISTED {
            listed += &format!("\n\n… and {} more", said.len() - LISTED);
        }
        let right = said.iter().filter(|guess| guess.is_right()).count();
        let likeliest: Vec<usize> = ranked.iter().filter_map(|row| row.first().copied()).collect();
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        let page = Page::default().fold(
            if data.labels.is_empty() {
                format!("{title}: {}", number::of(said.len(), "picture"))
            } else {
                format!("{title}: {right} of {} right", number::of(said.len(), "picture"))
            },
            Page::default().code(listed),
        );
        let figures = self.figures(json!({ "classes": likeliest, "probabilities": rows }));
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
    /// These figures, with what they are of.
    fn figures(&self, mut figures: serde_json::Value) -> serde_json::Value {
        figures["net"] = json!(self.net.name);
        figures["data"] = json!(self.pick.samples.data.text);
        if !self.pick.files.is_empty() {
            figures["pictures"] = json!(self.pick.files);
        }
        figures
    }

    /// Lines of what was said of each sample, at most so many.
    fn listed(&self, lines: impl Iterator<Item = String>, count: usize) -> String {
        let mut text = lines.take(LISTED).collect::<Vec<_>>().join("\n");
        if count > LISTED {
            text += &format!("\n… and {} more", count - LISTED);
        }
        text
    }

    /// How likely each of several classes is in samples of which nobody says what they are.
    fn several(&self, data: &Dataset, results: &Tensor) -> picture::Result<Output> {
        let (rows, indices) = (beside::rows(results), self.pick.indices(data));
        let guess = |(i, row): (usize, &Vec<f32>)| {
            let classes = ranking(row).into_iter().map(|class| (self.classes[class].clone(), f64::from(row[class])));
            Guess { sample: self.pick.name(i), truth: None, classes: classes.collect() }
        };
        let said: Vec<Guess> = rows.iter().enumerate().map(guess).collect();
        let mut listed = guesses(&said[..said.len().min(LISTED)]);
        if said.len() > LISTED {
            listed += &format!("\n\n… and {} more", said.len() - LISTED);
        }
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        let text = format!(
            "{title}: {}, any of {} at once",
            number::of(rows.len(), "sample"),
            number::of(self.classes.len(), "class")
        );
        let there = |row: &Vec<f32>| (0..row.len()).filter(|&class| row[class] > 0.5).collect::<Vec<usize>>();
        let figures =
            self.figures(json!({ "classes": rows.iter().map(there).collect::<Vec<_>>(), "probabilities": rows }));
        let output = Output::page("predict", &Page::default().fold(text, Page::default().code(listed)), figures);
        if !is_pictured(data) {
            return Ok(output);
        }
        let items = said.into_iter().zip(indices).map(|(guess, &at)| {
            let Guess { sample: caption, classes, truth } = guess;
            Ok(Prediction { image: image(data, at)?, caption, classes, truth })
        });
        let items: Vec<Prediction> = items.collect::<picture::Result<_>>()?;
        Ok(output.picture(picture::predictions(&title, &items, Grey::Auto, self.theme)?))
    }

    /// The answers of a net that gives numbers, or tells several classes at once.
    fn beside(&self, data: &Dataset, results: &Tensor) -> picture::Result<Output> {
        let (rows, indices) = (beside::rows(results), self.pick.indices(data));
        let lines = indices.iter().zip(&rows).enumerate();
        let line = |(i, (&at, row)): (usize, (&usize, &Vec<f32>))| {
            Ok(format!("{}: {}", self.pick.name(i), beside::in_words(data, at, row)?))
        };
        let lines: Vec<String> = lines.take(LISTED).map(line).collect::<picture::Result<_>>()?;
        let text = self.listed(lines.into_iter(), rows.len());
        if let LabelKind::Several(_) = data.labels.kind() {
            let there = |row: &Vec<f32>| (0..row.len()).filter(|&class| row[class] > 0.5).collect::<Vec<usize>>();
            let there = rows.iter().map(there).collect::<Vec<_>>();
            return Ok(Output::new("predict", text, self.figures(json!({ "classes": there, "probabilities": rows }))));
        }
        let output = Output::new("predict", text, self.figures(json!({ "values": rows })));
        // Of pictures these are captions, where they are short.
        if !is_pictured(data) || rows.first().is_none_or(|row| row.len() > CAPTIONED) {
            return Ok(output);
        }
        let sample = |(&at, row): (&usize, &Vec<f32>)| {
            Ok(Sample { image: image(data, at)?, caption: beside::in_words(data, at, row)?, mark: Mark::None })
        };
        let samples = indices.iter().zip(&rows).take(beside::DRAWN).map(sample);
        let samples: Vec<Sample> = samples.collect::<picture::Result<_>>()?;
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        Ok(output.picture(picture::sheet(&title, &samples, Grey::Auto, self.theme)?))
    }

    /// What an autoencoder gives back.
    fn given_back(&self, data: &Dataset, results: &Tensor) -> picture::Result<Output> {
        let (rows, indices) = (beside::rows(results), self.pick.indices(data));
        let errors = indices.iter().zip(&rows).map(|(&at, row)| Ok(beside::rmse(row, &beside::sample(data, at)?)));
        let errors: Vec<f64> = errors.collect::<picture::Result<_>>()?;
        let name = |i: usize| self.pick.name(i);
        let lines = errors.iter().enumerate().map(|(i, error)| format!("{}: RMSE {}", name(i), number::figure(*error)));
        let text = self.listed(lines, rows.len());
        let figures = self.figures(json!({ "rmse": errors }));
        let title = format!("What {} gives back", self.net.name);
        let pairs = beside::given_back(&title, data, (indices, &rows), name, self.theme)?;
        Ok(pairs.into_iter().fold(Output::new("predict", text, figures), Output::picture))
    }

    /// The answers of a net that tells a class at every position.
    fn maps(&self, data: &Dataset, probabilities: &Tensor) -> picture::Result<Output> {
        let said = likeliest(probabilities);
        let pairs = || self.pick.indices(data).iter().zip(&said).enumerate();
        let is_known = !data.labels.is_empty();
        let right = |at: usize, said: &[u32]| share_right(data, at, said).map(percent);
        let verdict = |at: usize, said: &[u32]| {
            if !is_known {
                return Ok(in_words(said, &self.classes));
            }
            Ok::<_, picture::Error>(format!("{} of its positions are right", right(at, said)?))
        };
        let line = |(i, (&at, said)): (usize, (&usize, &Vec<u32>))| {
            Ok(format!("{}: {}", self.pick.name(i), verdict(at, said)?))
        };
        let lines: Vec<String> = pairs().take(LISTED).map(line).collect::<picture::Result<_>>()?;
        let mut text = lines.join("\n");
        if said.len() > LISTED {
            text += &format!("\n… and {} more", said.len() - LISTED);
        }
        let item = |(i, (&at, said)): (usize, (&usize, &Vec<u32>))| {
            let caption = self.pick.name(i);
            if is_known {
                return mapped(data, at, caption, Some((format!("{} right", right(at, said)?), said.clone())));
            }
            Ok(Mapped {
                caption,
                image: image(data, at)?,
                maps: vec![("prediction".to_string(), said.clone())],
                over: None,
            })
        };
        let items: Vec<Mapped> = pairs().map(item).collect::<picture::Result<_>>()?;
        let title = format!("{} on {}", self.net.name, self.pick.samples.data.text);
        let picture = picture::maps(&title, &items, &self.classes, self.theme)?;
        Ok(Output::new("predict", text, self.figures(json!({ "classes": said }))).picture(picture))
    }
}

/// The classes, the likeliest first, the earlier of equal ones.
fn ranking(row: &[f32]) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..row.len()).collect();
    ranked.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    ranked
}
