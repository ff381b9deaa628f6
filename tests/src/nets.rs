//! Nets by their text.

use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Source, parse};
use fovea_graph::SourceId;

/// The net of a statement `net NAME = …` that writes its input's shape.
///
/// # Panics
/// Where the text is no such statement, or its net is wrong.
pub fn net(text: &str) -> Net {
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: "net.fov".into(), text: text.into() });
    assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
    let StatementKind::Net(definition) = &program.statements[0].kind else { panic!("a net is expected") };
    match resolve(definition, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => net,
        Ok(Resolved::Open(_)) => panic!("the shape is written"),
        Err(mistakes) => panic!("{text}: {mistakes:?}"),
    }
}
