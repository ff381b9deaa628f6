//! One picture: as it is, what is added to it, what comes of it, and what the net says of both.

use fovea_data::Dataset;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Tensor;
use fovea_train::{TrainError, Trainee};
use serde_json::json;

use super::{Fool, as_written, in_words, sizes};
use crate::display::number::{figure, percent};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{self, Grey, Image, Prediction, predictions};
use crate::world::World;

/// How many classes the text names.
const LISTED: usize = 5;

/// What came of one picture.
struct Fooled {
    before: Tensor,
    after: Tensor,
    /// The probabilities of all classes.
    said: [Vec<f32>; 2],
    truth: usize,
}

impl Fool {
    /// Fools the net about the only picture of the pick; the result is `[1, H, W, C]`.
    pub(super) fn one(&self, data: &Dataset, world: &mut World) -> Result<(Output, Tensor), Failure> {
        let span = self.pick.samples.span;
        let truth = self.class_of(data, self.pick.indices(data)[0])?;
        if self.toward == Some(truth) {
            let name = self.pick.name(0);
            let message = format!("{name} is of class {} already", self.classes[truth]);
            let mistake = Diagnostic::new(Stage::Values, self.aimed_at, message).found(truth.to_string());
            return Err(mistake.expected("another class").into());
        }
        let before = self.pick.gather(data, world)?;
        let interrupted = std::sync::Arc::clone(&world.interrupted);
        let attack = |trainee: &mut Trainee| {
            let after = trainee.attack(&before, &[truth], self.attack, self.toward, &interrupted)?;
            let mut say = |picture: &Tensor| -> Result<Vec<f32>, TrainError> {
                Ok(trainee.predict(picture)?.probabilities.iter().copied().collect())
            };
            let said = [say(&before)?, say(&after)?];
            Ok((after, said))
        };
        let attacked = world.with(&self.net, &self.device, self.seed, attack);
        world.go_on()?;
        let (after, said) = attacked.at(span)?;
        let fooled = Fooled { before, after, said, truth };
        Ok((self.output_of_one(&fooled).at(span)?, fooled.after))
    }

    fn output_of_one(&self, fooled: &Fooled) -> picture::Result<Output> {
        let (most, length) = sizes(&fooled.before, &fooled.after);
        let [first, then] = [0, 1].map(|side| likeliest(&fooled.said[side]));
        let name = self.pick.name(0);
        let title = format!("{} fooled about {name} with {}", self.net.name, in_words(self.attack));
        let call = |class: usize, side: usize| {
            format!("{} ({})", self.classes[class], percent(fooled.said[side][class].into()))
        };
        let end = match then == first {
            true => format!("still {}", call(then, 1)),
            false => format!("{} becomes {}", call(first, 0), call(then, 1)),
        };
        let text = format!("{title}: {end}; no value changes by more than {}", figure(most.into()));
        let page = Page::default().text(text).table(self.table(fooled));
        let data = json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "sample": name,
            "attack": in_words(self.attack),
            "eps": self.attack.bound().map(as_written),
            "toward": self.toward,
            "truth": fooled.truth,
            "max_change": as_written(most),
            "length": as_written(length),
            "before": fooled.said[0],
            "after": fooled.said[1],
            "classes": self.classes,
            "fooled": match self.toward { Some(aim) => then == aim, None => then != fooled.truth },
        });
        Ok(Output::page("fool", &page, data).picture(self.picture_of_one(&title, fooled, most)?))
    }

    /// The classes that are likeliest before or after.
    fn table(&self, fooled: &Fooled) -> Table {
        let mut table = Table::new([Column::left("class"), Column::right("before"), Column::right("after")]);
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        let most = |class: usize| fooled.said[0][class].max(fooled.said[1][class]);
        order.sort_by(|&a, &b| most(b).total_cmp(&most(a)));
        for class in order.into_iter().take(LISTED) {
            let share = |side: usize| percent(fooled.said[side][class].into());
            table.row([self.classes[class].clone(), share(0), share(1)]);
        }
        table
    }

    fn picture_of_one(&self, title: &str, fooled: &Fooled, most: f32) -> picture::Result<picture::Picture> {
        let image = |values: &Tensor| {
            let shape: [usize; 4] = values.shape().try_into().unwrap_or_default();
            Image::new(shape[1], shape[2], shape[3], values.iter().copied().collect())
        };
        let ranked = |side: usize| {
            let said = &fooled.said[side];
            let mut order: Vec<usize> = (0..said.len()).collect();
            order.sort_by(|&a, &b| said[b].total_cmp(&said[a]));
            order.into_iter().map(|class| (self.classes[class].clone(), f64::from(said[class]))).collect()
        };
        // A whole number of times, up to which the largest change is half of all that a value can be.
        let times = if most > 0.0 { (0.5 / most).floor().max(1.0) } else { 1.0 };
        let change = (&fooled.after - &fooled.before).mapv(|value| 0.5 + times * value);
        let truth = Some(self.classes[fooled.truth].clone());
        let caption = if times > 1.0 { format!("the change, {times} times") } else { "the change".to_string() };
        let items = [
            Prediction {
                image: image(&fooled.before)?,
                caption: self.pick.name(0),
                classes: ranked(0),
                truth: truth.clone(),
            },
            Prediction { image: image(&change)?, caption, classes: Vec::new(), truth: None },
            Prediction { image: image(&fooled.after)?, caption: "changed".into(), classes: ranked(1), truth },
        ];
        predictions(title, &items, Grey::Light, self.theme)
    }
}

/// The class that is told.
pub(super) fn likeliest(said: &[f32]) -> usize {
    (0..said.len()).fold(0, |best, at| if said[at] > said[best] { at } else { best })
}
