//! What came of a climb: text, table, picture, and the same as data.

use fovea_graph::Tensor;
use fovea_train::probe::maximize::{Climbed, Part};
use ndarray::{Axis, Slice};
use serde_json::{Value, json};

use super::{MOST, Maximize};
use crate::display::number::{self, figure, of, short};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::picture::{self, Climb, Image, Mark, Picture, Sample, climb, wanted};
use crate::verbs::filters::MOST_DATA;

/// How many units the text lists.
const LISTED: usize = 16;

impl Maximize {
    pub(super) fn output(&self, climbed: &Climbed, is_trained: bool) -> picture::Result<Output> {
        let picture = if self.units.is_one { self.course(climbed)? } else { self.sheet(climbed)? };
        let interrupted = climbed.steps < self.ascent.steps;
        let page = Page::default().text(self.head(climbed));
        let page = if self.units.is_one { page } else { page.table(self.table(climbed)) };
        let more = self.units.names.len().saturating_sub(LISTED);
        let page = if more > 0 { page.text(format!("… and {} more", number::count(more as u64))) } else { page };
        let still: Vec<&str> = self.still(climbed).map(|unit| self.units.names[unit].as_str()).collect();
        let page = match &still[..] {
            [] => page,
            some if some.len() == self.units.names.len() => page.text("nothing that was tried changes its value"),
            some => page.text(format!("nothing that was tried changes {}", some.join(", "))),
        };
        let output = Output::page("maximize", &page, self.data(climbed, is_trained));
        Ok(Output { interrupted, ..output }.picture(picture))
    }

    /// The units whose value never changed with the pixels.
    fn still<'a>(&self, climbed: &'a Climbed) -> impl Iterator<Item = usize> + 'a {
        climbed.moved.iter().enumerate().filter(|(_, moved)| !**moved).map(|(unit, _)| unit)
    }

    /// `lenet.conv2[5]`, `class 7 of lenet`, `the maps of lenet.conv2`
    fn subject(&self) -> String {
        let (path, what) = (&self.place.path, self.units.what);
        match (&self.units.names[..], what) {
            ([name], "class") if self.units.is_one => format!("class {name} of {path}"),
            ([name], _) if self.units.is_one => format!("{path}[{name}]"),
            (_, "class") => format!("the classes of {path}"),
            _ => format!("the {what}s of {path}"),
        }
    }

    fn title(&self) -> String {
        format!("What {} want{} to see", self.subject(), if self.units.is_one { "s" } else { "" })
    }

    fn head(&self, climbed: &Climbed) -> String {
        let steps = of(self.ascent.steps, "step");
        let course = match climbed.steps < self.ascent.steps {
            true => format!("broken off after {} of {steps}", climbed.steps),
            false => steps,
        };
        let with = match &self.bounds[..] {
            [plain] if plain == "plain" => "without regularisers".to_string(),
            all => format!("with {}", all.join(", ")),
        };
        let some = match self.units.all > self.units.names.len() {
            true => format!("; the first {MOST} of {}", number::count(self.units.all as u64)),
            false => String::new(),
        };
        let value = match self.units.is_one {
            true => {
                let [first, last] = ends(climbed, 0).map(figure);
                format!("{} from {first} to {last} in", self.measure())
            }
            false => format!("{},", self.measure()),
        };
        format!("{}: {value} {course} {with}{some}", self.title())
    }

    /// What rises.
    fn measure(&self) -> &'static str {
        match (self.units.what, self.ascent.part, self.place.layer().output.len()) {
            ("class", Part::Middle, _) => "the score before the softmax",
            ("class", Part::Mean, _) => "the mean score before the softmax",
            (_, Part::Mean, _) => "the mean of the map",
            (_, Part::Middle, 0 | 1) => "the value",
            (_, Part::Middle, _) => "the value in the middle of the map",
        }
    }

    fn table(&self, climbed: &Climbed) -> Table {
        let mut table = Table::new([Column::left(self.units.what), Column::right("start"), Column::right("end")]);
        for (unit, name) in self.units.names.iter().enumerate().take(LISTED) {
            let [first, last] = ends(climbed, unit);
            table.row([name.clone(), figure(first), figure(last)]);
        }
        table
    }

    /// Of one unit: the start, the end and the curve.
    fn course(&self, climbed: &Climbed) -> picture::Result<Picture> {
        let image = |pictures: &Tensor| self.image(pictures, 0);
        let end = format!("after {}", of(climbed.steps, "step"));
        let pictures = [(image(&climbed.start)?, "start".to_string()), (image(&climbed.pictures)?, end)];
        let curve = climbed.curve.iter().map(|values| f64::from(values[0])).collect();
        let what = self.measure().trim_start_matches("the ").to_string();
        climb(&self.title(), &Climb { pictures, what, curve }, self.theme)
    }

    /// Of several a sheet.
    fn sheet(&self, climbed: &Climbed) -> picture::Result<Picture> {
        let sample = |(unit, name): (usize, &String)| -> picture::Result<Sample> {
            let [_, last] = ends(climbed, unit);
            let value = if climbed.moved[unit] { short(last) } else { "still".to_string() };
            Ok(Sample {
                image: self.image(&climbed.pictures, unit)?,
                caption: format!("{name}: {value}"),
                mark: Mark::None,
            })
        };
        let samples: Vec<Sample> = self.units.names.iter().enumerate().map(sample).collect::<picture::Result<_>>()?;
        let title = match self.units.all > samples.len() {
            true => format!("{} ({} of {})", self.title(), samples.len(), number::count(self.units.all as u64)),
            false => self.title(),
        };
        wanted(&title, &samples, self.theme)
    }

    /// A unit's picture; where the middle of its map counts, what that sees of it.
    fn image(&self, pictures: &Tensor, unit: usize) -> picture::Result<Image> {
        let mut seen = pictures.index_axis(Axis(0), unit);
        let output = &self.place.layer().output;
        if self.ascent.part == Part::Middle && output.len() > 1 {
            let middle: Vec<usize> = output[..output.len() - 1].iter().map(|extent| extent / 2).collect();
            for (axis, (first, end)) in self.place.net.seen(self.place.at, &middle).into_iter().enumerate() {
                if end > first {
                    seen.slice_axis_inplace(Axis(axis), Slice::from(first..end));
                }
            }
        }
        let shape: [usize; 3] = seen.shape().try_into().unwrap_or_default();
        Image::new(shape[0], shape[1], shape[2], seen.iter().copied().collect())
    }

    fn data(&self, climbed: &Climbed, is_trained: bool) -> Value {
        let unit = |unit: usize| ends(climbed, unit);
        let [before, after] =
            [0, 1].map(|end| (0..self.ascent.units.len()).map(|at| unit(at)[end]).collect::<Vec<_>>());
        let is_class = self.units.what == "class";
        let class = if self.units.is_one { json!(self.ascent.units[0]) } else { json!("all") };
        let numbers = climbed.curve.len() * self.ascent.units.len();
        let still: Vec<usize> = self.still(climbed).map(|unit| self.ascent.units[unit]).collect();
        json!({
            "net": self.place.net.name,
            "trained": is_trained,
            "layer": self.place.layer().name,
            "class": is_class.then_some(class),
            "units": self.ascent.units,
            "names": self.units.names,
            "all": self.units.all,
            "of": self.measure(),
            "with": self.bounds,
            "steps": climbed.steps,
            "activation": {
                "before": before,
                "after": after,
                "curve": (numbers <= MOST_DATA).then_some(&climbed.curve),
            },
            "still": still,
            "interrupted": climbed.steps < self.ascent.steps,
        })
    }
}

/// A unit's value at the start and at the end.
fn ends(climbed: &Climbed, unit: usize) -> [f64; 2] {
    [climbed.curve.first(), climbed.curve.last()].map(|values| values.map_or(f64::NAN, |values| values[unit].into()))
}
