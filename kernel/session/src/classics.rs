//! The classic sets: where they are, and which of them a statement reads.

use std::sync::{Arc, Mutex, PoisonError};

use fovea_cuda::cache_folder;
use fovea_data::{Classic, ClassicSet, DataSource, DataSpec, Home};
use fovea_dsl::Diagnostic;
use fovea_graph::{Never, Span};

use crate::failure::{Failure, placed};

/// The cache folder that sets are fetched into, each into one of its own.
const SETS: &str = "data";
/// The environment's word for another address to fetch from.
const MIRROR: &str = "FOVEA_MIRROR";

/// The classic set of this name, from the cache, whether it is there yet or not.
pub fn classic(name: &str) -> Option<DataSource> {
    let set = ClassicSet::named(name)?;
    let mirror = std::env::var(MIRROR).ok().filter(|mirror| !mirror.is_empty());
    let mirror = mirror.map(|mirror| format!("{}/{name}/", mirror.trim_end_matches('/')));
    let folder = cache_folder(SETS).map(|sets| sets.join(name));
    Some(DataSource::Classic(Classic { set, home: Home::Cache { folder, mirror } }))
}

/// The same, as it is; the mistake of files that are no such set stands at `span`.
pub fn classic_spec(name: &str, span: Span) -> Option<Result<DataSpec, Diagnostic>> {
    let opened = DataSpec::open_unless(name, classic(name)?, None, &Never);
    Some(opened.map_err(|error| match placed(&error, span) {
        Failure::Mistakes(mut mistakes) if !mistakes.is_empty() => mistakes.swap_remove(0),
        _ => Diagnostic::new(fovea_dsl::Stage::Verbs, span, error.to_string()),
    }))
}

/// Data that a statement uses and that is to be fetched first, gathered while it is checked.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Arc<Mutex<Vec<(DataSpec, Span)>>>);

impl Wanted {
    /// Notes data that is not here.
    pub fn note(&self, spec: &DataSpec, span: Span) {
        if spec.is_absent() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((spec.clone(), span));
        }
    }

    /// What was noted since the last time.
    pub fn take(&self) -> Vec<(DataSpec, Span)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
