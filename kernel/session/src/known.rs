//! What a session knows by name, for an editor.

use std::sync::Arc;

use fovea_dsl::scope::Scope;
use fovea_dsl::verb::Theme;
use fovea_dsl::{Resolved, editor, library, resolve};
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
    /// As [`Known::context`], at the end of a text: behind `vgg16.` with the layers of that net of the library, which
    /// nobody has used yet.
    pub fn context_behind(&self, text: &str) -> editor::Context {
        let mut context = self.context();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let word = text.rsplit(|c: char| !is_part(c)).next().unwrap_or_default();
        if let Some((net, _)) = word.split_once('.') {
            let begin = format!("{net}.");
            if !context.layers.iter().any(|layer| layer.starts_with(&begin)) {
                context.layers.extend(library_layers(net));
            }
        }
        context
    }

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

/// The layers of a net of the library, each behind its name and a dot; none where there is no such net, or its text
/// leaves something open.
fn library_layers(net: &str) -> Vec<String> {
    let resolved = library::find(net).and_then(|net| resolve(net, &Scope::default(), None, None).ok());
    match resolved {
        Some(Resolved::Net(whole)) => {
            whole.layers.iter().skip(1).map(|layer| format!("{net}.{}", layer.name)).collect()
        }
        _ => Vec::new(),
    }
}
