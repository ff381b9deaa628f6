//! Fetching what a statement reads, before it runs.

use std::sync::Arc;

use fovea_data::{DataSpec, Fetched};
use fovea_dsl::Diagnostic;
use fovea_graph::Span;

use super::{Events, Job};
use crate::event::{Event, Figure, Metric, Output, Part, Progress};
use crate::failure::{At, Failure};
use crate::world::World;

/// So much counts as one in a progress.
const MEGABYTE: u64 = 1_000_000;

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn whole_megabytes_and_whole_files_are_told() {
        let (mut news, mut told) = (News::default(), Vec::new());
        for (file, bytes, of) in [(1, 100, 2_500_000), (1, 900_000, 2_500_000), (1, 1_100_000, 2_500_000)] {
            news.tell("mnist", Fetched { file, files: 2, bytes, of }, &mut |event| told.push(event));
        }
        news.tell("mnist", Fetched { file: 1, files: 2, bytes: 2_500_000, of: 2_500_000 }, &mut |event| {
            told.push(event)
        });
        news.tell("mnist", Fetched { file: 2, files: 2, bytes: 10, of: 10 }, &mut |event| told.push(event));
        let line = |event: &Event| match event {
            Event::Progress(progress) => {
                format!("{} {} of {}", crate::progress::stage(progress), progress.done, progress.of)
            }
            Event::Metric(metric) => format!("{} {} done", metric.part.unit, metric.part.number),
            other => panic!("{other:?}"),
        };
        let lines: Vec<String> = told.iter().map(line).collect();
        let first = ["mnist file 1/2 0 of 2", "mnist file 1/2 1 of 2", "mnist file 1/2 2 of 2", "file 1 done"];
        assert_eq!(lines, [&first[..], &["mnist file 2/2 0 of 1", "file 2 done"]].concat());
    }
}
