//! What a user is promised, from outside: the slide's pattern, figures of the literature, weights in files, the same bits.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

mod support;

use support::Place;

/// The summary slide's pattern in the three spellings in which it travels.
const PATTERNS: [&str; 3] = [
    "net t = 8x8x1 - [(CONV-RELU)^2 - POOL]^2 - (FC-RELU)^1, SOFTMAX 10",
    "net t = 8x8x1 -> [[CONV -> RELU]*2 -> POOL]*2 -> [FC -> RELU]*1, SOFTMAX 10",
    r"net t = 8x8x1 - $$[(\text{CONV-RELU})^2 - \text{POOL}]^2 - (\text{FC-RELU})^1, \text{SOFTMAX}$$ 10",
];

#[test]
fn the_slides_pattern_has_its_parameters_in_every_spelling() {
    for pattern in PATTERNS {
        let ran = Place::new().run(&["-e", pattern, "-e", "summary t", "--format", "json"]).done();
        let json = ran.json();
        assert_eq!(json.len(), 2, "{}", ran.out);
        assert_eq!(json[1]["verb"], "summary");
        assert_eq!(json[1]["totals"]["params"], 201_706, "{pattern}");
    }
}

#[test]
fn lenets_summary_has_the_figures_of_the_literature() {
    let lenet = "net lenet = 32x32x1 - conv 6 5x5 valid - relu - pool - conv 16 5x5 valid - relu - pool \
                 - (fc {120,84} - relu)^2, softmax 10";
    let json = Place::new().run(&["-e", lenet, "-e", "summary lenet", "--format", "json"]).done().json();
    assert_eq!(json[1]["totals"]["params"], 61_706);
    assert_eq!(json[1]["totals"]["macs"], 416_520);
    let conv1 = &json[1]["layers"][0];
    assert_eq!((&conv1["name"], &conv1["kind"]), (&"conv1".into(), &"conv".into()));
    assert_eq!(conv1["output"], serde_json::json!([28, 28, 6]));
    assert_eq!((&conv1["params"], &conv1["macs"]), (&156.into(), &117_600.into()));
}

#[test]
fn a_program_with_a_mistake_on_line_3_runs_nothing() {
    let place = Place::new();
    let text = "net t = 8x8x1 - fc 10, softmax\ntrain t on digits for 1 epochs\nplot accurcy of t\n";
    place.program(text).fails(&["\"line\":3", "accuracy"]);
    assert!(place.files().is_empty(), "{:?}", place.files());
    assert!(!place.path().join("runs").exists());
}

#[test]
fn weights_travel_through_a_file() {
    let place = Place::new();
    let net = "net t = 8x8x1 - conv 4 - relu - pool, softmax\n";
    let first = format!("{net}train t on digits for 2 epochs\ntest t on digits\nsave t \"t.safetensors\"\n");
    let trained = place.program(&first).done().json();
    let second = format!("{net}load t \"t.safetensors\"\ntest t on digits\n");
    let loaded = place.program(&second).done().json();
    assert_eq!(trained[2]["loss"], loaded[2]["loss"]);
    assert_eq!(trained[2]["confusion"], loaded[2]["confusion"]);

    let whole = std::fs::read(place.path().join("t.safetensors")).unwrap();
    place.write("cut.safetensors", &whole[..whole.len() / 2]);
    place.program(&format!("{net}load t \"cut.safetensors\"\n")).fails(&["cut.safetensors"]);
    let mut spoiled = whole.clone();
    let end = spoiled.len();
    spoiled[end - 8..].fill(0xff);
    place.write("spoiled.safetensors", spoiled);
    place.program(&format!("{net}load t \"spoiled.safetensors\"\n")).fails(&["spoiled.safetensors", "damaged"]);
    // Another program's file, which has neither checksums nor classes.
    let counted = net.replace("softmax", "softmax 10");
    let head = u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&whole[8..8 + head]).unwrap();
    header.as_object_mut().unwrap().remove("__metadata__");
    let header = header.to_string().into_bytes();
    let mut other = [&(header.len() as u64).to_le_bytes()[..], &header, &whole[8 + head..]].concat();
    place.write("other.safetensors", &other);
    place.program(&format!("{counted}load t \"other.safetensors\"\n")).done();
    let end = other.len();
    other[end - 8..].fill(0xff);
    place.write("other.safetensors", other);
    place.program(&format!("{counted}load t \"other.safetensors\"\n")).fails(&["other.safetensors", "not finite"]);
    place.write("foreign.safetensors", "not weights at all");
    place.program(&format!("{net}load t \"foreign.safetensors\"\n")).fails(&["foreign.safetensors"]);
    place.program(&format!("{net}load t \"absent.safetensors\"\n")).fails(&["absent.safetensors"]);
    let other = "net t = 8x8x1 - conv 5 - relu - pool, softmax\nload t \"t.safetensors\"\n";
    place.program(other).fails(&["conv1.filter", "4x3x3x1", "5x3x3x1"]);
}

#[test]
fn the_same_program_gives_the_same_answer_at_one_thread_and_two() {
    let place = Place::new();
    place.write(
        "p.fov",
        "net t = 8x8x1 - conv 6 - relu - pool - dropout 0.2 - fc 20 - relu, softmax\n\
         train t on digits for 2 epochs with sgd(lr 0.05), seed 5\nsave t \"t.safetensors\"\ntest t on digits\n",
    );
    let mut results = Vec::new();
    for threads in ["1", "2", "2"] {
        let ran = place.run(&["run", "p.fov", "--threads", threads, "--format", "json"]).done();
        let test = ran.json().pop().unwrap();
        results.push((std::fs::read(place.path().join("t.safetensors")).unwrap(), test));
    }
    assert!(results[0] == results[1] && results[1] == results[2]);
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_with_the_weights_before_it() {
    let place = Place::new();
    let text = "net t = 8x8x1 - fc 64 - relu, softmax\n\
                train t on digits for 3 epochs with sgd(lr 1e30)\nsave t \"t.safetensors\"\n";
    let ran = place.program(text);
    assert!(ran.err.contains("step") && ran.err.contains("finite"), "{}", ran.err);
}

#[test]
fn a_net_too_large_for_memory_is_refused_by_whatever_would_need_it() {
    let place = Place::new();
    let net = "net h = 200x200x1 - fc 10000000 - relu, softmax 10\n";
    for work in [
        "save h \"h.safetensors\"",
        "data digits size 200x200\npredict h on digits[0]",
        "data digits size 200x200\ntest h on digits",
    ] {
        place.program(&format!("{net}{work}\n")).fails(&["needs", "the net itself is too large"]);
    }
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[test]
fn the_usual_recipe_learns() {
    let text = "net l = 28x28x1 - conv 6 5x5 - relu - pool, softmax\ndata digits size 28x28\n\
                train l on digits for 4 epochs\ntest l on digits\n";
    let json = Place::new().program(text).done().json();
    assert!(json[3]["accuracy"].as_f64().unwrap() > 0.8, "{}", json[3]["accuracy"]);
}
