//! Weights and run folders, changed on disk: they are refused, or give the very bits that they gave before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea::event::Event;
use fovea::failure::{BROKEN, Failure};
use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_graph::Backend;
use fovea_train::Weights;
use tempfile::TempDir;

use super::{Attack, Dice};

const NET: &str = "net small = 8x8x1 - conv 2 - bn - relu - pool, softmax 10\n";

/// In the middle of its second epoch it is broken off.
const TRAIN: &str = "train small on digits for 2 epochs with adam(lr 0.02), batch 256, seed 3";

const CUT: u64 = 8;

/// A run that was broken off, and what it comes to when it goes on.
pub struct Files {
    device: Arc<dyn Backend>,
    /// The run's folder among others, and the weights that it ends with.
    whole: TempDir,
    ended: Weights,
    /// Its files, by their paths below `whole`.
    names: Vec<PathBuf>,
    /// What the case makes of them: of each file that it changes the new content; none where it is gone.
    changed: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Files {
    /// Trains it.
    pub fn new() -> Self {
        let device: Arc<dyn Backend> = Arc::new(Cpu::new(Some(1)).unwrap());
        let whole = tempfile::tempdir().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let mut session = Session::new(Arc::clone(&device), whole.path().join("runs"), Arc::clone(&stop));
        let cut = session.run("fuzz.fov", &format!("{NET}{TRAIN}"), &mut |event| {
            if matches!(event, Event::Progress(progress) if progress.done >= CUT) {
                stop.store(true, Ordering::Relaxed);
            }
        });
        assert_eq!(cut, Err(Failure::Interrupted));
        let mut names = Vec::new();
        collect(whole.path(), whole.path(), &mut names);
        names.sort();
        let ended =
            Weights { tensors: Vec::new(), standardisation: None, classes: Vec::new(), metadata: Default::default() };
        let mut files = Self { device, whole, ended, names, changed: Vec::new() };
        files.ended = files.resumed().unwrap().expect("what nobody changed goes on");
        files
    }

    /// What comes of the run where its files are changed so: the weights that it ends with, or none where it is refused.
    fn resumed(&self) -> Result<Option<Weights>, String> {
        let folder = tempfile::tempdir().unwrap();
        for name in &self.names {
            let content = std::fs::read(self.whole.path().join(name)).unwrap();
            put(folder.path(), name, &content);
        }
        for (name, content) in &self.changed {
            match content {
                Some(content) => put(folder.path(), name, content),
                None => drop(std::fs::remove_file(folder.path().join(name))),
            }
        }
        let runs = folder.path().join("runs");
        let mut session = Session::new(Arc::clone(&self.device), runs.clone(), Arc::new(AtomicBool::new(false)));
        let text = format!("{NET}train small on digits resume run 1");
        match session.run("fuzz.fov", &text, &mut |_| ()) {
            Ok(()) => Weights::load(runs.join("1/weights.safetensors")).map(Some).map_err(|error| error.to_string()),
            Err(Failure::Interrupted) => Err("nobody broke it off".to_string()),
            Err(Failure::Mistakes(mistakes)) => {
                match mistakes.iter().find(|mistake| mistake.message.contains(BROKEN)) {
                    Some(broken) => Err(broken.message.clone()),
                    None => Ok(None),
                }
            }
        }
    }
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, names);
        } else {
            names.push(path.strip_prefix(root).unwrap().to_path_buf());
        }
    }
}

fn put(folder: &Path, name: &Path, content: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Where two contents differ first, and how long they are.
fn difference(before: &[u8], after: &[u8]) -> String {
    let at = before.iter().zip(after).position(|(a, b)| a != b).unwrap_or(before.len().min(after.len()));
    format!("differs from byte {at} on, {} bytes instead of {}", after.len(), before.len())
}

impl Attack for Files {
    fn draw(&mut self, dice: &mut Dice) -> Vec<u8> {
        let name = dice.one(&self.names).clone();
        let before = std::fs::read(self.whole.path().join(&name)).unwrap();
        let mut content = before.clone();
        let after = match dice.below(12) {
            0 => None,
            1 => Some(Vec::new()),
            2 => Some(std::fs::read(self.whole.path().join(dice.one(&self.names))).unwrap()),
            _ => {
                (0..1 + dice.below(3)).for_each(|_| dice.spoil(&mut content));
                Some(content)
            }
        };
        let what = after.as_ref().map_or("is gone".to_string(), |after| difference(&before, after));
        let mut input = format!("{} {what}", name.display());
        self.changed = vec![(name, after)];
        // Something beside the files, as whoever was broken off leaves it.
        if dice.below(4) == 0 {
            let stray =
                *dice.one(&["step-00000099.safetensors", "step-00000099.safetensors.part", "a", "step-0.safetensors"]);
            input += &format!("; there is a file {stray} too");
            self.changed.push((Path::new("runs/1/checkpoints").join(stray), Some(vec![0; dice.below(100)])));
        }
        input.into_bytes()
    }

    fn attempt(&mut self, _: &[u8], _: &mut Dice) -> Result<(), String> {
        match self.resumed()? {
            Some(weights) if weights.tensors != self.ended.tensors => Err("it goes on to other weights".to_string()),
            _ => Ok(()),
        }
    }
}
