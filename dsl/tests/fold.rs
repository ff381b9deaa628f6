//! What repeats in nets is found, whatever their layers are called.
#![allow(clippy::unwrap_used, missing_docs)]

use fovea_dsl::diagnostic::Source;
use fovea_dsl::library;
use fovea_dsl::net::Net;
use fovea_dsl::net::fold::{Part, Repeat, Role};
use fovea_dsl::parse::parse;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_graph::SourceId;

fn net(text: &str) -> Net {
    let source = Source { id: SourceId(0), name: "test".into(), text: text.into() };
    let (program, mistakes) = parse(&source);
    assert!(mistakes.is_empty(), "{text}\n{mistakes:#?}");
    let mut scope = Scope::default();
    let mut net = None;
    for statement in program.statements {
        match statement.kind {
            StatementKind::Net(definition) => net = Some(resolve(&definition, &scope, None, None).unwrap()),
            StatementKind::Block(block) => scope.blocks.insert(block.name.text.clone(), block),
            _ => {}
        }
    }
    let Some(Resolved::Net(net)) = net else { panic!("{text}") };
    net
}

fn known(name: &str) -> Net {
    let resolved = resolve(library::find(name).unwrap(), &Scope::default(), None, None).unwrap();
    let Resolved::Net(net) = resolved else { panic!("{name}") };
    net
}

/// `conv relu`: blocks in braces, repeats in parentheses with their count, the other first one before a bar.
fn shown(net: &Net, parts: &[Part]) -> String {
    let each = parts.iter().map(|part| match &part.role {
        Role::Layer => net.layers[part.layers.start].kind.word().to_string(),
        Role::Block(inner) => format!("{{{}}}", shown(net, inner)),
        Role::Repeat(Repeat { times, lead, body }) => {
            let lead = lead.iter().map(|lead| format!("{} | ", shown(net, lead))).collect::<String>();
            format!("({lead}{})×{}", shown(net, body), times.len())
        }
    });
    each.collect::<Vec<_>>().join(" ")
}

fn folded(net: &Net) -> String {
    shown(net, &net.parts())
}

#[test]
fn print_all() {
    for (name, _) in library::list() {
        let net = known(name);
        println!("{name}: {}\n", folded(&net));
    }
}
