//! What a session knows by name, for an editor.

use fovea_dsl::command::Theme;
use fovea_dsl::editor;
use fovea_train::{DataSpec, Runs};

use crate::world::Names;

/// The names of a session.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Nets, the library's too.
    pub nets: Vec<String>,
    /// Blocks.
    pub blocks: Vec<String>,
    /// Data, declared and built in.
    pub data: Vec<String>,
    /// Constants, each with its value as it is printed.
    pub constants: Vec<(String, String)>,
    /// Layers of the session's nets, each behind its net's name and a dot.
    pub layers: Vec<String>,
    /// The newest training run's number.
    pub last_run: Option<u32>,
    /// How pictures are drawn.
    pub theme: Theme,
}

/// The names at one point of a program. They are looked up when somebody asks, so that keeping them costs nothing.
#[derive(Clone)]
pub struct Snapshot {
    names: Names,
    runs: Runs,
}

impl Snapshot {
    /// What there is to name where `names` hold.
    pub(crate) fn new(names: &Names, runs: &Runs) -> Self {
        Self { names: names.clone(), runs: runs.clone() }
    }

    /// How pictures are drawn.
    pub fn theme(&self) -> Theme {
        self.names.theme
    }

    /// All of them.
    pub fn known(&self) -> Known {
        let names = &self.names;
        let builtin = DataSpec::builtin_names().iter().map(|name| name.to_string());
        let mut data: Vec<String> = names.data.keys().cloned().chain(builtin).collect();
        data.sort();
        data.dedup();
        let library = fovea_dsl::library::list().into_iter().map(|(name, _)| name.to_string());
        let constants = names.scope.constants.iter().map(|(name, value)| (name.clone(), value.to_string()));
        Known {
            nets: names.nets.keys().cloned().chain(library).collect(),
            blocks: names.scope.blocks.keys().cloned().collect(),
            data,
            constants: constants.collect(),
            layers: names.known_layers(),
            // A folder of runs that cannot be read has none to offer.
            last_run: self.runs.last().ok().flatten(),
            theme: names.theme,
        }
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Snapshot").finish_non_exhaustive()
    }
}

impl Known {
    /// The names that completion offers.
    pub fn context(&self) -> editor::Context {
        editor::Context {
            nets: self.nets.clone(),
            blocks: self.blocks.clone(),
            data: self.data.clone(),
            constants: self.constants.iter().map(|(name, _)| name.clone()).collect(),
            layers: self.layers.clone(),
        }
    }
}
