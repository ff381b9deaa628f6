//! Every example of the reference runs.

#![allow(clippy::unwrap_used)]

mod support;

use fovea_dsl::editor::examples;
use support::{Place, own};

#[test]
fn every_example_of_the_reference_runs() {
    let place = Place::new();
    own::examples(place.path());
    let mut failures = Vec::new();
    for (example, runs) in examples() {
        place.write("example.fov", example);
        let ran = place.run(&[if runs { "run" } else { "check" }, "example.fov", "--threads", "1"]);
        // What goes on with a run of earlier days finds none here, and says so.
        let missing = !runs && ran.status == Some(1) && ran.err.contains("run");
        if ran.status != Some(0) && !missing {
            failures.push(format!("{example}\n{}", ran.err));
        }
    }
    assert!(failures.is_empty(), "{} examples fail:\n\n{}", failures.len(), failures.join("\n\n"));
}
