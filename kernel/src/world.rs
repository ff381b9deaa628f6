//! What a session has: names, which are known without running anything, and what running made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_dsl::resolve::Resolved;
use fovea_dsl::scope::Scope;
use fovea_graph::Backend;
use fovea_train::{DataError, DataSpec, Dataset, Runs, Trainee};

use crate::failure::Failure;

/// What names mean at a point of a program, as far as it is known without running it. Checking a program walks a copy
/// of this through its statements; a statement that completes makes its copy the session's.
#[derive(Clone)]
pub struct Names {
    /// Constants and nets as written.
    pub scope: Scope,
    /// Nets as far as their text goes; a constant that changes later does not reach them.
    pub nets: BTreeMap<String, Resolved>,
    /// Data that was declared.
    pub data: BTreeMap<String, DataSpec>,
    /// Nets that have weights of their own by now, and what these fix.
    pub bound: BTreeMap<String, Binding>,
    /// The device that statements run on.
    pub device: Arc<dyn Backend>,
    /// How many threads of the CPU to use at most.
    pub threads: Option<usize>,
    /// The key of all random numbers.
    pub seed: u64,
    /// Files that statements will have written by now.
    pub files: Vec<PathBuf>,
    /// How many runs statements will have begun by now.
    pub runs: u32,
}

impl Names {
    /// Nothing but a device.
    pub fn new(device: Arc<dyn Backend>) -> Self {
        Self {
            scope: Scope::default(),
            nets: BTreeMap::new(),
            data: BTreeMap::new(),
            bound: BTreeMap::new(),
            device,
            threads: None,
            seed: 0,
            files: Vec::new(),
            runs: 0,
        }
    }
}

/// What a net's weights fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The shape of one picture.
    pub input: Vec<usize>,
    /// How many classes it tells apart.
    pub classes: Option<usize>,
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
    /// The statements that completed, for the record of a run.
    pub program: String,
}

impl World {
    /// Nothing yet; runs go to the folder `runs`.
    pub fn new(runs: PathBuf, interrupted: Arc<AtomicBool>) -> Self {
        let program = String::new();
        Self { trained: BTreeMap::new(), loaded: Vec::new(), runs: Runs::at(runs), interrupted, program }
    }

    /// The data of a specification, read once.
    pub fn dataset(&mut self, spec: &DataSpec) -> Result<Arc<Dataset>, DataError> {
        if let Some((_, data)) = self.loaded.iter().find(|(loaded, _)| loaded == spec) {
            return Ok(Arc::clone(data));
        }
        let data = Arc::new(spec.load()?);
        self.loaded.push((spec.clone(), Arc::clone(&data)));
        Ok(data)
    }

    /// Ends a statement that the user broke off.
    pub fn go_on(&self) -> Result<(), Failure> {
        if self.interrupted.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
