//! The classes that a net tells: whether it tells one a picture, which there are, and what they are called.

use fovea_data::{DataSpec, LabelKind};
use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;
use fovea_train::target::End;

use crate::display::number::of;
use crate::toward::end;
use crate::world::Names;

/// Whether a net tells which of several classes is the right one.
pub fn tells_classes(net: &Net) -> bool {
    matches!(net.layers.last(), Some(Layer { kind: Kind::Softmax, .. }))
}

/// A net that gives one answer a picture.
pub fn one_answer(net: &Net, span: Span) -> Result<(), Diagnostic> {
    if net.output().len() == 1 {
        return Ok(());
    }
    let message = format!("`{}` tells a class at each of {} positions", net.name, join(net.output()));
    let mistake = Diagnostic::new(Stage::Shapes, span, message).found(join(net.output()));
    Err(mistake.expected("a net that tells one class a picture, with `, softmax`"))
}

/// A net that tells one class a picture by probabilities.
pub fn one_class(net: &Net, span: Span) -> Result<(), Diagnostic> {
    one_answer(net, span)?;
    if tells_classes(net) {
        return Ok(());
    }
    let ends = net.layers.last().map_or("nothing", |layer| layer.kind.word());
    let message = format!("`{}` does not end in softmax: it tells no classes", net.name);
    let mistake = Diagnostic::new(Stage::Shapes, span, message).here(format!("ends in {ends}"));
    Err(mistake.found(ends).expected("softmax").help("end the net with `, softmax`"))
}

/// A class that the net tells, by its number.
pub fn known(class: usize, span: Span, net: &Net) -> Result<usize, Diagnostic> {
    let classes = net.output().last().copied().unwrap_or_default();
    if class < classes {
        return Ok(class);
    }
    let message = format!("`{}` tells {}, and none with number {class}", net.name, of(classes, "class"));
    let mistake = Diagnostic::new(Stage::Values, span, message).found(class.to_string());
    Err(mistake.expected(format!("a number from 0 to {}", classes.saturating_sub(1))))
}

/// What the classes of a net's answers are called: as data says that has as many, as the data said that it was trained on,
/// or else by their numbers.
pub fn class_names(net: &Net, data: &[String], names: &Names) -> Vec<String> {
    names_of(net.output().last().copied().unwrap_or(0), net, data, names)
}

/// The same of so many classes, which need not be as many as the net gives numbers.
pub fn names_of(count: usize, net: &Net, data: &[String], names: &Names) -> Vec<String> {
    let trained = names.bound.get(&net.name).map(|known| known.class_names.as_slice()).unwrap_or_default();
    let known = [data, trained].into_iter().find(|known| known.len() == count);
    known.map_or_else(|| (0..count).map(|class| class.to_string()).collect(), <[String]>::to_vec)
}

/// Whether a net ends in one probability, and that is the second's of two classes: the data's, or those that it was trained
/// on.
pub fn is_of_two(net: &Net, data: &DataSpec, names: &Names) -> bool {
    let trained = || names.bound.get(&net.name).is_some_and(|known| known.class_names.len() == 2);
    end(net) == End::One
        && match data.labels() {
            LabelKind::Classes => data.classes() == 2,
            LabelKind::Several(_) | LabelKind::Numbers(_) => false,
            LabelKind::Nothing => trained(),
        }
}

/// Whether a net was trained toward several classes at once, and samples of such labels have none.
pub fn is_of_several(net: &Net, labels: &LabelKind, names: &Names) -> bool {
    let trained = names.bound.get(&net.name).map_or(0, |known| known.class_names.len());
    let is_several = matches!(end(net), End::Sigmoid | End::One) && *net.output() == [trained];
    is_several && *labels == LabelKind::Nothing
}
