//! The route of a net from its text to what a device runs.
//!
//! ```text
//! text ─parse─▶ syntax tree ─resolve─▶ net ─lower─▶ graph ─training_step─▶ training graph ─fuse─▶ graph ─plan─▶ plan
//! plan ─compile─▶ program ─run─▶ tensors ─▶ text, table, picture
//! ```

use fovea_dsl::lower::{Mode, lower};
use fovea_dsl::net::Net;
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan_unless;
use fovea_graph::training::{Optimizer, training_step};
use fovea_graph::{Graph, Plan};

use crate::failure::{At, Failure};
use crate::lookup::Use;
use crate::world::Names;

/// What a net is planned for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work<'a> {
    /// Inference.
    Infer,
    /// A training step.
    Train(&'a Optimizer),
}

/// A net on its way to a program: what each stage made of it.
#[derive(Clone, Debug)]
pub struct Route {
    /// The net, every default filled in.
    pub net: Net,
    /// Its forward graph.
    pub graph: Graph,
    /// What the device runs, in which order, how and where in memory.
    pub plan: Plan,
}

/// The route of a net, stage by stage.
///
/// [`crate::Session::run`] has parsed its text, and the `net` statement has resolved its syntax tree as far as the text goes.
pub fn route(of: &Use<'_>, work: Work<'_>, batch: usize, names: &Names) -> Result<Route, Failure> {
    // Net: repetitions written out, defaults filled in; what the text leaves open comes from the weights or the data.
    let net = names.net(of)?;

    names.go_on()?;
    // Graph: one node an operation, every shape known, the batch among them.
    let mode = if work == Work::Infer { Mode::Infer } else { Mode::Train };
    let graph = lower(&net, batch, mode).at(of.net.span)?;

    names.go_on()?;
    // Training graph: the loss, the gradients and the updates are nodes as well.
    let whole = match work {
        Work::Infer => graph.clone(),
        Work::Train(optimizer) => training_step(&graph, optimizer).at(of.net.span)?,
    };

    names.go_on()?;
    // Plan: fused; in which order, by which algorithm, where in memory. The device's `compile` makes a program of it.
    let plan = plan_unless(fuse(&whole), &*names.device, &|| names.go_on().is_err()).ok_or(Failure::Interrupted)?;
    Ok(Route { net, graph, plan })
}
