//! The session: a thin conductor over pure stages; [`crate::route`] has them all in one function.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_dsl::parse::parse_unless;
use fovea_dsl::syntax::{Name, Statement, StatementKind};
use fovea_dsl::verb::Theme;
use fovea_dsl::{Diagnostic, Source, library};
use fovea_graph::{Backend, Device, Interrupted, SourceId, Span};

use crate::check::{Step, Text, check};
use crate::device::{Cores, Purpose};
use crate::event::Event;
use crate::failure::{Failure, guarded};
pub use crate::known::{Known, Snapshot};
use crate::world::{Names, World};

/// What checking a text found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many statements it has.
    pub statements: usize,
    /// Overrides whose `let` was not met.
    pub unmet: Vec<String>,
    /// What is not wrong, and yet remarkable.
    pub remarks: Vec<Diagnostic>,
}

/// Statements in, results out; names, nets, data and runs in between.
pub struct Session {
    names: Names,
    world: World,
    sources: Vec<Source>,
    /// How many texts came in, each a source of its own.
    texts: u32,
}

impl Session {
    /// A session on a device whose training runs go to the folder `runs`; setting `interrupted` ends what runs.
    pub fn new(device: Arc<dyn Backend>, runs: PathBuf, interrupted: Arc<AtomicBool>) -> Self {
        // The library's texts are there for messages that point into them.
        let sources = (0..).map_while(|at| library::source(SourceId(u32::MAX - at))).collect();
        let names = Names::new(device, Arc::clone(&interrupted));
        Self { names, world: World::new(runs, interrupted), sources, texts: 0 }
    }

    /// From now on `let NAME = …` binds `value`, an expression of the language, whatever the text says.
    pub fn set_override(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = self.read("--set", &format!("let {name} = {value}"));
        let Text { program, mistakes, .. } = text.map_err(|interrupted| interrupted.to_string())?;
        match &program.statements[..] {
            [Statement { kind: StatementKind::Let(bindings), .. }] if mistakes.is_empty() && bindings.len() == 1 => {
                let value = self.names.scope.evaluate(&bindings[0].value).map_err(|mistake| mistake.message)?;
                self.names.scope.set_override(name, value);
                Ok(())
            }
            _ => Err("no number or list".to_string()),
        }
    }

    /// What of a CPU a `device` statement opens.
    pub fn set_cores(&mut self, cores: Cores) {
        self.names.cores = cores;
    }

    /// Says how pictures are drawn, until a `theme` statement says otherwise.
    pub fn set_theme(&mut self, theme: Theme) {
        self.names.theme = theme;
    }

    /// Parses a text, checks it whole, [`crate::route::route`] among the checks, then runs its statements one by one; each completes or
    /// changes nothing.
    pub fn run(&mut self, name: &str, text: &str, events: &mut dyn FnMut(Event)) -> Result<(), Failure> {
        let text = self.read(name, text)?;
        let steps = check(&text, &self.names, &self.world)?;
        let remarks = steps.iter().flat_map(|step| step.job.remarks()).cloned();
        remarks.for_each(|remark| events(Event::Remark(remark, self.sources.clone())));
        steps.into_iter().try_for_each(|step| self.step(step, events))
    }

    /// Checks a text and runs nothing.
    pub fn check(&mut self, name: &str, text: &str) -> Result<Report, Failure> {
        let text = self.read(name, text)?;
        self.world.purpose = Purpose::Check;
        let steps = check(&text, &self.names, &self.world);
        self.world.purpose = Purpose::Run;
        let steps = steps?;
        let scope = steps.last().map_or(&self.names.scope, |step| &step.after.scope);
        let unmet = scope.unused_overrides().map(str::to_string).collect();
        let remarks = steps.iter().flat_map(|step| step.job.remarks()).cloned().collect();
        Ok(Report { statements: steps.len(), unmet, remarks })
    }

    /// A text in its canonical form.
    pub fn format(&mut self, name: &str, text: &str) -> Result<String, Failure> {
        // Mistakes point into the text as one of the session's.
        let read = self.read(name, text)?;
        if !read.mistakes.is_empty() {
            return Err(read.mistakes.into());
        }
        Ok(fovea_dsl::format::format(text)?)
    }

    /// Takes over what a text defines, its nets and constants, and runs nothing else of it.
    pub fn define(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let mut text = self.read(name, text)?;
        text.program.statements.retain(|statement| !matches!(statement.kind, StatementKind::Verb(_)));
        let steps = check(&text, &self.names, &self.world)?;
        steps.into_iter().try_for_each(|step| self.step(step, &mut |_| ()))
    }

    /// What the session's names are, for an editor.
    pub fn known(&self) -> Known {
        self.snapshot().known()
    }

    /// The session's names as they are now, for whoever may ask for them later.
    pub fn snapshot(&self) -> Snapshot {
        let (names, runs) = (self.names.clone(), self.world.runs.clone());
        Snapshot::new(names.theme, move || Known {
            // A folder of runs that cannot be read has none to offer.
            last_run: runs.last().ok().flatten(),
            ..names.known()
        })
    }

    /// The device that statements run on.
    pub fn device(&self) -> Device {
        self.names.device.device()
    }

    /// The texts so far, for messages that point into them.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The statements that have completed, one below the other: the session as a program.
    pub fn program(&self) -> &str {
        &self.world.program
    }

    /// Runs one statement; only where it completes do names mean what they mean after it.
    fn step(&mut self, step: Step, events: &mut dyn FnMut(Event)) -> Result<(), Failure> {
        self.world.go_on()?;
        events(Event::Begin { silent: step.silent });
        let mut output = guarded(step.span, || step.job.run(&mut self.world, events))?;
        self.names = step.after;
        self.world.program.push_str(&step.text);
        self.world.program.push('\n');
        output.silent = step.silent;
        events(Event::Output(output));
        events(Event::Names(self.snapshot()));
        // Training that was broken off has completed, with the weights of its last step; what follows it has not begun.
        self.world.go_on()
    }

    /// Lets a caller look at what a name means that stands in no program; mistakes point at it.
    pub(crate) fn asked<T>(
        &mut self,
        source: &str,
        name: &str,
        look: impl FnOnce(&Name, &Names, &mut World) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let source = self.source(source, name);
        let name = Name { text: name.to_string(), span: Span::new(source.id, 0, name.len()) };
        guarded(name.span, || look(&name, &self.names, &mut self.world))
    }

    /// Text to syntax tree.
    fn read(&mut self, name: &str, text: &str) -> Result<Text, Interrupted> {
        let source = self.source(name, text);
        let (program, mistakes) = parse_unless(&source, &*self.world.interrupted)?;
        Ok(Text { source, program, mistakes })
    }

    /// Takes in a text, for messages that point into it.
    fn source(&mut self, name: &str, text: &str) -> Source {
        let source = Source { id: SourceId(self.texts), name: name.to_string(), text: text.to_string() };
        // The library's stay last.
        self.sources.insert(self.texts as usize, source.clone());
        self.texts += 1;
        source
    }
}
