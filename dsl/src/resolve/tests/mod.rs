//! Nets as text, through `resolve` and `lower`.

#![allow(clippy::unwrap_used)]

mod branches;
mod channels;
mod errors;
mod inside;
mod layers;
mod lecture;
mod library;
mod lists;
mod options;
mod random;
mod stops;

use fovea_graph::{Graph, SourceId};

use super::{Resolved, resolve};
use crate::diagnostic::{Diagnostic, Source};
use crate::lower::{Mode, lower};
use crate::net::{Kind, Net};
use crate::parse::parse;
use crate::scope::Scope;
use crate::syntax::{NetDef, StatementKind};

/// The last net of `text`, and the constants of its `let`s.
fn program(text: &str) -> (NetDef, Scope) {
    let source = Source { id: SourceId(0), name: "test".into(), text: text.into() };
    let (program, mistakes) = parse(&source);
    assert!(mistakes.is_empty(), "{text}\n{mistakes:#?}");
    let mut scope = Scope::default();
    let mut def = None;
    for statement in program.statements {
        match statement.kind {
            StatementKind::Net(net) => {
                if let Some(earlier) = def.replace(net) {
                    let earlier: NetDef = earlier;
                    scope.nets.insert(earlier.name.text.clone(), earlier);
                }
            }
            StatementKind::Let(bindings) => bindings.iter().for_each(|b| _ = scope.bind(b).unwrap()),
            StatementKind::Block(block) => scope.blocks.insert(block.name.text.clone(), block),
            StatementKind::Slide(_) | StatementKind::Verb(_) => panic!("no verbs here: {text}"),
        }
    }
    (def.unwrap(), scope)
}

fn resolved(text: &str) -> Result<Resolved, Vec<Diagnostic>> {
    let (def, scope) = program(text);
    resolve(&def, &scope, None, None)
}

fn net(text: &str) -> Net {
    match resolved(text) {
        Ok(Resolved::Net(net)) => net,
        Ok(open) => panic!("{text}\n{open:#?}"),
        Err(errors) => panic!("{text}\n{errors:#?}"),
    }
}

fn graph(text: &str) -> Graph {
    lower(&net(text), 1, Mode::Infer).unwrap()
}

fn parameters(text: &str) -> usize {
    graph(text).parameter_count()
}

/// Parameters, and multiply–accumulates of one image.
fn figures(text: &str) -> (usize, u64) {
    let graph = graph(text);
    (graph.parameter_count(), graph.total_cost().macs)
}

/// The mistakes of the last net of `text`: the words at each one's place, and the mistake.
fn mistakes(text: &str) -> Vec<(String, Diagnostic)> {
    let errors = resolved(text).err().unwrap_or_else(|| panic!("this resolves: {text}"));
    errors.into_iter().map(|error| (text[error.span().range()].to_string(), error)).collect()
}

/// The only mistake of the last net of `text`, which stands at `place`.
fn mistake(text: &str, place: &str) -> Diagnostic {
    let mistakes = mistakes(text);
    assert_eq!(mistakes.len(), 1, "{text}\n{mistakes:#?}");
    let (words, mistake) = mistakes.into_iter().next().unwrap();
    assert_eq!(words, place, "{text}\n{mistake:#?}");
    mistake
}

/// The only mistake's message.
fn message(text: &str, place: &str) -> String {
    mistake(text, place).message
}

/// The only mistake's mend.
fn mend(text: &str, place: &str) -> String {
    mistake(text, place).help.unwrap()
}

/// The filters of all convolutions.
fn filters(text: &str) -> Vec<usize> {
    let layers = net(text).layers;
    layers.iter().filter_map(|l| if let Kind::Conv { filters, .. } = l.kind { Some(filters) } else { None }).collect()
}

/// The outputs of all layers, the input's first, as `28x28x6`.
fn outputs(text: &str) -> Vec<String> {
    net(text).layers.iter().map(|layer| fovea_graph::shape::join(&layer.output)).collect()
}

/// The names of all layers, the input's first.
fn names(text: &str) -> Vec<String> {
    net(text).layers.into_iter().map(|layer| layer.name).collect()
}

/// A net of the library.
fn library_net(name: &str) -> Net {
    let def = crate::library::find(name).unwrap_or_else(|| panic!("{name} is in the library"));
    match resolve(def, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => net,
        other => panic!("{name}: {other:#?}"),
    }
}

/// Both modes lower to graphs that hold, with the same states; and a training step comes of it.
fn trains(net: &Net) {
    let (train, infer) = (lower(net, 2, Mode::Train).unwrap(), lower(net, 2, Mode::Infer).unwrap());
    assert_eq!(train.states, infer.states, "{net}");
    for graph in [&train, &infer] {
        fovea_graph::verify::verify(graph).unwrap_or_else(|why| panic!("{why}\n{net}"));
    }
    let optimizer = fovea_graph::training::Optimizer::Sgd { momentum: 0.9, decay: 0.0 };
    if train.parameter_count() > 0 {
        let step = fovea_graph::training::training_step(&train, &optimizer).unwrap();
        fovea_graph::verify::verify(&step).unwrap_or_else(|why| panic!("{why}\n{net}"));
    }
}
