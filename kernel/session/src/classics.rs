//! The classic sets: where they are, and fetching them before the statement runs that reads them.

use std::sync::{Arc, Mutex, PoisonError};

use fovea_cuda::cache_folder;
use fovea_data::{Classic, ClassicSet, DataSource, DataSpec, Fetched, Home};
use fovea_dsl::Diagnostic;
use fovea_graph::{Never, Span};

use crate::event::{Event, Figure, Metric, Output, Part, Progress};
use crate::failure::{At, Failure, placed};
use crate::verbs::{Events, Job};
use crate::world::World;

/// The cache folder that sets are fetched into, each into one of its own.
const SETS: &str = "data";
/// The environment's word for another address to fetch from.
const MIRROR: &str = "FOVEA_MIRROR";
/// So much counts as one in a progress.
const MEGABYTE: u64 = 1_000_000;

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

/// A statement behind the fetching of what it reads.
pub struct Fetching {
    /// What is fetched.
    pub wanted: Vec<(DataSpec, Span)>,
    /// The statement.
    pub job: Box<dyn Job>,
}

impl Job for Fetching {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        for (spec, span) in &self.wanted {
            let interrupted = Arc::clone(&world.interrupted);
            let mut news = News::default();
            spec.fetch_unless(&mut |fetched| news.tell(spec.name(), fetched, events), &*interrupted).at(*span)?;
        }
        self.job.run(world, events)
    }

    fn remarks(&self) -> &[Diagnostic] {
        self.job.remarks()
    }
}

/// What has been told of a fetching.
#[derive(Default)]
struct News {
    /// The last file, and how many megabytes of it.
    last: Option<(usize, u64)>,
    begun: Option<std::time::Instant>,
}

impl News {
    /// Tells of whole megabytes, and of whole files.
    fn tell(&mut self, name: &str, Fetched { file, files, bytes, of }: Fetched, events: &mut Events<'_>) {
        let begun = *self.begun.get_or_insert_with(std::time::Instant::now);
        let (done, is_whole) = (bytes / MEGABYTE, bytes >= of);
        if self.last == Some((file, done)) && !is_whole {
            return;
        }
        self.last = Some((file, done));
        let seconds = begun.elapsed().as_secs_f64();
        let part = Part { unit: "file".into(), number: file as u64, of: files as u64 };
        let rate = Figure::rate("MB/s", bytes as f64 / MEGABYTE as f64 / seconds.max(1e-3));
        events(Event::Progress(Progress {
            task: name.to_string(),
            unit: "MB".into(),
            done,
            of: (of / MEGABYTE).max(1),
            part: Some(part.clone()),
            figures: vec![rate.clone()],
            seconds_left: (bytes > 0).then(|| seconds * (of.saturating_sub(bytes)) as f64 / bytes as f64),
        }));
        if is_whole {
            self.begun = None;
            events(Event::Metric(Metric { task: name.to_string(), part, figures: vec![rate], seconds }));
        }
    }
}
