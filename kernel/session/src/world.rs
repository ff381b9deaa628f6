//! What a session has: names, which are known without running anything, and what running made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fovea_data::{DataError, DataSpec, Dataset};
use fovea_dsl::lower;
use fovea_dsl::net::Net;
use fovea_dsl::resolve::Resolved;
use fovea_dsl::scope::Scope;
use fovea_dsl::shared::Shared;
use fovea_dsl::syntax::Statement;
use fovea_dsl::verb::Theme;
use fovea_graph::{Backend, BackendError, Span};
use fovea_train::target::Target;
use fovea_train::{Checkpoint, Forward, Mode, Runs, TrainError, Trainee};

use crate::classics::Wanted;
use crate::device::{Cores, Purpose};
use crate::event::Event;
use crate::failure::{At, Failure};

/// What names mean at a point of a program, as far as it is known without running it. Checking a program walks a copy
/// of this through its statements; a statement that completes makes its copy the session's. Copies share what they have in
/// common, so that a program of n statements does not hold n² names.
#[derive(Clone)]
pub struct Names {
    /// Constants.
    pub scope: Scope,
    /// Nets as far as their text goes; a constant that changes later does not reach them.
    pub nets: Shared<String, Arc<Resolved>>,
    /// Nets of the library that were used, which mean the same at every point of every program.
    pub library: Arc<Mutex<BTreeMap<String, Arc<Resolved>>>>,
    /// Slides that could not be read, by their names: nets of these names, or of their columns', are not defined.
    pub missed: Shared<String, Missed>,
    /// Data that was declared.
    pub data: Shared<String, DataSpec>,
    /// Nets that have weights of their own by now, and what these fix.
    pub bound: Shared<String, Binding>,
    /// The device that statements run on.
    pub device: Arc<dyn Backend>,
    /// What of the CPU a `device` statement opens.
    pub cores: Cores,
    /// The key of all random numbers.
    pub seed: u64,
    /// Files of weights that statements will have written by now, and what these fix.
    pub files: Shared<PathBuf, Binding>,
    /// How pictures are drawn.
    pub theme: Theme,
    /// How many runs statements will have begun by now.
    pub runs: u32,
    /// The statements that gave names their meaning, in order: what else the names would mean if a constant had another
    /// value follows from them.
    pub defined: Shared<usize, Arc<Defined>>,
    /// Set by the front end when the user breaks off.
    pub interrupted: Arc<AtomicBool>,
    /// What the statement that is being checked reads and is to be fetched before.
    pub wanted: Wanted,
}

impl Names {
    /// Nothing but a device, and the flag that ends a check.
    pub fn new(device: Arc<dyn Backend>, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            scope: Scope::default(),
            nets: Shared::default(),
            missed: Shared::default(),
            library: Arc::default(),
            data: Shared::default(),
            bound: Shared::default(),
            device,
            cores: Cores::default(),
            seed: 0,
            files: Shared::default(),
            theme: Theme::default(),
            runs: 0,
            defined: Shared::default(),
            interrupted,
            wanted: Wanted::default(),
        }
    }

    /// The library's nets that were used.
    pub fn used_of_library(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Resolved>>> {
        self.library.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A statement that gave names their meaning.
#[derive(Debug)]
pub struct Defined {
    /// The statement: `let`, `block`, `net`, `slide` or `data`.
    pub statement: Statement,
    /// Its words.
    pub text: String,
}

/// Why a slide's nets are not defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The words that stand in the way.
    pub span: Span,
    /// Their line in the slide's own text.
    pub line: usize,
    /// What is wrong with them.
    pub why: Why,
}

/// Why a slide defines no net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It could not be read.
    Unread,
    /// No net can be what it says.
    Impossible,
}

/// What a net's weights fix.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The shape of one picture.
    pub input: Vec<usize>,
    /// How many classes it tells apart.
    pub classes: Option<usize>,
    /// What they are called; nothing where that is not known.
    pub class_names: Vec<String>,
    /// What it was trained toward.
    pub target: Target,
    /// Whether a training run of the session made the weights.
    pub run: bool,
}

/// A net with weights.
pub struct Trained {
    /// The net on its device.
    pub trainee: Trainee,
    /// The run that trained it last.
    pub run: Option<u32>,
}

/// What running made, and where results go.
pub struct World {
    /// Nets with weights, by name.
    pub trained: BTreeMap<String, Trained>,
    /// Data that was read, by what was asked for.
    loaded: Vec<(DataSpec, Arc<Dataset>)>,
    /// Training runs on disk.
    pub runs: Runs,
    /// Set by the front end when the user breaks off.
    pub interrupted: Arc<AtomicBool>,
    /// What devices are wanted for that a program names.
    pub purpose: Purpose,
    /// The statements that completed, for the record of a run.
    pub program: String,
}

impl World {
    /// Nothing yet; runs go to the folder `runs`.
    pub fn new(runs: PathBuf, interrupted: Arc<AtomicBool>) -> Self {
        let program = String::new();
        let (runs, purpose) = (Runs::at(runs), Purpose::Run);
        Self { trained: BTreeMap::new(), loaded: Vec::new(), runs, interrupted, purpose, program }
    }

    /// The data of a specification, read once; mistakes stand at `span`.
    pub fn dataset(&mut self, spec: &DataSpec, span: Span) -> Result<Arc<Dataset>, Failure> {
        self.read(spec).at(span)
    }

    /// The data of a specification, read once. People's own under a name that says something else now are let go.
    pub fn read(&mut self, spec: &DataSpec) -> Result<Arc<Dataset>, DataError> {
        if let Some((_, data)) = self.loaded.iter().find(|(loaded, _)| loaded == spec) {
            return Ok(Arc::clone(data));
        }
        let data = Arc::new(spec.load_unless(&*self.interrupted)?);
        self.loaded.retain(|(old, _)| !old.is_own() || old.name() != spec.name());
        self.loaded.push((spec.clone(), Arc::clone(&data)));
        Ok(data)
    }

    /// How many bytes of a device's memory data hold already, because they were read.
    pub fn held(&self, spec: &DataSpec, device: &dyn Backend) -> u64 {
        let is_read = self.loaded.iter().any(|(loaded, _)| loaded == spec);
        if is_read && device.shares_host() { spec.bytes() } else { 0 }
    }

    /// Nothing is trained, read or said any more; runs stay on disk.
    pub fn forget(&mut self) {
        self.trained.clear();
        self.loaded.clear();
        self.program.clear();
    }

    /// Lets a statement use a net with its weights on a device: the ones it has, or its first ones, drawn by `seed`.
    pub fn with<T>(
        &mut self,
        net: &Net,
        device: &Arc<dyn Backend>,
        seed: u64,
        work: impl FnOnce(&mut Trainee) -> Result<T, TrainError>,
    ) -> Result<T, TrainError> {
        match self.trained.get_mut(&net.name) {
            Some(trained) if Arc::ptr_eq(trained.trainee.backend(), device) => work(&mut trained.trainee),
            Some(_) => work(&mut self.copy_of(net, device)?),
            None => work(&mut self.first(net, device, seed)?),
        }
    }

    /// Says so where a net that is used was never trained.
    pub fn remark(&self, net: &Net, events: &mut dyn FnMut(Event)) {
        if !self.trained.contains_key(&net.name) {
            self.remark_anew(net, events);
            let first = match self.base(net) {
                Some((base, _)) => format!("what `{}` adds to `{}` has its first weights", net.name, base.net),
                None => format!("`{}` has its first weights", net.name),
            };
            events(Event::Text(format!("{first}: nothing has trained it")));
        }
    }

    /// A copy of a net with its weights and moments on a device, to go on from. Where its own device is lost, they are
    /// those that its run left on disk.
    pub fn copy_of(&self, net: &Net, device: &Arc<dyn Backend>) -> Result<Trainee, TrainError> {
        let trained = self.trained.get(&net.name).ok_or_else(|| TrainError::Inconsistent("no weights".into()))?;
        match trained.trainee.copy(Arc::clone(device), forward(net, &self.interrupted)) {
            Err(lost @ TrainError::Backend(BackendError::Lost { .. })) => {
                let saved = self.saved(trained.run).ok_or(lost)?;
                Trainee::with_checkpoint(Arc::clone(device), forward(net, &self.interrupted), &saved)
            }
            copy => copy,
        }
    }

    /// A run is not on disk any more: no net has it.
    pub fn removed(&mut self, run: u32) {
        self.trained.values_mut().filter(|trained| trained.run == Some(run)).for_each(|trained| trained.run = None);
    }

    /// The end of a run, as its last checkpoint has it.
    pub(crate) fn saved(&self, run: Option<u32>) -> Option<Checkpoint> {
        self.runs.open(run?).ok()?.load_checkpoint().ok()?
    }

    /// Ends a statement that the user broke off.
    pub fn go_on(&self) -> Result<(), Failure> {
        if self.interrupted.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}

/// Gives the net's forward graph at any batch, as the training loop wants it, until `stop` is set.
pub fn forward(net: &Net, stop: &Arc<AtomicBool>) -> Forward {
    let (net, stop) = (net.clone(), Arc::clone(stop));
    Box::new(move |batch, mode| {
        let mode = match mode {
            Mode::Train => lower::Mode::Train,
            Mode::Infer => lower::Mode::Infer,
        };
        Ok(lower::lower_unless(&net, batch, mode, &*stop)??)
    })
}
