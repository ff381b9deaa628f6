//! Many pictures: how often the net is right about them, over the size of the change.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::Dataset;
use fovea_graph::Tensor;
use fovea_train::probe::fool::Attack;
use fovea_train::{TrainError, Trainee};
use ndarray::{Axis, concatenate};
use serde_json::json;

use super::one::likeliest;
use super::{BATCH, Fool, as_written, in_words, sizes};
use crate::display::number::{figure, of, percent};
use crate::display::{Column, Page, Table};
use crate::event::{Event, Figure, Output, Progress};
use crate::failure::{At, Failure};
use crate::picture::{self, Series, SeriesKind, Unit, curves};
use crate::verbs::Events;
use crate::world::World;

/// The shares of `eps` at which the accuracy is measured.
const SHARES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// At so many lengths the curve of the shortest changes is drawn.
const LENGTHS: usize = 24;

/// What came of the pictures.
struct Course {
    /// Sizes of the change, and the share of pictures of which the net is right.
    points: Vec<(f32, f64)>,
    /// How often the net took them for the aim, where there is one.
    reached: Option<f64>,
    /// The pictures as they were changed last.
    pictures: Tensor,
    is_broken_off: bool,
}

impl Fool {
    /// Fools the net about all pictures of the pick but those of the aim's class.
    pub(super) fn all(
        &self,
        data: &Dataset,
        world: &mut World,
        events: &mut Events<'_>,
    ) -> Result<(Output, Tensor), Failure> {
        let span = self.pick.samples.span;
        let all = self.pick.indices(data);
        let classes = all.iter().map(|&at| self.class_of(data, at)).collect::<Result<Vec<_>, _>>()?;
        let kept: Vec<(usize, usize)> =
            all.iter().copied().zip(classes).filter(|(_, class)| Some(*class) != self.toward).collect();
        let (indices, classes): (Vec<usize>, Vec<usize>) = kept.into_iter().unzip();
        if indices.is_empty() {
            return Err("every picture is of the class that it is to be taken for".to_string()).at(self.aimed_at);
        }
        let pictures = data.images.select(&indices, &*world.interrupted).at(span)?;
        let interrupted = Arc::clone(&world.interrupted);
        let mut tell = |done: usize, of: usize, accuracy: f64| {
            events(Event::Progress(Progress {
                task: self.net.name.clone(),
                unit: "picture".to_string(),
                done: done as u64,
                of: of as u64,
                part: None,
                figures: vec![Figure::share("accuracy", accuracy)],
                seconds_left: None,
            }));
        };
        let course = |trainee: &mut Trainee| match self.attack.bound() {
            Some(eps) => self.over_eps(trainee, (&pictures, &classes), eps, &mut tell, &interrupted),
            None => self.over_length(trainee, (&pictures, &classes), &mut tell, &interrupted),
        };
        let course = world.with(&self.net, &self.device, self.seed, course).at(span)?;
        Ok((self.output_of_all(&course, indices.len()).at(span)?, course.pictures))
    }

    /// The accuracy at shares of `eps`; broken off, at those that were done.
    fn over_eps(
        &self,
        trainee: &mut Trainee,
        (pictures, classes): (&Tensor, &[usize]),
        eps: f32,
        tell: &mut dyn FnMut(usize, usize, f64),
        interrupted: &AtomicBool,
    ) -> Result<Course, TrainError> {
        let mut course = Course { points: Vec::new(), reached: None, pictures: pictures.clone(), is_broken_off: false };
        for (round, share) in SHARES.into_iter().enumerate() {
            let attack = (share > 0.0).then(|| self.attack.within(share * eps));
            let mut each =
                |done: usize, right: f64| tell(round * classes.len() + done, SHARES.len() * classes.len(), right);
            match self.changed(trainee, (pictures, classes), attack, &mut each, interrupted) {
                Err(TrainError::Interrupted) if round > 0 => {
                    course.is_broken_off = true;
                    break;
                }
                found => {
                    let (changed, told) = found?;
                    course.points.push((share * eps, share_of(&told, classes)));
                    course.reached = self.toward.map(|aim| share_of(&told, &vec![aim; told.len()]));
                    course.pictures = changed;
                }
            }
        }
        Ok(course)
    }

    /// The share of pictures of which the net is right while changes may be so long: each changed as far as it needs.
    fn over_length(
        &self,
        trainee: &mut Trainee,
        (pictures, classes): (&Tensor, &[usize]),
        tell: &mut dyn FnMut(usize, usize, f64),
        interrupted: &AtomicBool,
    ) -> Result<Course, TrainError> {
        let mut each = |done: usize, right: f64| tell(done, classes.len(), right);
        let (changed, told) = self.changed(trainee, (pictures, classes), Some(self.attack), &mut each, interrupted)?;
        let lengths = pictures.axis_iter(Axis(0)).zip(changed.axis_iter(Axis(0)));
        let lengths: Vec<f32> = lengths.map(|(before, after)| sizes(&before.to_owned(), &after.to_owned()).1).collect();
        // What was not fooled stays right however long the change.
        let ends: Vec<f32> = lengths
            .iter()
            .zip(told.iter().zip(classes))
            .map(|(&length, (told, class))| if told == class { f32::INFINITY } else { length })
            .collect();
        let most = ends.iter().copied().filter(|end| end.is_finite()).fold(0.0, f32::max);
        let point = |at: usize| {
            let length = most * at as f32 / LENGTHS as f32;
            (length, ends.iter().filter(|&&end| end > length).count() as f64 / ends.len().max(1) as f64)
        };
        let reached = self.toward.map(|aim| share_of(&told, &vec![aim; told.len()]));
        Ok(Course { points: (0..=LENGTHS).map(point).collect(), reached, pictures: changed, is_broken_off: false })
    }

    /// The pictures, changed, and what the net takes them for.
    fn changed(
        &self,
        trainee: &mut Trainee,
        (pictures, classes): (&Tensor, &[usize]),
        attack: Option<Attack>,
        tell: &mut dyn FnMut(usize, f64),
        interrupted: &AtomicBool,
    ) -> Result<(Tensor, Vec<usize>), TrainError> {
        let (mut parts, mut told) = (Vec::new(), Vec::with_capacity(classes.len()));
        for (some, of) in pictures.axis_chunks_iter(Axis(0), BATCH).zip(classes.chunks(BATCH)) {
            let some = some.to_owned();
            let some = match attack {
                Some(attack) => trainee.attack(&some, of, attack, self.toward, interrupted)?,
                None => some,
            };
            let said = trainee.predict(&some)?.probabilities;
            told.extend(said.outer_iter().map(|row| likeliest(&row.iter().copied().collect::<Vec<f32>>())));
            parts.push(some);
            tell(told.len(), share_of(&told, classes));
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        let all = concatenate(Axis(0), &views).map_err(|error| TrainError::Inconsistent(error.to_string()))?;
        Ok((all, told))
    }

    fn output_of_all(&self, course: &Course, count: usize) -> picture::Result<Output> {
        let clean = course.points.first().map_or(0.0, |point| point.1);
        let last = course.points.last().map_or(0.0, |point| point.1);
        let (size, words) = match self.attack.bound() {
            Some(_) => ("eps", in_words(self.attack)),
            None => ("length of the change", in_words(self.attack)),
        };
        let aim = self.toward.map(|aim| format!(" toward {}", self.classes[aim])).unwrap_or_default();
        let title = format!("{} fooled on {} with {words}{aim}", self.net.name, self.pick.samples.data.text);
        let mut text = format!("{title}, {}: {} right becomes {}", of(count, "picture"), percent(clean), percent(last));
        if let (Some(reached), Some(aim)) = (course.reached, self.toward) {
            text += &format!("; {} are taken for {}", percent(reached), self.classes[aim]);
        }
        if course.is_broken_off {
            text += "; broken off";
        }
        let mut table = Table::new([Column::right(size), Column::right("accuracy")]);
        let step = if self.attack.bound().is_some() { 1 } else { LENGTHS / 6 };
        for (size, accuracy) in course.points.iter().step_by(step) {
            table.row([figure(f64::from(*size)), percent(*accuracy)]);
        }
        let points: Vec<(f64, f64)> = course.points.iter().map(|&(size, right)| (f64::from(size), right)).collect();
        let series = Series { label: "accuracy".into(), points, kind: SeriesKind::Train };
        let picture = curves(&title, size, "accuracy", &[series], Unit::Percent, self.theme)?;
        let data = json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "attack": words,
            "eps": course.points.last().map(|point| as_written(point.0)).filter(|_| self.attack.bound().is_some()),
            "toward": self.toward,
            "pictures": count,
            "clean": clean,
            "accuracy": last,
            "reached": course.reached,
            "curve": course.points.iter().map(|&(size, right)| json!([as_written(size), right])).collect::<Vec<_>>(),
            "interrupted": course.is_broken_off,
        });
        let output = Output::page("fool", &Page::default().text(text).table(table), data).picture(picture);
        Ok(Output { interrupted: course.is_broken_off, ..output })
    }
}

/// The share of pictures that were taken for what is said of them.
fn share_of(told: &[usize], classes: &[usize]) -> f64 {
    let right = told.iter().zip(classes).filter(|(told, class)| told == class).count();
    right as f64 / told.len().max(1) as f64
}
