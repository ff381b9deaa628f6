//! A run is looked at from elsewhere: while another process writes it, and after that was killed.
#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Child;
use std::time::{Duration, Instant};

use support::{Place, Ran};

const NET: &str = "net small = 8x8x1 - conv 4 - relu - pool, softmax 10";
/// Longer than any test waits.
const TRAIN: &str = "train small on digits for 100000 epochs, batch 32";

/// A process that trains until it is killed.
struct Training(Child);

impl Drop for Training {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn begin(place: &Place) -> Training {
    Training(
        place
            .command(&["-e", NET, "-e", TRAIN])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap(),
    )
}

/// Looks at the run from a process of its own.
fn look(place: &Place, statement: &str) -> Ran {
    place.run(&["-e", statement, "--format", "json"])
}

/// Looks again and again until it is so.
fn wait(place: &Place, so: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if place.path().join("runs/1").is_dir() {
            let shown = look(place, "show run last").done().json().remove(0);
            if so(&shown) {
                return shown;
            }
        }
        assert!(Instant::now() < deadline, "the run does not come so far");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_run_that_goes_on_is_shown_and_plotted_by_another_process() {
    let place = Place::new();
    let training = begin(&place);
    let epochs = |shown: &serde_json::Value| shown["epochs"].as_array().unwrap().len();
    let first = epochs(&wait(&place, |shown| epochs(shown) >= 2));
    for statement in ["plot loss of run 1", "plot loss, accuracy of run last", "show run 1"].repeat(5) {
        let seen = look(&place, statement).done().json().remove(0);
        assert_eq!((&seen["net"], &seen["run"]), (&"small".into(), &1.into()), "{statement}");
        assert!(seen["files"].as_array().unwrap().iter().any(|file| file.as_str().unwrap().ends_with(".svg")));
    }
    let shown = wait(&place, |shown| epochs(shown) > first);
    assert!(shown["ending"].is_null());
    // Nobody else goes on with it meanwhile, and what it needs to go on stays.
    let resume = ["-e", NET, "-e", "train small on digits resume run 1"];
    let held = format!("runs/1 is held by process {}, which trains this run", training.0.id());
    place.run(&resume).fails(&[&held]);
    wait(&place, |shown| epochs(shown) > first + 1);
    drop(training);

    // The process is gone; what it wrote is there, and says what may have become of it.
    let text = place.run(&["-e", "show run last"]).done().out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("of 100,000 epochs complete, loss ") && text.contains("killed, or its device was lost"),
        "{text}"
    );
    let (net, plot) = (look(&place, "plot loss of run 1").done().json().remove(0), "plot loss of small");
    let of_net = place.run(&["-e", NET, "-e", plot, "--format", "json"]).done().json().remove(1);
    assert_eq!(net["curves"], of_net["curves"]);
    assert!(net["curves"]["loss"]["test"].as_array().unwrap().len() > first);
}

#[test]
fn a_run_with_no_epoch_yet_shows_its_steps() {
    let place = Place::new();
    let training = begin(&place);
    wait(&place, |shown| !shown["epochs"].as_array().unwrap().is_empty());
    drop(training);
    // The run as it stood in the middle of its first epoch, the last line torn.
    let file = place.path().join("runs/1/metrics.jsonl");
    let metrics = std::fs::read_to_string(&file).unwrap();
    let steps: Vec<&str> = metrics.lines().take_while(|line| line.contains("\"step\"")).take(5).collect();
    assert_eq!(steps.len(), 5, "{metrics}");
    std::fs::write(&file, format!("{}\n{{\"kind\":\"st", steps.join("\n"))).unwrap();

    let text = place.run(&["-e", "show run 1"]).done().out;
    assert!(text.contains("0 of 100,000 epochs complete, loss ") && !text.contains("accuracy"), "{text}");
    let plotted = look(&place, "plot loss of run 1").done().json().remove(0);
    assert_eq!(plotted["curves"]["loss"]["train"].as_array().unwrap().len(), 5);
    let accuracy = place.run(&["-e", "plot accuracy of run 1"]);
    assert!(accuracy.status == Some(1) && accuracy.err.contains("run 1 has no accuracy to plot"), "{}", accuracy.err);
}
