//! A session to try things in.
#![allow(dead_code, clippy::unwrap_used, clippy::result_large_err)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea::event::{Event, Output};
use fovea::failure::Failure;
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_dsl::Diagnostic;
use fovea_graph::Backend;
use tempfile::TempDir;

/// A session with its runs in a folder of its own.
pub struct Bench {
    pub session: Session,
    pub interrupted: Arc<AtomicBool>,
    folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self::on(Arc::new(Cpu::new(Some(1)).unwrap()))
    }

    pub fn on(device: Arc<dyn Backend>) -> Self {
        Self::with(device, Arc::default())
    }

    /// A session that this flag breaks off.
    pub fn with(device: Arc<dyn Backend>, interrupted: Arc<AtomicBool>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::new(device, folder.path().join("runs"), Arc::clone(&interrupted));
        Self { session, interrupted, folder }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs a text; its results, or why it ended.
    pub fn run(&mut self, text: &str) -> Result<Vec<Output>, Failure> {
        let mut outputs = Vec::new();
        self.session.run("test", text, &mut |event| {
            if let Event::Output(output) = event {
                outputs.push(output);
            }
        })?;
        Ok(outputs)
    }

    pub fn ok(&mut self, text: &str) -> Vec<Output> {
        self.run(text).unwrap()
    }

    /// Runs a text of one statement, which is broken off as it tells that `at` of its parts are done; what it leaves.
    pub fn broken_off(&mut self, text: &str, at: u64) -> Output {
        let interrupted = Arc::clone(&self.interrupted);
        let mut outputs = Vec::new();
        let ended = self.session.run("cell", text, &mut |event| match event {
            Event::Progress(progress) if progress.done == at => interrupted.store(true, Ordering::Relaxed),
            Event::Output(output) => outputs.push(output),
            _ => {}
        });
        assert_eq!(ended.unwrap_err(), Failure::Interrupted, "the statements behind it do not run");
        outputs.pop().unwrap()
    }

    pub fn mistakes(&mut self, text: &str) -> Vec<Diagnostic> {
        match self.run(text) {
            Err(Failure::Mistakes(mistakes)) => mistakes,
            other => panic!("{text} gives {other:?}"),
        }
    }

    pub fn entries(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}
