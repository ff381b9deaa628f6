//! What a session knows by name, for an editor.

use fovea_dsl::editor;
use fovea_dsl::verb::Theme;
use serde::{Deserialize, Serialize};

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
