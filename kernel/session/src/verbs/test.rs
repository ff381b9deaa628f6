//! `test lenet on digits`

use std::sync::Arc;

use fovea_data::{DataSpec, Dataset};
use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb;
use fovea_graph::Backend;
use fovea_graph::training::Objective;
use fovea_train::figures::{ClassFigures, Figures};
use fovea_train::{Evaluation, Question};
use serde_json::json;

use super::{Checked, Events, Job, beside};
use crate::display::number::percent;
use crate::display::{Confused, TestFigures, TestReport, WORST};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::{self, Grey, Mapped, Mistake, Picture, Theme};
use crate::route::route;
use crate::samples::{class, image, is_mapped, is_pictured, mapped};
use crate::world::{Names, World};

/// How many maps of classes are shown.
const MAPS: usize = 6;

struct Test {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    theme: Theme,
    data: Name,
    spec: DataSpec,
}

/// Checks that net and data fit one another.
pub fn check(said: &verb::Test, names: &Names) -> Checked {
    let (net, data) = (&said.net, &said.data);
    let of = Use { net, data: Some(data), weights: Weights::Own };
    let (net, route) = route(&of, &Question::test(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let (device, spec) = (Arc::clone(&names.device), names.spec(data)?);
    Ok(Box::new(Test { net, device, seed: names.seed, theme: names.theme, data: data.clone(), spec }))
}

impl Job for Test {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let data = world.dataset(&self.spec, self.data.span)?;
        let interrupted = Arc::clone(&world.interrupted);
        let tested =
            world.with(&self.net, &self.device, self.seed, |trainee| trainee.evaluate(&data, &data.test, &interrupted));
        world.go_on()?;
        let tested = tested.at(self.data.span)?;
        self.output(&data, &tested).at(self.data.span)
    }
}

impl Test {
    fn output(&self, data: &Dataset, tested: &Evaluation) -> picture::Result<Output> {
        let worst = if tested.confusion.is_empty() || is_mapped(data) { Vec::new() } else { worst(data, tested) };
        let report = self.report(data, tested, &worst)?;
        let output = Output::page("test", &report.page(), json!(report));
        if tested.confusion.is_empty() {
            return self.beside(data, tested, output);
        }
        let title = format!("{} on {}: {} right", report.net, report.data, percent(report.accuracy.unwrap_or(0.0)));
        let matrix = picture::confusion(&title, &tested.confusion, &data.classes, self.theme)?;
        let output = output.picture(matrix);
        if is_mapped(data) {
            return Ok(output.picture(self.maps(data, tested)?));
        }
        if worst.is_empty() || !is_pictured(data) {
            return Ok(output);
        }
        let title = format!("What {} was surest of and got wrong", report.net);
        let mistakes: Vec<Mistake> = worst.iter().map(|wrong| wrong.mistake(data)).collect::<picture::Result<_>>()?;
        Ok(output.picture(picture::mistakes(&title, &mistakes, Grey::Auto, self.theme)?))
    }

    fn report(&self, data: &Dataset, tested: &Evaluation, worst: &[Wrong]) -> picture::Result<TestReport> {
        let confused = |wrong: &Wrong| {
            Ok(Confused {
                sample: format!("{}[{}]", self.data.text, wrong.place),
                truth: class(data, data.test[wrong.place])?,
                predicted: wrong.predicted.clone(),
                probability: wrong.probability,
            })
        };
        let each = |of: fn(ClassFigures) -> Option<f64>| {
            let figures: Vec<Option<f64>> = tested.counts.iter().map(|counts| of(counts.figures())).collect();
            (!figures.is_empty()).then_some(figures)
        };
        let Figures { rmse, r2, mean_f1, mean_iou } = tested.figures;
        let is_mapped = is_mapped(data) && !tested.confusion.is_empty();
        Ok(TestReport {
            net: self.net.name.clone(),
            data: self.data.text.clone(),
            loss: tested.loss,
            accuracy: tested.accuracy,
            confusion: tested.confusion.clone(),
            figures: TestFigures {
                rmse,
                r2,
                top5: tested.top5,
                exact: tested.exact,
                precision: each(|figures| figures.precision),
                recall: each(|figures| figures.recall),
                f1: each(|figures| figures.f1),
                mean_f1,
                auc: (!tested.areas.is_empty()).then(|| tested.areas.clone()),
            },
            iou: if is_mapped { each(|figures| figures.iou) } else { None },
            mean_iou,
            classes: data.classes.clone(),
            worst: worst.iter().map(confused).collect::<picture::Result<_>>()?,
        })
    }

    /// What a net gives that tells no single class, beside what it should have given.
    fn beside(&self, data: &Dataset, tested: &Evaluation, output: Output) -> picture::Result<Output> {
        if let Objective::Several(_) = tested.objective {
            return Ok(output);
        }
        let (results, indices) = (beside::rows(&tested.probabilities), &data.test);
        if !tested.is_itself {
            let title = format!("{} on {}", self.net.name, self.data.text);
            return Ok(output.picture(beside::scatter(&title, data, (indices, &results), self.theme)?));
        }
        let title = format!("What {} gives back", self.net.name);
        let name = |place: usize| format!("{}[{place}]", self.data.text);
        let pairs = beside::given_back(&title, data, (indices, &results), name, self.theme)?;
        Ok(pairs.into_iter().fold(output, Output::picture))
    }
}

impl Test {
    /// The test pictures of which the least is right, beside the truth.
    fn maps(&self, data: &Dataset, tested: &Evaluation) -> picture::Result<Picture> {
        let item = |told: &fovea_train::Mapped| {
            let caption = format!("{}[{}]", self.data.text, told.place);
            mapped(data, data.test[told.place], caption, Some((percent(told.right), told.classes.clone())))
        };
        let items: Vec<Mapped> = tested.least.iter().take(MAPS).map(item).collect::<picture::Result<_>>()?;
        let title = format!("Where {} got the least right", self.net.name);
        picture::maps(&title, &items, &data.classes, self.theme)
    }
}

/// A wrong answer.
struct Wrong {
    /// The picture's number in the test part.
    place: usize,
    predicted: String,
    probability: f64,
}

impl Wrong {
    fn mistake(&self, data: &Dataset) -> picture::Result<Mistake> {
        Ok(Mistake {
            image: image(data, data.test[self.place])?,
            truth: class(data, data.test[self.place])?,
            predicted: self.predicted.clone(),
            probability: self.probability,
        })
    }
}

/// The mistakes that the net was surest of.
fn worst(data: &Dataset, tested: &Evaluation) -> Vec<Wrong> {
    let answers = tested.predictions.iter().map(|&label| label as usize).zip(&data.test).enumerate();
    let mut wrong: Vec<Wrong> = answers
        .filter(|&(_, (label, &at))| data.labels.class(at).is_some_and(|truth| truth as usize != label))
        .map(|(place, (label, _))| Wrong {
            place,
            predicted: data.classes[label].clone(),
            probability: f64::from(tested.probabilities[[place, label]]),
        })
        .collect();
    wrong.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    wrong.truncate(WORST);
    wrong
}
