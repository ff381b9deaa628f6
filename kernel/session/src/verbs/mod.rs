//! Statements, one file a verb or family: each is checked with what names are known to mean, then run.

mod bench;
mod beside;
mod block;
mod compare;
mod convolve;
mod data;
mod deconv;
mod deconvnet;
mod device;
mod draw;
mod embed;
mod evolve;
mod explain;
mod export;
mod features;
mod fetching;
mod filters;
mod find;
mod fool;
mod kept;
mod library;
mod load;
mod maximize;
mod names;
mod net;
pub mod plot;
mod pool;
mod predict;
mod prune;
mod remove;
mod replay;
mod resume;
mod runs;
mod saliency;
mod segment;
pub mod show;
mod simple;
mod slide;
mod sliding;
mod stylize;
pub mod summary;
mod test;
mod train;
mod weights;
mod windowed;

use std::sync::Arc;

use fovea_dsl::syntax::{Statement, StatementKind};
use fovea_dsl::{Command, Diagnostic, command};

use fetching::Fetching;
pub use replay::defined;

use crate::event::{Event, Output};
use crate::failure::Failure;
use crate::world::{Defined, Names, World};

/// Where a running statement's news goes.
pub type Events<'a> = dyn FnMut(Event) + 'a;

/// A statement that was checked: it has all that it needs to run.
pub trait Job {
    /// Runs it. It changes the world last of all, so that one that fails has changed nothing.
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure>;

    /// What the check found remarkable, though it is not wrong.
    fn remarks(&self) -> &[Diagnostic] {
        &[]
    }
}

/// What a check gives: a job, or every mistake it found.
pub type Checked = Result<Box<dyn Job>, Failure>;

/// Checks a statement and lets `names` know what it will have done. `text` holds its words. What it reads and is not here
/// is fetched before it runs.
pub fn check(statement: &Statement, text: &str, names: &mut Names, world: &World) -> Checked {
    names.wanted.take();
    let job = checked(statement, text, names, world)?;
    if !defined(&statement.kind).is_empty() {
        let defined = Defined { statement: statement.clone(), text: text.to_string() };
        names.defined.insert(names.defined.size(), Arc::new(defined));
    }
    let wanted = names.wanted.take();
    let reads = !matches!(&statement.kind, StatementKind::Verb(verb) if is_told_by_shapes(&verb.word.text));
    Ok(if wanted.is_empty() || !reads { job } else { Box::new(Fetching { wanted, job }) })
}

/// Whether a verb takes of data what is known of it without its samples.
fn is_told_by_shapes(verb: &str) -> bool {
    ["summary", "explain", "bench", "draw"].iter().any(|known| known.eq_ignore_ascii_case(verb))
}

fn checked(statement: &Statement, text: &str, names: &mut Names, world: &World) -> Checked {
    let span = statement.span;
    let verb = match &statement.kind {
        StatementKind::Net(definition) => return net::check(definition, names),
        StatementKind::Block(definition) => return block::check(definition, names),
        StatementKind::Let(bindings) => return simple::bind(bindings, names),
        StatementKind::Slide(definition) => return slide::check(definition, names),
        StatementKind::Verb(verb) => verb,
    };
    match command(verb, &names.scope)? {
        Command::Data(said) => data::check(said, names, world),
        Command::Train(said) => train::check(said, verb, span, text, names, world),
        Command::Test(said) => test::check(&said, names),
        Command::Predict(said) => predict::check(said, names),
        Command::Show(said) => show::check(said, names, world),
        Command::Summary(said) => summary::check(&said, span, names, world),
        Command::Draw(said) => draw::check(&said, span, names, world),
        Command::Plot(said) => plot::check(&said, span, names, world),
        Command::Save(said) => weights::save(said, names),
        Command::Load(said) => load::check(said, names, world),
        Command::Seed(said) => simple::seed(said.seed, names),
        Command::Device(said) => device::check(said.name, names, world),
        Command::Theme(said) => simple::theme(said.theme, names),
        Command::Evolve(said) => evolve::check(said, span, names),
        Command::Explain(said) => explain::check(&said, names),
        Command::Fool(said) => fool::check(said, names),
        Command::Maximize(said) => maximize::check(said, names),
        Command::Find(said) => find::check(&said, span, names, world),
        Command::Bench(said) => bench::check(&said, span, names),
        Command::Compare(said) => compare::check(&said.what, span, names, world),
        Command::Runs(_) => runs::check(span),
        Command::Resume(said) => resume::check(&said, span, text, names, world),
        Command::Export(said) => export::check(&said, names, world),
        Command::Remove(said) => remove::check(&said.runs, names, world),
        Command::Prune(said) => prune::check(said.keep, span),
        Command::Convolve(said) => convolve::check(said, span, names),
        Command::Deconv(said) => deconv::check(said, span, names),
        Command::Pool(said) => pool::check(said, span, names),
        Command::Filters(said) => filters::check(said.layer, names),
        Command::Features(said) => features::check(said, names),
        Command::Who(_) => names::who(names),
        Command::Reset(_) => names::reset(names),
        Command::Saliency(said) => saliency::check(said, names),
        Command::Deconvnet(said) => deconvnet::check(said, names),
        Command::Embed(said) => embed::check(said, names),
        Command::Segment(said) => segment::check(said, names),
        Command::Stylize(said) => stylize::check(said, span, names),
        Command::Library(said) => library::check(&said, names),
        Command::Note(said) => simple::note(said.text.text),
    }
}
