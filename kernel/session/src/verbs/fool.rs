//! `fool lenet on digits[3] with fgsm(eps 0.1)`: adversarial examples, of one picture or of many.

mod curve;
mod one;

use std::sync::Arc;

use fovea_data::{Dataset, LabelKind};
use fovea_dsl::net::Net;
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::Question;
use fovea_train::probe::fool::{Attack, question};

use super::kept::Kept;
use super::{Checked, Events, Job};
use crate::classes::{class_names, known, one_class};
use crate::display::number::short;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::Theme;
use crate::route::{route, route_of};
use crate::samples::{Pick, pick};
use crate::world::{Names, World};

/// How many pictures are changed at once.
const BATCH: usize = 64;

struct Fool {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    theme: Theme,
    pick: Pick,
    /// What the classes are called.
    classes: Vec<String>,
    attack: Attack,
    toward: Option<usize>,
    /// Where the aim stands.
    aimed_at: Span,
    save: Option<Kept>,
}

/// Checks net, data, the pictures' numbers, the aim, the file's folder, and the memory of a batch.
pub fn check(said: verb::Fool, names: &Names) -> Checked {
    let verb::Fool { net, samples, attack, toward, save } = said;
    let of = Use { net: &net, data: Some(&samples.data), weights: Weights::Own };
    let attack = of_said(attack.map_or_else(verb::Attack::default, |said| said.value));
    one_class(&names.net(&of)?, net.span)?;
    let (whole, result) = route(&of, &Question::result(), BATCH, names)?;
    let slopes = route_of(&whole, &of, &asked(attack), BATCH, names)?;
    for route in [&result, &slopes] {
        memory::net_fits(&route.plan, &*names.device, net.span)?;
    }
    let aimed_at = toward.map_or(net.span, |said| said.what);
    let toward = toward.map(|said| known(said.value, said.what, &whole)).transpose()?;
    let pick = pick(samples, names)?.of_pictures("fool")?;
    if pick.spec.labels() != LabelKind::Classes || !pick.spec.positions().is_empty() {
        return Err(unlabelled(&pick).into());
    }
    let classes = class_names(&whole, pick.spec.class_names(), names);
    let save = save.map(|path| Kept::at(&path.value)).transpose()?;
    let (device, seed, theme) = (Arc::clone(&names.device), names.seed, names.theme);
    Ok(Box::new(Fool { net: whole, device, seed, theme, pick, classes, attack, toward, aimed_at, save }))
}

/// What an attack asks of the net beside its result.
fn asked(attack: Attack) -> Question {
    match attack {
        Attack::DeepFool { .. } => Question::gradients("logits", &["images"]),
        Attack::Fgsm { .. } | Attack::Pgd { .. } => question(),
    }
}

/// An attack as it is said.
fn of_said(said: verb::Attack) -> Attack {
    match said {
        verb::Attack::Fgsm { eps } => Attack::Fgsm { eps: eps as f32 },
        verb::Attack::Pgd { eps, steps, step } => {
            Attack::Pgd { eps: eps as f32, steps, step: step.unwrap_or(eps / 4.0) as f32 }
        }
        verb::Attack::DeepFool { steps, overshoot } => Attack::DeepFool { steps, overshoot: overshoot as f32 },
    }
}

/// An attack in words.
fn in_words(attack: Attack) -> String {
    let short = |value: f32| short(as_written(value));
    match attack {
        Attack::Fgsm { eps } => format!("fgsm(eps {})", short(eps)),
        Attack::Pgd { eps, steps, step } => format!("pgd(eps {}, steps {steps}, step {})", short(eps), short(step)),
        Attack::DeepFool { .. } => "deepfool".to_string(),
    }
}

/// A number as somebody would write it, 0.1, not as f32 has it.
fn as_written(value: f32) -> f64 {
    format!("{value}").parse().unwrap_or(f64::from(value))
}

/// The mistake of pictures whose class nobody knows.
fn unlabelled(pick: &Pick) -> Diagnostic {
    let data = &pick.samples.data.text;
    let message = format!("`{data}` has no class for each picture, and a net is fooled about a class");
    Diagnostic::new(Stage::Verbs, pick.samples.span, message).expected("data with a class a picture")
}

impl Job for Fool {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let data = self.pick.read(world)?;
        let is_one = self.pick.indices(&data).len() == 1;
        let (output, pictures) = if is_one { self.one(&data, world)? } else { self.all(&data, world, events)? };
        let Some(save) = &self.save else { return Ok(output) };
        save.write(&pictures)?;
        Ok(output.file(&save.path))
    }
}

impl Fool {
    /// The true class of a sample.
    fn class_of(&self, data: &Dataset, at: usize) -> Result<usize, Failure> {
        let class = data.labels.class(at).map(|class| class as usize);
        class.ok_or_else(|| "a picture has no class".to_string()).at(self.pick.samples.span)
    }
}

/// The largest change of a value, and the length of the change.
fn sizes(before: &Tensor, after: &Tensor) -> (f32, f32) {
    let change = after - before;
    let most = change.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    (most, change.iter().map(|value| value * value).sum::<f32>().sqrt())
}
