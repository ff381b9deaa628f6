//! The route of a net from its text to what a device runs.
//!
//! ```text
//! text ─parse─▶ syntax tree ─resolve─▶ net ─lower─▶ graph ─question─▶ what is asked ─fuse─▶ graph ─plan─▶ plan
//! plan ─compile─▶ program ─run─▶ tensors ─▶ text, table, picture
//! ```

use fovea_dsl::net::Net;
use fovea_train::{Question, Route};

use crate::failure::{At, Failure};
use crate::lookup::Use;
use crate::world::{Names, forward};

/// The route of a net, from its name to what the device runs for a question and a batch.
///
/// [`crate::Session::run`] has parsed its text, and the `net` statement has resolved its syntax tree as far as the text goes.
pub fn route(of: &Use<'_>, question: &Question, batch: usize, names: &Names) -> Result<(Net, Route), Failure> {
    // Net: repetitions written out, defaults filled in; what the text leaves open comes from the weights or the data.
    let net = names.net(of)?;
    let route = route_of(&net, of, question, batch, names)?;
    Ok((net, route))
}

/// The same from the net on.
pub fn route_of(net: &Net, of: &Use<'_>, question: &Question, batch: usize, names: &Names) -> Result<Route, Failure> {
    // Graph, what is asked, plan: the same call makes the programs that run. The device's `compile` makes one of a plan.
    let route = question.route_unless(&forward(net, &names.interrupted), batch, &*names.device, &*names.interrupted);
    route.at(of.net.span)
}
