//! Breaking off, and what is answered while a cell runs.

use serde_json::json;

use super::{HANG, Kernel, LONG, Seen, TINY, names, reply, text};
use crate::jupyter::core::Next;
use crate::jupyter::outbox::Channel;

/// A cell that trains, some of whose steps are done.
fn training(kernel: &Kernel) -> String {
    kernel.run(TINY);
    let cell = kernel.execute(LONG);
    kernel.until(|seen| seen.kind == "update_display_data");
    cell
}

#[test]
fn an_interrupt_keeps_the_last_step_drops_the_queue_and_lets_the_next_cell_run() {
    let kernel = Kernel::new();
    let cell = training(&kernel);
    let waiting = kernel.execute("let n = 2");
    let interrupt = kernel.tell("interrupt_request", json!({}));
    let seen = kernel.until_idle(&cell);
    assert_eq!(reply(&seen, &interrupt)["status"], "ok");
    assert_eq!(reply(&seen, &waiting)["status"], "aborted");
    assert_eq!(
        (&reply(&seen, &cell)["status"], &reply(&seen, &cell)["ename"]),
        (&json!("error"), &json!("Interrupted"))
    );
    let kept = seen.iter().find(|seen| text(seen).contains("broken off after step")).expect("it says which step");
    assert!(text(kept).contains("→"), "and where the run is: {}", text(kept));
    assert_eq!(text(kernel.run("let n = 3").last().unwrap()), "n = 3");
    kernel.run("train tiny further on digits for 1 epochs\nshow run 1");
}

#[test]
fn an_interrupt_of_nothing_does_not_meet_the_next_cell() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    for _ in 0..20 {
        kernel.core.interrupt();
        kernel.run("train tiny on digits for 1 epochs;");
        kernel.core.interrupt();
    }
}

#[test]
fn an_interrupt_drops_a_cell_that_has_not_begun() {
    let kernel = Kernel::new();
    kernel.run(TINY);
    for _ in 0..50 {
        // Whether the cell waits yet or runs already, it does not train to its end.
        let cell = kernel.execute(LONG);
        kernel.core.interrupt();
        let seen = kernel.until_idle(&cell);
        let status = &reply(&seen, &cell)["status"];
        assert!(status == "aborted" || status == "error", "{status}");
    }
}

#[test]
fn questions_are_answered_while_a_cell_trains_and_it_stays_busy() {
    let kernel = Kernel::new();
    let cell = training(&kernel);
    let asked = [
        kernel.complete("train ti"),
        kernel.request("inspect_request", json!({ "code": "conv", "cursor_pos": 2, "detail_level": 0 })),
        kernel.request("inspect_request", json!({ "code": "tiny", "cursor_pos": 2, "detail_level": 0 })),
        kernel.request("inspect_request", json!({ "code": "vgg16", "cursor_pos": 2, "detail_level": 0 })),
        kernel.request("is_complete_request", json!({ "code": "net t = (" })),
        kernel.request("history_request", json!({ "hist_access_type": "tail", "n": 1, "output": false, "raw": true })),
        kernel.request("kernel_info_request", json!({})),
    ];
    let mut texts = String::new();
    for request in &asked {
        let seen: Vec<Seen> = kernel.until_idle(request).into_iter().filter(|seen| seen.parent == *request).collect();
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert_eq!((seen[0].name(), seen[2].name()), ("status busy".into(), "status idle".into()));
        let next = kernel.until(|seen| seen.kind == "status").pop().unwrap();
        assert_eq!((next.parent.as_str(), next.name().as_str()), (cell.as_str(), "status busy"));
        match seen[1].kind.as_str() {
            "complete_reply" => assert_eq!(seen[1].content["matches"], json!(["tiny"])),
            "inspect_reply" => texts.push_str(seen[1].content["data"]["text/plain"].as_str().unwrap()),
            "is_complete_reply" => assert_eq!(seen[1].content["status"], "incomplete"),
            "history_reply" => assert_eq!(seen[1].content["history"][0][2], LONG),
            kind => assert_eq!(kind, "kernel_info_reply"),
        }
    }
    for wanted in
        ["conv 4 - relu - pool, softmax 10", "net vgg16 = 224x224x3", fovea_dsl::editor::inspect("conv").unwrap()]
    {
        assert!(texts.contains(wanted), "{texts}");
    }
    kernel.core.interrupt();
    let seen = kernel.until_idle(&cell);
    assert_eq!(names(&seen).last().unwrap(), "status idle", "no busy is said after the last idle");
    // All that comes of another request is its own.
    let last = kernel.complete("tra");
    assert_eq!(names(&kernel.until_idle(&last)), ["status busy", "complete_reply", "status idle"]);
}

#[test]
fn a_net_of_the_cell_that_trains_is_explained() {
    let kernel = Kernel::new();
    let cell = kernel.execute(&format!("{TINY}\n{LONG}"));
    kernel.until(|seen| seen.kind == "update_display_data");
    let asked = kernel.request("inspect_request", json!({ "code": "tiny", "cursor_pos": 2, "detail_level": 0 }));
    let seen = kernel.until_idle(&asked);
    assert!(reply(&seen, &asked)["data"]["text/plain"].as_str().unwrap().contains(TINY), "{seen:?}");
    kernel.core.interrupt();
    kernel.until_idle(&cell);
}

#[test]
fn a_shutdown_ends_the_training_well_and_begins_nothing_else() {
    let kernel = Kernel::new();
    let cell = training(&kernel);
    let waiting = kernel.execute("let n = 2");
    let request = jupyter_protocol::JupyterMessage::new(jupyter_protocol::ShutdownRequest { restart: true }, None);
    assert_eq!(kernel.core.control(&request), Next::End);
    assert!(kernel.core.end(HANG));
    let late = kernel.execute("let n = 3");
    let seen = kernel.until_idle(&late);
    let answer = json!({ "status": "ok", "restart": true });
    let told: Vec<_> = seen.iter().filter(|seen| seen.kind == "shutdown_reply").collect();
    assert_eq!(told.iter().map(|seen| seen.channel).collect::<Vec<_>>(), [Channel::Control, Channel::IoPub]);
    assert!(told.iter().all(|seen| seen.content == answer));
    assert_eq!(reply(&seen, &cell)["ename"], "Interrupted");
    assert_eq!([&waiting, &late].map(|cell| reply(&seen, cell)["status"].clone()), ["aborted", "aborted"]);
    let run = kernel.folder.path().join("runs/1");
    assert!(run.is_dir() && std::fs::read_dir(run).unwrap().count() > 2, "the run is on disk");
}
