//! What layers make of a map, by the language itself.

use fovea_graph::{SourceId, cost};

use crate::net::Net;
use crate::scope::Scope;
use crate::syntax::{NetDef, StatementKind};
use crate::{Mode, Resolved, Source, lower, parse, resolve};

/// What a chain of layers makes of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// Its output's sizes.
    pub output: Vec<usize>,
    /// Its parameters.
    pub parameters: usize,
}

/// What `layers`, in the language, make of a map of these sizes; `None` where they do not fit.
pub(super) fn made(input: &[usize], layers: &str) -> Option<Made> {
    let net = net(&format!("{} - {layers}", sizes(input)), None)?;
    Some(Made { output: net.output().to_vec(), parameters: parameters(&net)? })
}

/// The net that this chain is.
pub(super) fn net(chain: &str, classes: Option<usize>) -> Option<Net> {
    completed(&definition(chain)?, classes)
}

/// The definition that this chain is.
pub(super) fn definition(chain: &str) -> Option<NetDef> {
    let source = Source { id: SourceId(0), name: String::new(), text: format!("net q = {chain}") };
    let (program, mistakes) = parse(&source);
    if !mistakes.is_empty() || program.statements.len() != 1 {
        return None;
    }
    match program.statements.into_iter().next()?.kind {
        StatementKind::Net(definition) => Some(definition),
        _ => None,
    }
}

/// A definition with every repetition expanded; `classes` counts where it leaves their number open.
pub(super) fn completed(definition: &NetDef, classes: Option<usize>) -> Option<Net> {
    match resolve(definition, &Scope::default(), None, classes).ok()? {
        Resolved::Net(net) => Some(net),
        Resolved::Open(open) => open.complete(None, classes).ok(),
    }
}

/// The parameters of a net.
pub(super) fn parameters(net: &Net) -> Option<usize> {
    let graph = lower(net, 1, Mode::Infer).ok()?;
    cost::layers(&graph).iter().try_fold(0usize, |sum, layer| sum.checked_add(layer.parameters))
}

/// Sizes, as a keyboard has them: `32x32x3`.
pub(super) fn sizes(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// Sizes, as a slide has them: `32×32×3`.
pub(super) fn printed(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
