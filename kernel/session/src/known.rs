//! What a session knows by name, for an editor.

use std::sync::Arc;

use fovea_dsl::editor;
use fovea_dsl::verb::Theme;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The names of a session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    theme: Theme,
    look_up: Arc<dyn Fn() -> Known + Send + Sync>,
}

impl Snapshot {
    /// What `look_up` finds, whenever it is called.
    pub(crate) fn new(theme: Theme, look_up: impl Fn() -> Known + Send + Sync + 'static) -> Self {
        Self { theme, look_up: Arc::new(look_up) }
    }

    /// How pictures are drawn.
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// All of them.
    pub fn known(&self) -> Known {
        (self.look_up)()
    }
}

/// As the names are at that moment.
impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.known().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let known = Known::deserialize(from)?;
        Ok(Self::new(known.theme, move || known.clone()))
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
