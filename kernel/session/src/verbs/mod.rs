//! Statements, one file a verb or family: each is checked with what names are known to mean, then run.

mod bench;
mod block;
mod compare;
mod convolve;
mod data;
mod device;
mod explain;
mod features;
mod filters;
mod library;
mod names;
mod net;
pub mod plot;
mod predict;
pub mod show;
mod simple;
pub mod summary;
mod test;
mod train;
mod weights;

use fovea_dsl::command;
use fovea_dsl::command::Command;
use fovea_dsl::syntax::{Statement, StatementKind};

use crate::event::{Event, Output};
use crate::failure::Failure;
use crate::world::{Names, World};

/// Where a running statement's news goes.
pub type Events<'a> = dyn FnMut(Event) + 'a;

/// A statement that was checked: it has all that it needs to run.
pub trait Job {
    /// Runs it. It changes the world last of all, so that one that fails has changed nothing.
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure>;
}

/// What a check gives: a job, or every mistake it found.
pub type Checked = Result<Box<dyn Job>, Failure>;

/// Checks a statement and lets `names` know what it will have done. `text` holds its words.
pub fn check(statement: &Statement, text: &str, names: &mut Names, world: &World) -> Checked {
    let span = statement.span;
    let verb = match &statement.kind {
        StatementKind::Net(definition) => return net::check(definition, names),
        StatementKind::Block(definition) => return block::check(definition, names),
        StatementKind::Let(bindings) => return simple::bind(bindings, names),
        StatementKind::Verb(verb) => verb,
    };
    match command(verb, &names.scope)? {
        Command::Data(data) => data::check(data, names),
        Command::Train(train) => train::check(train, span, text, names, world),
        Command::Test { net, data } => test::check(&net, &data, names),
        Command::Predict { net, samples, save } => predict::check(&net, samples, save, names),
        Command::Show(show) => show::check(show, names, world),
        Command::Summary { net, batch } => summary::check(&net, batch, span, names),
        Command::Plot { curves, of } => plot::check(&curves, &of, span, names, world),
        Command::Save { net, path } => weights::save(&net, path, names),
        Command::Load { net, path } => weights::load(&net, path, names),
        Command::Seed(seed) => simple::seed(seed, names),
        Command::Device(name) => device::check(name, names),
        Command::Theme(theme) => simple::theme(theme, names),
        Command::Explain { net } => explain::check(&net, span, names),
        Command::Bench { net, mode, batch } => bench::check(&net, mode, batch, span, names),
        Command::Compare { nets } => compare::check(&nets, span, names),
        Command::Convolve(convolve) => convolve::check(convolve, names),
        Command::Filters { layer } => filters::check(layer, names),
        Command::Features { layer, samples, save } => features::check(layer, samples, save, names),
        Command::Who => names::who(names),
        Command::Reset => names::reset(names),
        Command::Library => library::check(),
        Command::Note(text) => simple::note(text),
    }
}
