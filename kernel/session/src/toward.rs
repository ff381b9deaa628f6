//! Whether a net and data fit what the net is trained toward.

use fovea_data::{DataSpec, LabelKind};
use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::op::Function;
use fovea_graph::shape::join;
use fovea_graph::training::Objective;
use fovea_graph::{Span, counted};
use fovea_train::in_words;
use fovea_train::target::{End, Loss, Target, Toward, Unsuited, Weights};

use crate::display::number;
use crate::lookup::Use;
use crate::world::Names;

/// The target of a `train` statement.
pub fn target(train: &Train) -> Target {
    let loss = |said: verb::Loss| match said {
        verb::Loss::Mse => Loss::Mse,
        verb::Loss::L1 => Loss::L1,
        verb::Loss::Huber => Loss::Huber,
        verb::Loss::Dice => Loss::Dice,
    };
    Target {
        toward: if train.toward.is_some() { Toward::Itself } else { Toward::Labels },
        loss: train.loss.map(|said| loss(said.value)),
        weights: if train.weights.is_some() { Weights::Balanced } else { Weights::Alike },
        smoothing: train.smooth.map_or(0.0, |said| said.value),
        ignore: train.ignore.map(|said| said.value as u32),
        noise: train.noise.map_or(0.0, |said| said.value),
    }
}

/// How a net ends, as far as a target cares.
pub fn end(net: &Net) -> End {
    match net.layers.last() {
        Some(Layer { kind: Kind::Softmax, .. }) => End::Softmax,
        Some(Layer { kind: Kind::Unary(Function::Sigmoid), .. }) if net.output().last() == Some(&1) => End::One,
        Some(Layer { kind: Kind::Unary(Function::Sigmoid), .. }) => End::Sigmoid,
        _ => End::Other,
    }
}

impl Names {
    /// Whether the data's pictures are those of the net, and its labels such as it was trained toward.
    pub fn fits(&self, of: &Use<'_>, net: &Net) -> Result<(), Diagnostic> {
        let target = self.binding(of).map(|binding| binding.target).unwrap_or_default();
        self.suits(of, net, &target, None).map(drop)
    }

    /// Whether the data's pictures are those of the net, and it can be trained toward a target, which a statement may say;
    /// by what it is then.
    pub fn suits(
        &self,
        of: &Use<'_>,
        net: &Net,
        target: &Target,
        said: Option<&Train>,
    ) -> Result<Objective, Diagnostic> {
        self.takes(of, net)?;
        suits(of, net, target, said, self)
    }
}

/// What a net is trained by on data, where the two fit; what does not fit is said at the net and the data, or at the clause
/// of the statement.
fn suits(
    of: &Use<'_>,
    net: &Net,
    target: &Target,
    said: Option<&Train>,
    names: &Names,
) -> Result<Objective, Diagnostic> {
    let Some(data) = of.data else { return Ok(Objective::SQUARED_ERROR) };
    let spec = names.spec(data)?;
    let labels = spec.labels();
    let objective = target.objective(end(net), &labels);
    let objective = objective.and_then(|objective| Target::augmented(objective, spec.augment()));
    let objective = objective.map_err(|why| unsuited(why, of, (net, data, &spec), said))?;
    let wanted = match (objective, target.toward, &labels) {
        (Objective::Classes(_), ..) => return classes(of, net, data, &spec).map(|()| objective),
        (_, Toward::Labels, LabelKind::Numbers(shape)) => shape.clone(),
        (_, Toward::Labels, LabelKind::Several(classes)) => vec![*classes],
        _ => spec.shape(),
    };
    if Target::suits(net.output(), &wanted) { Ok(objective) } else { Err(other_shape(of, net, data, target, &wanted)) }
}

/// The mistake of a net that gives other numbers than are wanted.
fn other_shape(of: &Use<'_>, net: &Net, data: &Name, target: &Target, wanted: &[usize]) -> Diagnostic {
    let (gives, wants) = (join(net.output()), join(wanted));
    let what = match target.toward {
        Toward::Itself => format!("the samples of `{}` are {wants}", data.text),
        Toward::Labels => format!("the labels of `{}` are {wants}", data.text),
    };
    let count: usize = wanted.iter().product();
    let end = match net.layers.last() {
        Some(Layer { kind: Kind::Unary(Function::Sigmoid), .. }) => format!("fc {count} - sigmoid"),
        _ => format!("fc {count}"),
    };
    let map = if wanted.len() > 1 { format!(", or with a map of {wants}") } else { String::new() };
    Diagnostic::new(Stage::Shapes, of.net.span, format!("`{}` gives {gives}, and {what}", net.name))
        .here(format!("gives {gives}"))
        .also(data.span, wants.clone())
        .found(gives)
        .expected(wants)
        .help(format!("end the net with `{end}`{map}"))
}

/// The mistake of what does not go together.
fn unsuited(
    why: Unsuited,
    of: &Use<'_>,
    (net, data, spec): (&Net, &Name, &DataSpec),
    said: Option<&Train>,
) -> Diagnostic {
    let classes = spec.classes();
    let ends = net.layers.last().map_or("nothing", |layer| layer.kind.word());
    match why {
        Unsuited::NoSoftmax => no_softmax(of, net, data, classes),
        Unsuited::NoLabels => {
            let message = format!("`{}` has no labels to train toward", data.text);
            let mistake = Diagnostic::new(Stage::Verbs, data.span, message).expected("labels, or `toward itself`");
            mistake
                .help("`toward itself` trains an autoencoder; `labels \"y.npy\"` behind `data` says what samples are")
        }
        Unsuited::NoSigmoid => {
            let has = format!("any of {} at once", counted(classes, "class"));
            let message = format!("`{}` has {has}, and `{}` ends in {ends}", data.text, net.name);
            Diagnostic::new(Stage::Shapes, of.net.span, message)
                .here(format!("ends in {ends}"))
                .also(data.span, has)
                .found(ends)
                .expected("sigmoid")
                .help(format!("end the net with `fc {classes} - sigmoid`"))
        }
        Unsuited::Loss(_) | Unsuited::Weights | Unsuited::Smoothing | Unsuited::Ignore | Unsuited::MixedIgnore => {
            let clause = said.and_then(|train| clause(why, train));
            let mistake = Diagnostic::new(Stage::Verbs, clause.map_or(of.net.span, |(span, _)| span), in_words(why));
            match clause {
                Some((_, cut)) => mistake.mend(cut, "").help("leave it out"),
                None => mistake.help("train the net anew without it"),
            }
        }
    }
}

/// The clause that does not go with the labels, and what to cut to leave it out.
fn clause(why: Unsuited, train: &Train) -> Option<(Span, Span)> {
    match why {
        Unsuited::Loss(_) => train.loss.as_ref().map(|said| (said.span, said.cut())),
        Unsuited::Weights => train.weights.as_ref().map(|said| (said.span, said.cut())),
        Unsuited::Smoothing => train.smooth.as_ref().map(|said| (said.span, said.cut())),
        Unsuited::Ignore | Unsuited::MixedIgnore => train.ignore.as_ref().map(|said| (said.span, said.cut())),
        Unsuited::NoLabels | Unsuited::NoSoftmax | Unsuited::NoSigmoid => None,
    }
}

/// Whether a net tells the data's classes apart, at the data's positions.
fn classes(of: &Use<'_>, net: &Net, data: &Name, spec: &DataSpec) -> Result<(), Diagnostic> {
    let classes = spec.classes();
    let positions = spec.positions();
    let (outputs, map) = net.output().split_last().map_or((1, &[][..]), |(outputs, map)| (*outputs, map));
    // One probability tells two classes apart.
    let outputs = if end(net) == End::One { 2 } else { outputs };
    if map != positions {
        return Err(other_positions(of, net, data, &positions, classes));
    }
    if outputs == classes {
        return Ok(());
    }
    let message =
        format!("`{}` tells {} apart, and `{}` has {classes}", net.name, number::of(outputs, "class"), data.text);
    let mend = match map {
        [] => format!("end the net with `, softmax {classes}`, or with `, softmax` for the data's own number"),
        _ => format!(
            "the last map needs {}: `- conv {classes} 1x1 - softmax` makes them",
            number::of(classes, "channel")
        ),
    };
    Err(Diagnostic::new(Stage::Shapes, of.net.span, message)
        .here(number::of(outputs, "output"))
        .also(data.span, number::of(classes, "class"))
        .found(outputs.to_string())
        .expected(classes.to_string())
        .help(mend))
}

/// The mistake of a net that tells classes at other positions than the data has them.
fn other_positions(of: &Use<'_>, net: &Net, data: &Name, positions: &[usize], classes: usize) -> Diagnostic {
    let gives = join(net.output());
    let (has, expected, mend) = match positions {
        [] => (
            "one class a picture".to_string(),
            classes.to_string(),
            "end the net with `, softmax`: after a comma it is one vector of classes a picture".to_string(),
        ),
        _ => (
            format!("a class at each of {} positions", join(positions)),
            format!("{}x{classes}", join(positions)),
            format!("end the net with a map as large as the picture: `- conv {classes} 1x1 - softmax`"),
        ),
    };
    let message = format!("`{}` has {has}, and `{}` gives {gives}", data.text, net.name);
    Diagnostic::new(Stage::Shapes, of.net.span, message)
        .here(format!("gives {gives}"))
        .also(data.span, has)
        .found(gives)
        .expected(expected)
        .help(mend)
}

/// The mistake of a net that tells no classes, on data that has nothing else to compare with.
fn no_softmax(of: &Use<'_>, net: &Net, data: &Name, classes: usize) -> Diagnostic {
    let message =
        format!("`{}` does not end in softmax, and `{}` has only classes to compare with", net.name, data.text);
    let ends = net.layers.last().map_or("nothing", |layer| layer.kind.word());
    let is_sigmoid = end(net) == End::Sigmoid;
    let gives = if is_sigmoid { format!("gives {} by {ends}", join(net.output())) } else { format!("ends in {ends}") };
    let has = if is_sigmoid {
        format!("one of {} a sample", number::of(classes, "class"))
    } else {
        number::of(classes, "class")
    };
    let one = if is_sigmoid && classes == 2 {
        ", or with `fc 1 - sigmoid`: one probability tells two classes apart"
    } else {
        ""
    };
    Diagnostic::new(Stage::Shapes, of.net.span, message)
        .here(gives)
        .also(data.span, has)
        .expected("softmax")
        .help(format!("end the net with `, softmax {classes}`{one}"))
}
