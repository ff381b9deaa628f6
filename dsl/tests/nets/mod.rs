//! Nets for tests: the library's, and texts'.

use fovea_dsl::diagnostic::Source;
use fovea_dsl::library;
use fovea_dsl::net::Net;
use fovea_dsl::parse::parse;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_graph::SourceId;

/// The last net of a text.
pub fn net(text: &str) -> Net {
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

/// A net of the library.
pub fn known(name: &str) -> Net {
    let resolved = resolve(library::find(name).unwrap(), &Scope::default(), None, None).unwrap();
    let Resolved::Net(net) = resolved else { panic!("{name}") };
    net
}
