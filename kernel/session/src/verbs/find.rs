//! `find lr of lenet on digits batch 32`: the loss while the learning rate rises, and the rate that it suggests.

use std::sync::Arc;

use fovea_data::DataSpec;
use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb;
use fovea_graph::{Backend, Span};
use fovea_train::{Found, Needs, Question, RISE, Recipe, Tried, batches, find_rate};
use serde_json::{Value, json};

use super::train::recipe;
use super::{Checked, Events, Job};
use crate::display::{self, Page, chart, number};
use crate::event::{Event, Figure, Output, Progress};
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::{self, Along, Panel, Picture, Series, SeriesKind, Theme, Unit, panels};
use crate::world::{Names, World, forward};

/// The size of a chart in text, in characters.
const CHART: (usize, usize) = (60, 10);

struct Find {
    net: Net,
    device: Arc<dyn Backend>,
    data: Name,
    spec: DataSpec,
    recipe: Recipe,
    theme: Theme,
    span: Span,
}

/// Checks that net, data and batch fit one another, and the memory of a step.
pub fn check(said: &verb::Find, span: Span, names: &Names, world: &World) -> Checked {
    let of = Use { net: &said.of, data: Some(&said.on), weights: Weights::Own };
    let (net, spec) = (names.net(&of)?, names.spec(&said.on)?);
    let optimizer = said.optimizer.map_or_else(verb::Optimizer::default, |said| said.value);
    let mut recipe =
        recipe::search(&optimizer, said.batch.map(|said| said.value), said.seed.map_or(names.seed, |s| s.value));
    recipe.target = names.binding(&of).map(|known| known.target).unwrap_or_default();
    let objective = names.suits(&of, &net, &recipe.target, None)?;
    let at = said.batch.map_or(span, |said| said.span);
    let forward = forward(&net, &names.interrupted);
    recipe::batch_fits(recipe.batch, said.batch.as_ref(), (span, &said.on), &spec)?;
    recipe::enough_to_normalise(&forward, &recipe, at, &spec)?;
    let (step, test) = (recipe.question(objective), Question::test_by(objective.of_test()));
    let (device, counts) = (&*names.device, spec.counts());
    memory::fits(device, world.held(&spec, device), recipe.batch, at, |batch| {
        let batches = batches(counts.train, batch);
        let needs = Needs::plan(&forward, [&step, &test], &batches, counts.test, device, &*names.interrupted);
        memory::bytes(needs.map(|needs| needs.with(&spec)), device, said.of.span)
    })?;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Find { net, device, data: said.on.clone(), spec, recipe, theme: names.theme, span }))
}

impl Job for Find {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.dataset(&self.spec, self.data.span)?;
        // A copy, or first weights that nobody keeps: the net stays as it is.
        let mut trainee = if world.trained.contains_key(&self.net.name) {
            world.copy_of(&self.net, &self.device)
        } else {
            world.first(&self.net, &self.device, self.recipe.seed)
        }
        .at(self.span)?;
        let mut done = 0;
        let mut tell = |tried: &Tried| {
            done += 1;
            events(Event::Progress(self.progress(done, tried)));
        };
        let found = find_rate(&mut trainee, &data, &self.recipe, &mut tell, &world.interrupted);
        let found = found.at(self.span)?;
        self.output(&found).at(self.span)
    }
}

impl Find {
    fn progress(&self, done: u64, tried: &Tried) -> Progress {
        Progress {
            task: self.net.name.clone(),
            unit: "step".to_string(),
            done,
            of: RISE as u64,
            part: None,
            figures: vec![Figure::number("lr", tried.rate), Figure::number("loss", tried.loss)],
            seconds_left: None,
        }
    }

    fn output(&self, found: &Found) -> picture::Result<Output> {
        let suggestion = found.suggestion();
        let (net, data) = (&self.net.name, &self.data.text);
        let said = match suggestion {
            Some(rate) => format!("lr {} is where the loss falls most steeply", number::figure(rate)),
            None => "the loss falls at no rate, and none is suggested".to_string(),
        };
        let end = match found.tried.last() {
            Some(last) if found.diverged => format!("it diverges behind {}", number::figure(last.rate)),
            Some(_) => "it does not diverge".to_string(),
            None => "the first step gives what is not finite".to_string(),
        };
        let text = format!("{net} on {data}, {}: {said}; {end}", number::of(found.tried.len(), "step"));
        let tried: Vec<Value> = found
            .tried
            .iter()
            .map(|tried| json!({ "lr": tried.rate, "loss": tried.loss, "smoothed": tried.smoothed }))
            .collect();
        let value = json!({
            "net": net,
            "data": data,
            "optimizer": self.recipe.optimizer_in_words(),
            "batch": self.recipe.batch,
            "suggestion": suggestion,
            "diverged": found.diverged,
            "curve": tried,
        });
        let smoothed: Vec<(f64, f64)> = found.tried.iter().map(|tried| (tried.rate, tried.smoothed)).collect();
        let page = Page::default().text(text);
        if smoothed.len() < 2 {
            return Ok(Output::page("find", &page, value));
        }
        let points = smoothed.iter().map(|&(rate, loss)| (rate.log10(), loss)).collect();
        let curve = display::Curve { label: "smoothed".to_string(), points };
        let chart = Page::default().code(chart(&[curve], number::figure, CHART.0, CHART.1));
        let page = page.fold("loss over the logarithm of lr", chart);
        Ok(Output::page("find", &page, value).picture(self.picture(smoothed, suggestion)?))
    }

    /// The smoothed loss by the rate, and where the suggestion is.
    fn picture(&self, smoothed: Vec<(f64, f64)>, suggestion: Option<f64>) -> picture::Result<Picture> {
        let at = smoothed.iter().find(|(rate, _)| Some(*rate) == suggestion).copied();
        let curve = Series { label: "smoothed".to_string(), points: smoothed, kind: SeriesKind::Train };
        let suggested = at.map(|at| Series {
            label: format!("lr {}", number::figure(at.0)),
            points: vec![at],
            kind: SeriesKind::Test,
        });
        let panel = Panel {
            title: "Loss".to_string(),
            x_label: "learning rate".to_string(),
            unit: Unit::Plain,
            along: Along::Decades,
            series: [curve].into_iter().chain(suggested).collect(),
        };
        panels(&format!("{} on {}", self.net.name, self.data.text), &[panel], self.theme)
    }
}
