//! What training shows, pictures, and names that mean something to HTML.

use fovea::event::{Event, Figure, Metric, Output, Part, Progress};
use fovea::picture::{Picture, Theme};
use jupyter_protocol::{ExecuteRequest, ExecutionCount, JupyterMessage};
use serde_json::{Value, json};

use super::{Kernel, TINY, names, text};
use crate::jupyter::outbox::Outbox;
use crate::jupyter::render::Screen;

#[test]
fn training_shows_a_line_and_a_plot_that_stay() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    let seen = kernel.run("let n = 1\ntrain tiny on digits for 3 epochs");
    let new: Vec<_> = seen.iter().filter(|seen| seen.kind == "display_data").collect();
    assert_eq!(text(new[0]), "n = 1", "what came before is shown before the training begins");
    assert_eq!(new.len(), 3, "a line and a plot: {:?}", names(&seen));
    let of = |at: usize| -> Vec<&Value> {
        let id = &new[at].content["transient"]["display_id"];
        assert!(id.is_string());
        let same = seen.iter().filter(|seen| &seen.content["transient"]["display_id"] == id);
        same.map(|seen| &seen.content["data"]).collect()
    };
    let (line, plot) = (of(1), of(2));
    assert!(line[0]["text/html"].as_str().unwrap().contains("<progress"), "{}", line[0]);
    let last = line.last().unwrap();
    assert!(last["text/plain"].as_str().unwrap().contains("3 epochs"), "{last}");
    assert!(!last["text/html"].as_str().unwrap().contains("<progress"), "nothing is left to wait for: {last}");
    let last = plot.last().unwrap();
    assert!(last["image/svg+xml"].as_str().unwrap().starts_with("<svg"), "{:?}", last.as_object().unwrap().keys());
    assert!(last["image/png"].is_string() && last["text/plain"].as_str().unwrap().contains("accuracy"));
    let result = seen.iter().find(|seen| seen.kind == "execute_result").unwrap();
    assert!(text(result).contains("→"), "where the run is");
}

#[test]
fn the_live_plot_is_drawn_as_the_session_says() {
    let kernel = Kernel::new();
    // The paper is the first thing that is drawn.
    let paper = |code: &str| -> String {
        let seen = kernel.run(code);
        let drawn = seen.iter().rev().find_map(|seen| seen.content["data"]["image/svg+xml"].as_str());
        let (_, fill) = drawn.expect("a picture").split_once("fill=\"").unwrap();
        fill.split('"').next().unwrap().to_string()
    };
    kernel.run(TINY);
    let train = "train tiny on digits for 1 epochs";
    let light = paper("show digits[0..2]");
    assert_eq!(paper(train), light);
    assert_ne!(paper(&format!("theme dark\n{train}")), light);
    assert_eq!(paper(train), paper("show digits[0..2]"), "in the next cell too");
}

#[test]
fn training_that_is_silenced_shows_nothing_and_the_next_does() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    let seen = kernel.run("train tiny on digits for 2 epochs;");
    assert_eq!(names(&seen), ["execute_input"]);
    let seen = kernel.run("train tiny on digits for 1 epochs;\ntrain tiny on digits for 2 epochs");
    let new = seen.iter().filter(|seen| seen.kind == "display_data").count();
    assert_eq!(new, 2, "the line and the plot of the second: {:?}", names(&seen));
}

/// What a screen puts out of events.
fn shown(events: impl IntoIterator<Item = Event>) -> Vec<(String, Value)> {
    let (sender, messages) = std::sync::mpsc::channel();
    let out = Outbox::new(move |_, message: JupyterMessage| {
        let content = serde_json::to_value(&message.content).unwrap();
        sender.send((message.header.msg_type, content)).unwrap();
    });
    let cell = JupyterMessage::new(ExecuteRequest::default(), None);
    let mut screen = Screen::new(&out, &cell, ExecutionCount::new(1), Theme::Light);
    events.into_iter().for_each(|event| screen.event(event));
    screen.finish().drawings.into_iter().for_each(|drawing| drawing.join().unwrap());
    drop(out);
    messages.into_iter().collect()
}

fn progress(step: u64) -> Event {
    Event::Progress(Progress {
        task: "tiny".into(),
        unit: "step".into(),
        done: step,
        of: 10_000,
        part: Some(only()),
        figures: vec![Figure::number("loss", 1.0 / step as f64), Figure::rate("images/s", 1.0)],
        seconds_left: Some(1.0),
    })
}

/// The first epoch of one.
fn only() -> Part {
    Part { unit: "epoch".into(), number: 1, of: 1 }
}

#[test]
fn ten_thousand_steps_are_few_messages_and_the_last_is_shown() {
    let figures = vec![Figure::number("loss", 0.125), Figure::share("accuracy", 0.5)];
    let metric = Metric { task: "tiny".into(), part: only(), figures, seconds: 1.0 };
    let begun = std::time::Instant::now();
    let shown = shown((1..=10_000).map(progress).chain([Event::Metric(metric)]));
    // Ten lines and two plots a second, and the first and last of each.
    let seconds = begun.elapsed().as_secs() as usize + 1;
    let plots = shown.iter().filter(|(_, content)| content["data"]["image/png"].is_string()).count();
    let lines = shown.len() - plots;
    assert!((2..=10 * seconds + 2).contains(&lines), "{lines} lines");
    assert!((1..=2 * seconds + 2).contains(&plots), "{plots} plots");
    let line = shown.iter().rev().find(|(_, content)| content["data"]["text/html"].is_string()).unwrap();
    assert!(line.1["data"]["text/plain"].as_str().unwrap().contains("0.125"), "{line:?}");
    assert!(shown.last().unwrap().1["data"]["image/svg+xml"].is_string());
}

#[test]
fn the_line_stands_before_anything_else_happens() {
    let order: Vec<String> = shown([
        Event::Output(Output::new("summary", "a table", json!({}))),
        Event::Begin { silent: true },
        progress(1),
        Event::Text("a remark about a silent training".into()),
        Event::Begin { silent: false },
        progress(1),
        Event::Text("a remark".into()),
        Event::Output(Output::new("train", "done", json!({}))),
    ])
    .into_iter()
    .map(|(kind, content)| format!("{kind} {}", content["data"]["text/plain"].as_str().unwrap_or_default()))
    .collect();
    assert_eq!(order[0], "display_data a table");
    assert_eq!(order[1], "stream ");
    assert!(order[2].starts_with("display_data tiny"), "{order:?}");
    assert_eq!(order[3], "stream ");
    assert_eq!(order.last().unwrap(), "execute_result done", "the first plot stands above it");
}

/// Whether there was time to show it or not.
#[test]
fn a_draft_leaves_its_place_to_the_result() {
    let (name, alt) = ("stylize".to_string(), "a picture so far".to_string());
    let draft = Picture { name, svg: "<svg/>".into(), width: 8, height: 6, alt };
    let shown = shown([
        progress(1),
        Event::Draft(draft),
        progress(2),
        Event::Output(Output::new("stylize", "done", json!({}))),
    ]);
    let texts: Vec<&str> =
        shown.iter().map(|(_, content)| content["data"]["text/plain"].as_str().unwrap_or_default()).collect();
    assert_eq!(texts[texts.len() - 2..], ["", "done"], "{texts:?}");
    assert!(texts[0].starts_with("tiny"), "{texts:?}");
    let kinds: Vec<&str> = shown.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "display_data").count(), 2, "a line and the picture: {kinds:?}");
}

#[test]
fn a_remark_on_a_cell_stands_on_standard_error() {
    let kernel = Kernel::new();
    let seen = kernel.run("net t = 3x150x150 - conv 8, softmax 2");
    assert_eq!(names(&seen), ["execute_input", "stream", "execute_result"]);
    let said = seen[1].content["text"].as_str().unwrap();
    assert!(seen[1].content["name"] == "stderr" && said.contains("channels stand last: `150x150x3`"), "{said}");
}

#[test]
fn a_picture_is_a_bundle_with_its_size_and_the_text_comes_first() {
    let kernel = Kernel::new();
    let seen = kernel.run("show digits[0..4]");
    assert_eq!(names(&seen), ["execute_input", "execute_result", "display_data"]);
    let picture = &seen[2].content;
    assert!(picture["data"]["image/svg+xml"].as_str().unwrap().starts_with("<svg"));
    let size = &picture["metadata"]["image/png"];
    assert!(size["width"].as_u64().unwrap() > 10 && size["height"].as_u64().unwrap() > 10, "{size}");
    assert!(!text(&seen[2]).is_empty(), "what it shows, in words");
}

#[test]
fn a_picture_that_is_wider_than_a_cell_is_shown_smaller() {
    let kernel = Kernel::new();
    let seen = kernel.run("draw vgg16");
    let picture = &seen[2].content;
    let (svg, size) = (picture["data"]["image/svg+xml"].as_str().unwrap(), &picture["metadata"]["image/png"]);
    let shown = format!("width=\"960\" height=\"{}\" viewBox=\"0 0 1", size["height"]);
    assert!(size["width"] == 960 && svg.lines().next().unwrap().contains(&shown), "{size}: {}", &svg[..200]);
}

#[test]
fn names_from_outside_mean_nothing_to_html() {
    let mut output = Output::new("save", "saved <script>", json!({})).file("<script>alert(1)</script>&\".safetensors");
    output.html = Some("<b>saved</b>".into());
    let shown = shown([Event::Output(output)]);
    let data = &shown[0].1["data"];
    let html = data["text/html"].as_str().unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    assert!(data["text/plain"].as_str().unwrap().contains("→ <script>alert(1)</script>"), "as text it is as it is");
    let kernel = Kernel::new();
    kernel.run(TINY);
    let path = kernel.folder.path().join("<img src=x onerror=alert(1)>.safetensors").display().to_string();
    for seen in kernel.run(&format!("train tiny on digits for 1 epochs;\nsave tiny \"{path}\"\nnote \"<script>\"")) {
        let html = seen.content["data"]["text/html"].as_str().unwrap_or_default();
        assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    }
}
