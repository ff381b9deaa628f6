//! How a net was trained.

use std::fmt;

use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{RunRef, Show, Shown};
use fovea_train::{Ending, EpochMetrics};

use super::Results;
use crate::failure::Failure;
use crate::verbs::{plot, show};
use crate::world::{Names, World};

/// A training run, epoch by epoch; it shows itself as `show run` does, a table and the learning curves.
pub struct History {
    /// The net's name.
    pub net: String,
    /// The run's number.
    pub run: u32,
    /// The figures of the complete epochs: loss and accuracy, in training and on the test part.
    pub epochs: Vec<EpochMetrics>,
    /// How it ended; none while it runs, or where it was killed or its device was lost.
    pub ending: Option<Ending>,
    report: Results,
}

impl History {
    /// Shows the table and the curves in an evcxr notebook.
    pub fn evcxr_display(&self) {
        self.report.evcxr_display();
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The run of a net.
pub(super) fn of(net: &Name, names: &Names, world: &mut World) -> Result<History, Failure> {
    let run = plot::of_net(net, names, world)?.open(world, net.span)?;
    let named = Shown::Run(RunRef::Number(run.number, net.span));
    let shown = show::check(Show { what: named, augmented: None }, names, world)?.run(world, &mut |_| ())?;
    Ok(History {
        net: run.info.net,
        run: run.number,
        epochs: run.epochs,
        ending: run.ending,
        report: Results { outputs: vec![shown] },
    })
}
