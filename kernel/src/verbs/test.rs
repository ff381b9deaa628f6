//! `test lenet on digits`

use std::sync::Arc;

use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_graph::Backend;
use fovea_train::{DataSpec, Dataset, Evaluation};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::{Align, Table, figure, percent};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::picture::{Grey, Mistake, Theme, confusion, mistakes};
use crate::samples::{class, image};
use crate::session::{Work, route};
use crate::world::{Names, World};

/// How many of the worst mistakes are shown.
const WORST: usize = 20;
/// With more classes than this, the confusion matrix is a picture only.
const MOST_COLUMNS: usize = 12;

struct Test {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    data: Name,
    spec: DataSpec,
}

/// Checks that net and data fit one another.
pub fn check(net: &Name, data: &Name, names: &Names) -> Checked {
    let of = Use { net, data: Some(data), weights: Weights::Own };
    let net = route(&of, Work::Infer, 1, names)?.net;
    let (device, spec) = (Arc::clone(&names.device), names.spec(data)?);
    Ok(Box::new(Test { net, device, seed: names.seed, data: data.clone(), spec }))
}

impl Job for Test {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.dataset(&self.spec).at(self.data.span)?;
        let interrupted = Arc::clone(&world.interrupted);
        let tested = world.with(&self.net, &self.device, self.seed, |trainee| {
            trainee.evaluate(&data, &data.test, &interrupted)
        });
        world.go_on()?;
        let tested = tested.at(self.data.span)?;
        self.output(&data, &tested).at(self.data.span).map_err(Failure::from)
    }
}

impl Test {
    fn output(&self, data: &Dataset, tested: &Evaluation) -> crate::picture::Result<Output> {
        let count = data.test.len();
        let right: u64 = tested.confusion.iter().enumerate().map(|(class, row)| row[class]).sum();
        let head = format!(
            "{} on {}: loss {}, accuracy {} ({right} of {count})",
            self.net.name,
            self.data.text,
            figure(tested.loss),
            tested.accuracy.map_or("none".to_string(), percent)
        );
        let text = match table(&tested.confusion, &data.classes) {
            Some(table) => format!("{head}\n{table}"),
            None => head.clone(),
        };
        let figures = json!({
            "net": self.net.name,
            "data": self.data.text,
            "loss": tested.loss,
            "accuracy": tested.accuracy,
            "count": count,
            "classes": data.classes,
            "confusion": tested.confusion,
        });
        let matrix = confusion(&head, &tested.confusion, &data.classes, Theme::Light)?;
        let output = Output::new("test", text, figures).picture(matrix);
        let worst = worst(data, tested)?;
        if worst.is_empty() {
            return Ok(output);
        }
        let title = format!("What {} was surest of and got wrong", self.net.name);
        Ok(output.picture(mistakes(&title, &worst, Grey::Auto, Theme::Light)?))
    }
}

/// The confusion matrix as text: a row a true class, a column a predicted one; only where it is narrow enough to read.
fn table(matrix: &[Vec<u64>], classes: &[String]) -> Option<String> {
    if classes.len() > MOST_COLUMNS || classes.iter().any(|class| class.chars().count() > 6) {
        return None;
    }
    let heads = std::iter::once(("true", Align::Left)).chain(classes.iter().map(|class| (class.as_str(), Align::Right)));
    let mut table = Table::new(&heads.collect::<Vec<_>>());
    for (class, row) in classes.iter().zip(matrix) {
        let counts = row.iter().map(|&count| if count == 0 { "·".to_string() } else { count.to_string() });
        table.row(std::iter::once(class.clone()).chain(counts));
    }
    Some(table.to_string())
}

/// The mistakes that the net was surest of.
fn worst(data: &Dataset, tested: &Evaluation) -> crate::picture::Result<Vec<Mistake>> {
    let sure = |place: usize, class: u32| tested.probabilities[[place, class as usize]];
    let mut wrong: Vec<(usize, u32, f32)> = tested
        .predictions
        .iter()
        .enumerate()
        .filter(|&(place, &predicted)| data.labels[data.test[place]] != predicted)
        .map(|(place, &predicted)| (place, predicted, sure(place, predicted)))
        .collect();
    wrong.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mistake = |&(place, predicted, probability): &(usize, u32, f32)| {
        Ok(Mistake {
            image: image(data, data.test[place])?,
            truth: class(data, data.test[place]),
            predicted: data.classes[predicted as usize].clone(),
            probability: f64::from(probability),
        })
    };
    wrong.iter().take(WORST).map(mistake).collect()
}
