//! The session: a thin conductor over pure stages.
//!
//! ```text
//! text ─parse─▶ syntax tree ─resolve─▶ net ─lower─▶ graph ─training_step─▶ training graph ─fuse─▶ graph ─plan─▶ plan
//! plan ─compile─▶ program ─run─▶ tensors ─▶ text, table, picture
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_dsl::lower::{Mode, lower};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::Resolved;
use fovea_dsl::scope::Value;
use fovea_dsl::syntax::{Program, StatementKind};
use fovea_dsl::{Diagnostic, Source, parse};
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::{Optimizer, training_step};
use fovea_graph::{Backend, Graph, Plan, SourceId, Span};

use crate::check::{Step, check};
use crate::event::Event;
use crate::failure::{At, Failure};
use crate::lookup::Use;
use crate::world::{Names, World};

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

/// The route of a net, stage by stage: [`Session::run`] has parsed its text, its `net` statement has resolved its tree as
/// far as the text goes, and the device's `compile` makes a program of the plan.
pub fn route(of: &Use<'_>, work: Work<'_>, batch: usize, names: &Names) -> Result<Route, Vec<Diagnostic>> {
    let (input, classes) = names.given(of)?;
    let net = match names.resolved(of.net)? {
        Resolved::Net(net) => net.clone(),
        Resolved::Open(open) => open.complete(input.as_deref(), classes)?,
    };
    names.fits(of, &net)?;
    let mode = if work == Work::Infer { Mode::Infer } else { Mode::Train };
    let graph = lower(&net, batch, mode).at(of.net.span)?;
    let whole = match work {
        Work::Infer => graph.clone(),
        Work::Train(optimizer) => training_step(&graph, optimizer).at(of.net.span)?,
    };
    let plan = plan(fuse(&whole), &*names.device);
    Ok(Route { net, graph, plan })
}

/// Statements in, results out; names, nets, data and runs in between.
pub struct Session {
    names: Names,
    world: World,
    sources: Vec<Source>,
}

impl Session {
    /// A session on a device whose training runs go to the folder `runs`; setting `interrupted` ends what runs.
    pub fn new(device: Arc<dyn Backend>, runs: PathBuf, interrupted: Arc<AtomicBool>) -> Self {
        Self { names: Names::new(device), world: World::new(runs, interrupted), sources: Vec::new() }
    }

    /// From now on `let NAME = …` binds `value`, whatever the text says.
    pub fn set_override(&mut self, name: &str, value: Value) {
        self.names.scope.set_override(name, value);
    }

    /// Bounds the threads of a CPU that a `device` statement opens.
    pub fn set_threads(&mut self, threads: usize) {
        self.names.threads = Some(threads);
    }

    /// Checks a text whole, then runs its statements one by one; each completes or changes nothing.
    pub fn run(&mut self, name: &str, text: &str, events: &mut dyn FnMut(Event)) -> Result<(), Failure> {
        let (source, program) = self.read(name, text)?;
        let steps = check(&program, &source, &self.names, &self.world)?;
        steps.into_iter().try_for_each(|step| self.step(step, events))
    }

    /// Checks a text and runs nothing; gives the number of its statements.
    pub fn check(&mut self, name: &str, text: &str) -> Result<usize, Failure> {
        let (source, program) = self.read(name, text)?;
        Ok(check(&program, &source, &self.names, &self.world)?.len())
    }

    /// Runs what a text defines, its nets and constants, and nothing else of it.
    pub fn define(&mut self, name: &str, text: &str, events: &mut dyn FnMut(Event)) -> Result<(), Failure> {
        let (source, mut program) = self.read(name, text)?;
        program.statements.retain(|statement| !matches!(statement.kind, StatementKind::Verb(_)));
        let steps = check(&program, &source, &self.names, &self.world)?;
        steps.into_iter().try_for_each(|step| self.step(step, events))
    }

    /// Overrides whose `let` no text had so far.
    pub fn unused_overrides(&self) -> Vec<String> {
        self.names.scope.unused_overrides().map(str::to_string).collect()
    }

    /// The texts so far, for messages that point into them.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Runs one statement; only where it completes do names mean what they mean after it.
    fn step(&mut self, step: Step, events: &mut dyn FnMut(Event)) -> Result<(), Failure> {
        self.world.go_on()?;
        let mut output = step.job.run(&mut self.world, events)?;
        self.names = step.after;
        self.world.program.push_str(&step.text);
        self.world.program.push('\n');
        output.silent = step.silent;
        events(Event::Output(output));
        Ok(())
    }

    /// Text to syntax tree.
    fn read(&mut self, name: &str, text: &str) -> Result<(Source, Program), Failure> {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        let source = Source { id, name: name.to_string(), text: text.to_string() };
        self.sources.push(source.clone());
        match parse(&source) {
            (program, mistakes) if mistakes.is_empty() => Ok((source, program)),
            (_, mistakes) => Err(Failure::Mistakes(mistakes)),
        }
    }
}
