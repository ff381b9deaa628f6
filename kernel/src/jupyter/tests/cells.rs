//! Cells: what is said of one, in which order.

use std::time::{Duration, Instant};

use jupyter_protocol::ExecuteRequest;
use serde_json::json;

use super::{HANG, Kernel, TINY, names, reply, text};
use crate::jupyter::outbox::Channel;
use crate::jupyter::queue::{LONGEST, QUIET};

#[test]
fn a_cell_is_busy_then_shows_then_replies_then_is_idle() {
    let kernel = Kernel::new();
    let cell = kernel.execute("note \"one\"\nlet n = 2\nlet m = 3");
    let seen = kernel.until_idle(&cell);
    let order = ["status busy", "execute_input", "stream", "display_data", "execute_result", "execute_reply"];
    assert_eq!(names(&seen), [&order[..], &["status idle"]].concat());
    assert!(seen.iter().all(|seen| seen.parent == cell));
    assert_eq!(seen[1].content, json!({ "code": "note \"one\"\nlet n = 2\nlet m = 3", "execution_count": 1 }));
    assert_eq!(seen[2].content, json!({ "name": "stdout", "text": "one\n" }));
    assert_eq!((text(&seen[3]), text(&seen[4])), ("n = 2", "m = 3"));
    assert_eq!(seen[4].content["transient"], json!({}));
    let wanted = json!({ "status": "ok", "execution_count": 1, "payload": [], "user_expressions": {} });
    assert_eq!(seen[5].content, wanted);
}

#[test]
fn what_ends_in_a_semicolon_is_not_shown() {
    let kernel = Kernel::new();
    assert_eq!(names(&kernel.run("let n = 2\nlet m = 3;")), ["execute_input", "display_data"]);
    assert_eq!(names(&kernel.run("let n = 2;\nlet m = 3")), ["execute_input", "execute_result"]);
}

#[test]
fn every_mistake_of_a_cell_is_shown_where_it_is_and_nothing_of_it_runs() {
    let kernel = Kernel::new();
    kernel.run("let n = 1");
    let cell = kernel.execute("let n = 2\nsumary lenet\nnet x = 8x8x1 - konv 3");
    let seen = kernel.until_idle(&cell);
    assert_eq!(names(&seen), ["status busy", "execute_input", "error", "execute_reply", "status idle"]);
    let error = &seen[2].content;
    assert_eq!(error["ename"], "StatementError");
    assert_eq!(error["evalue"], "no statement begins with `sumary` (and 1 more)");
    let lines: Vec<&str> = error["traceback"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let traceback = lines.join("\n");
    assert!(traceback.contains("In[2]:2:1") && traceback.contains("In[2]:3:17"), "{traceback}");
    assert!(traceback.contains("\u{1b}["), "in colour");
    assert!(lines.iter().all(|line| !line.contains('\n')));
    let answer = reply(&seen, &cell);
    assert_eq!((&answer["status"], &answer["ename"]), (&json!("error"), &json!("StatementError")));
    assert_eq!(answer["traceback"], error["traceback"]);
    assert_eq!(text(kernel.run("?n").last().unwrap()), "n = 1");
}

/// Sends cells one behind the other as a front end sends a whole notebook, each well before those in front of it are
/// told of an error; where the machine held that up, another round of them is sent. Their identities.
fn notebook(kernel: &Kernel, cells: &[String], between: Duration) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let (first, mut last, mut prompt) = (Instant::now(), Instant::now(), true);
        let sent: Vec<String> = cells
            .iter()
            .map(|cell| {
                std::thread::sleep(between);
                let id = kernel.execute(cell);
                prompt &= last.elapsed() < QUIET;
                last = Instant::now();
                id
            })
            .collect();
        if prompt && first.elapsed() < LONGEST {
            return sent;
        }
        assert!(begun.elapsed() < HANG, "cells cannot be sent so fast here");
        kernel.until_idle(sent.last().unwrap());
    }
}

#[test]
fn an_error_drops_the_cells_that_wait_and_no_other() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    let cells = ["train tiny on digits for 20 epochs with sgd(lr 1e30)", "let n = 2", "let n = 3"].map(str::to_string);
    let sent = notebook(&kernel, &cells, Duration::ZERO);
    let seen = kernel.until_idle(&sent[0]);
    assert_eq!(reply(&seen, &sent[0])["status"], "error");
    for cell in &sent[1..] {
        assert_eq!(reply(&seen, cell)["status"], "aborted");
        let own: Vec<_> = seen.iter().filter(|seen| &seen.parent == cell).cloned().collect();
        assert_eq!(names(&own), ["status busy", "execute_reply", "status idle"]);
    }
    let error = seen.iter().position(|seen| seen.kind == "error").unwrap();
    let dropped = seen.iter().position(|seen| seen.parent == sent[1]).unwrap();
    assert!(error < dropped, "the cells that wait are dropped when the error is known");
    assert_eq!(text(kernel.run("let n = 4").last().unwrap()), "n = 4", "the next cell runs");
}

#[test]
fn cells_that_are_sent_one_behind_the_other_stop_at_the_one_that_fails() {
    let kernel = Kernel::new();
    let cells: Vec<String> =
        std::iter::once("nonsense".to_string()).chain((0..20).map(|n| format!("let n = {n}"))).collect();
    for _ in 0..5 {
        // The first has failed before the last is there.
        let sent = notebook(&kernel, &cells, Duration::from_millis(1));
        let seen = kernel.until_idle(&sent[0]);
        let replies: Vec<_> = seen.iter().filter(|seen| seen.kind == "execute_reply").collect();
        assert_eq!(replies[0].parent, sent[0], "the failure is told first");
        for follower in &sent[1..] {
            assert_eq!(reply(&seen, follower)["status"], "aborted");
        }
        assert_eq!(text(kernel.run("let m = 4").last().unwrap()), "m = 4", "what is sent when it is known runs");
    }
}

#[test]
fn where_a_cell_does_not_stop_on_error_those_behind_it_run() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    let training = kernel.execute("train tiny on digits for 5 epochs");
    let failing = kernel.ask(ExecuteRequest { stop_on_error: false, ..ExecuteRequest::new("nonsense".into()) });
    let last = kernel.execute("let n = 3");
    let seen = kernel.until_idle(&last);
    let statuses = [&training, &failing, &last].map(|cell| reply(&seen, cell)["status"].clone());
    assert_eq!(statuses, ["ok", "error", "ok"]);
}

#[test]
fn a_silent_cell_shows_and_counts_nothing() {
    let kernel = Kernel::new();
    let silent = |code: &str| ExecuteRequest { silent: true, ..ExecuteRequest::new(code.into()) };
    for (code, status) in [("let n = 7", "ok"), ("nonsense", "error")] {
        let cell = kernel.ask(silent(code));
        let seen = kernel.until_idle(&cell);
        assert_eq!(names(&seen), ["status busy", "execute_reply", "status idle"]);
        assert_eq!(reply(&seen, &cell)["status"], status);
    }
    let unkept = kernel.ask(ExecuteRequest { store_history: false, ..ExecuteRequest::new("let m = 1".into()) });
    let seen = kernel.until_idle(&unkept);
    assert_eq!(reply(&seen, &unkept)["execution_count"], 0);
    assert_eq!(kernel.run("let k = n")[0].content["execution_count"], 1);
}

#[test]
fn ten_thousand_results_come_in_their_order() {
    let kernel = Kernel::new();
    let cell: String = (0..10_000).map(|at| format!("note \"{at}\"\n")).collect();
    let seen = kernel.run(&cell);
    let said: Vec<String> = seen.iter().skip(1).map(|seen| text(seen).trim_end().to_string()).collect();
    assert_eq!(said, (0..10_000).map(|at| at.to_string()).collect::<Vec<_>>());
}

#[test]
fn constants_have_values_for_a_front_end_that_asks() {
    let kernel = Kernel::new();
    let asked = [("a".to_string(), " width ".to_string()), ("b".to_string(), "width +".to_string())];
    let user_expressions = Some(asked.into_iter().collect());
    let request = ExecuteRequest { user_expressions, ..ExecuteRequest::new("let width = 16".into()) };
    let cell = kernel.ask(request);
    let seen = kernel.until_idle(&cell);
    let values = &reply(&seen, &cell)["user_expressions"];
    assert_eq!(values["a"], json!({ "status": "ok", "data": { "text/plain": "16" }, "metadata": {} }));
    assert_eq!(values["b"]["status"], "error");
}

#[test]
fn a_question_is_answered_as_at_the_prompt() {
    let kernel = Kernel::new();
    for question in ["?conv", "conv?", " conv?? "] {
        let seen = kernel.run(question);
        assert_eq!(names(&seen), ["execute_input", "execute_result"]);
        assert_eq!(text(&seen[1]), fovea_dsl::editor::inspect("conv").unwrap());
        assert_eq!(seen[1].content["data"]["text/markdown"], text(&seen[1]));
    }
    let net = kernel.run("?lenet");
    assert_eq!(names(&net), ["execute_input", "execute_result"]);
    assert_eq!(text(&net[1]), text(&kernel.run("summary lenet")[1]));
    assert!(text(&kernel.run("?")[1]).contains("train lenet on digits"));
    assert!(text(&kernel.run("?nothing")[1]).contains("neither a word"));
}

#[test]
fn replies_go_to_whoever_asked() {
    let kernel = Kernel::new();
    kernel.run("let n = 1");
    let mut message = jupyter_protocol::JupyterMessage::new(ExecuteRequest::new("let n = 2".into()), None);
    message.zmq_identities = vec![vec![1, 2, 3].into()];
    kernel.core.shell(message.clone());
    let replied = std::iter::from_fn(|| kernel.messages.recv_timeout(HANG).ok())
        .find(|(channel, _)| *channel == Channel::Shell)
        .unwrap();
    assert_eq!(replied.1.zmq_identities, message.zmq_identities);
}

/// A session is written as a script and comes back, in a notebook as at the prompt.
#[test]
fn a_cell_saves_the_session_and_loads_a_script() {
    let kernel = Kernel::new();
    let file = kernel.folder.path().join("mine.fov");
    kernel.run(TINY);
    let seen = kernel.run(&format!("%save \"{}\"", file.display()));
    assert!(seen.iter().any(|seen| seen.kind == "stream" && text(seen).starts_with("1 statement saved\n→ ")));
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), TINY.trim());
    std::fs::write(&file, "note \"from a script\"\nlet k = 6*7\n").unwrap();
    let seen = kernel.run(&format!("%load \"{}\"", file.display()));
    assert!(seen.iter().any(|seen| seen.kind == "execute_result" && text(seen) == "k = 42"), "{:?}", names(&seen));
    let seen = kernel.until_idle(&kernel.execute("%load \"/dev/zero\""));
    let error = seen.iter().find(|seen| seen.kind == "error").unwrap();
    assert_eq!(error.content["evalue"], "/dev/zero cannot be read: it is a device, and a file is needed");
}

/// What a program says of itself steers neither a terminal nor a notebook, which shows colours.
#[test]
fn notes_and_names_steer_nothing() {
    let kernel = Kernel::new();
    let seen = kernel.run("note \"a\u{1b}[31mb\u{202e}c\"");
    let note = seen.iter().find(|seen| seen.kind == "stream").unwrap();
    assert_eq!(text(note), "a\\u{1b}[31mb\\u{202e}c\n");
    let seen = kernel.until_idle(&kernel.execute("load lenet \"a\u{1b}[31mb\u{202e}c\""));
    let error = seen.iter().find(|seen| seen.kind == "error").unwrap();
    assert!(error.content["evalue"].as_str().unwrap().starts_with("a\\u{1b}[31mb\\u{202e}c cannot be read"));
    assert!(!error.content["traceback"].to_string().contains("\u{202e}"));
}
