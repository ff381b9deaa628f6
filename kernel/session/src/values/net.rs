//! A net's figures.

use std::fmt;

use fovea_dsl::syntax::Name;

use super::Results;
use crate::display::SummaryRow;
use crate::failure::Failure;
use crate::lookup::{Use, Weights};
use crate::verbs::summary;
use crate::world::{Names, World};

/// The batch that `summary` plans a training step for where nothing else is said.
const BATCH: usize = 64;

/// A net with what each of its layers gives and costs; it shows itself as the table of `summary`.
pub struct Net {
    /// Its name.
    pub name: String,
    /// The shape of its input, without the batch.
    pub input: Vec<usize>,
    /// Its layers, the input not among them.
    pub layers: Vec<SummaryRow>,
    /// How many parameters it has: weights and biases.
    pub parameters: u64,
    /// Multiplications whose product is added, for one picture.
    pub macs: u64,
    summary: Results,
}

impl Net {
    /// The table as HTML.
    pub fn html(&self) -> Option<&str> {
        self.summary.outputs.first()?.html.as_deref()
    }

    /// Shows the table in an evcxr notebook.
    pub fn evcxr_display(&self) {
        self.summary.evcxr_display();
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The net of a name.
pub(super) fn of(name: &Name, names: &Names, world: &mut World) -> Result<Net, Failure> {
    let net = names.net(&Use { net: name, data: None, weights: Weights::Own })?;
    let figures = summary::summary(&net, name.span, &*names.interrupted)?;
    let shown = summary::of(name, BATCH, name.span, names, world)?.run(world, &mut |_| ())?;
    Ok(Net {
        name: figures.net,
        input: net.input().to_vec(),
        layers: figures.layers,
        parameters: figures.totals.params,
        macs: figures.totals.macs,
        summary: Results { outputs: vec![shown] },
    })
}
