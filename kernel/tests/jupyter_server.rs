//! The kernel for Jupyter behind its sockets: cells, interrupts, front ends that come and go, and how it ends.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

#[path = "support/kernel/mod.rs"]
mod kernel;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use fovea_wire::Seal;
use jupyter_protocol::connection_info::Transport;
use jupyter_protocol::{CompleteRequest, ExecuteRequest, JupyterMessage};
use kernel::client::{Client, Seen};
use kernel::raw::{greeted, message};
use kernel::{Served, command, connection, listens, until, write};
use serde_json::json;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10";

/// Longer than any test waits.
const LONG: &str = "train tiny on digits for 100000 epochs";

fn names(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(Seen::name).collect()
}

/// Begins a training; it has done some steps.
fn train(client: &mut Client, code: &str) -> String {
    client.run(TINY);
    let cell = client.execute(code);
    client.until(|seen| seen.kind == "update_display_data");
    cell
}

#[test]
fn a_front_end_is_served_over_tcp_and_over_files() {
    for transport in [Transport::TCP, Transport::IPC] {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Served::start(folder.path(), transport.clone());
        let mut client = served.client();
        assert!(client.beats() && client.beats());
        assert_eq!(client.kernel_info()["implementation"], "fovea");
        client.until(|seen| seen.name() == "status idle");
        let seen = client.run("let n = 2\nlet m = 3");
        let order = ["status busy", "execute_input", "display_data", "execute_result", "status idle"];
        assert_eq!(names(&seen), order, "{transport}");
        assert_eq!(client.shutdown(false), json!({ "status": "ok", "restart": false }));
        assert_eq!(client.until(|seen| seen.kind == "shutdown_reply").pop().unwrap().content["restart"], false);
        assert_eq!(served.ended().code(), Some(0), "{}", served.log());
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("ipc")), "{left:?}");
        assert_eq!(served.log(), "");
    }
}

/// Reads until something was said.
fn hear(stream: &mut TcpStream, heard: &mut String, what: &str) {
    while !heard.contains(what) {
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).unwrap();
        assert!(length > 0, "{what} is not said: {heard}");
        heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
}

#[test]
fn of_two_front_ends_each_has_its_replies_and_both_hear_everything() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let (mut one, mut two) = (served.client(), served.client());
    let mut errors = greeted(&served.info, served.info.iopub_port, "SUB");
    errors.write_all(&message(&["\u{1}error"])).unwrap();
    let mut heard = String::new();
    hear(&mut errors, &mut heard, "iopub_welcome");
    let cells = [one.execute("let n = 1"), two.execute("let m = 2"), one.execute("let k = 3")];
    assert_eq!([one.reply().parent, one.reply().parent], [cells[0].clone(), cells[2].clone()]);
    assert_eq!(two.reply().parent, cells[1]);
    for client in [&mut one, &mut two] {
        let mut texts = BTreeSet::new();
        while texts.len() < 3 {
            let seen = client.heard();
            if seen.kind == "execute_result" {
                texts.insert((seen.parent.clone(), seen.text().to_string()));
            }
        }
        let wanted = cells.iter().cloned().zip(["n = 1", "m = 2", "k = 3"].map(str::to_string));
        assert_eq!(texts, wanted.collect());
    }
    let wrong = one.execute("nonsense");
    one.until_idle(&wrong);
    hear(&mut errors, &mut heard, "\"traceback\"");
    assert!(!heard.contains("execution_state"), "who subscribed to errors hears of nothing else: {heard}");
}

/// The most memory that a kernel had so far, in kilobytes.
fn memory(served: &Served) -> u64 {
    served.proc("status", "VmHWM:").trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_front_end_that_does_not_read_holds_up_no_other_and_takes_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut stuck = greeted(&served.info, served.info.iopub_port, "SUB");
    stuck.write_all(&message(&["\u{1}"])).unwrap();
    let mut client = served.client();
    client.run("let n = 1");
    // Too long to run, and said again to everyone before that is said.
    let cell = "x".repeat(5 << 20);
    for _ in 0..20 {
        let refused = client.execute(&cell);
        let seen = client.until_idle(&refused);
        assert_eq!(names(&seen), ["status busy", "execute_input", "error", "status idle"]);
        assert_eq!(seen[1].content["code"].as_str().unwrap().len(), cell.len());
    }
    // What is said behind it has been said after it.
    let mut wrong = greeted(&served.info, served.info.shell_port, "DEALER");
    wrong.write_all(&message(&["no delimiter"])).unwrap();
    let log = served.logged("it has no delimiter", 1);
    assert_eq!(log.matches("a front end does not read").count(), 1, "{log}");
    let most = memory(&served);
    assert!(most < 600_000, "{most} kB");
}

#[test]
fn an_interrupt_by_message_or_signal_keeps_the_kernel_and_the_last_step() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    for by_signal in [false, true] {
        let cell = train(&mut client, LONG);
        let waiting = client.execute("let n = 2");
        if by_signal {
            // The cell that waits has arrived when something behind it has.
            client.kernel_info();
            (0..3).for_each(|_| served.signal(libc::SIGINT));
        } else {
            assert_eq!(client.interrupt(), json!({ "status": "ok" }));
        }
        let seen = client.until_idle(&cell);
        assert_eq!(seen.iter().find(|seen| seen.kind == "error").unwrap().content["ename"], "Interrupted");
        assert!(seen.iter().any(|seen| seen.text().contains("broken off after step")), "{:?}", names(&seen));
        let replies = [client.reply(), client.reply()];
        let of = |cell: &str| &replies.iter().find(|reply| reply.parent == cell).unwrap().content["status"];
        assert_eq!((of(&waiting), of(&cell)), (&json!("aborted"), &json!("error")));
        let after = client.run("train tiny further on digits for 1 epochs\nlet n = 3");
        assert!(after.iter().any(|seen| seen.text() == "n = 3"));
    }
}

#[test]
fn a_crowd_on_every_socket_keeps_nobody_from_interrupting_and_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    let cell = train(&mut client, LONG);
    let info = &served.info;
    let ports = [info.shell_port, info.control_port, info.iopub_port, info.stdin_port, info.hb_port];
    let crowd: Vec<TcpStream> = ports
        .iter()
        .flat_map(|&port| {
            (0..150).map(move |_| greeted(info, port, if port == info.iopub_port { "SUB" } else { "DEALER" }))
        })
        .collect();
    let before = memory(&served);
    // What they send is not kept where nobody has signed it.
    let large = message(&["<IDS|MSG>", "0", "{}", "{}", "{}", &"x".repeat(8 << 20)]);
    let mut senders: Vec<TcpStream> = (0..20).map(|_| greeted(info, info.shell_port, "DEALER")).collect();
    for sender in &mut senders {
        // All but its end, so that it is not over.
        sender.write_all(&large[..large.len() - 1]).unwrap();
    }
    let mut late = served.client();
    assert_eq!(late.interrupt(), json!({ "status": "ok" }));
    let seen = client.until_idle(&cell);
    assert!(seen.iter().any(|seen| seen.text().contains("broken off after step")), "{:?}", names(&seen));
    late.run("let n = 2");
    assert!(late.beats());
    let after = memory(&served);
    assert!(after < before + 60_000, "{before} kB become {after} kB");
    drop((crowd, senders));
}

#[test]
fn a_request_that_is_too_large_gets_its_error() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    // The first of a connection.
    let cell = client.execute(&"x".repeat(70_000));
    let seen = client.until_idle(&cell);
    assert_eq!(names(&seen), ["status busy", "error", "status idle"]);
    let evalue = seen[1].content["evalue"].as_str().unwrap();
    assert!(evalue.contains("the first of a connection may have 65536"), "{evalue}");
    let reply = client.reply();
    assert_eq!((reply.parent, &reply.content["status"]), (cell, &json!("error")));
    assert_eq!(reply.content["evalue"], evalue);
    client.run(&format!("# {}\nlet n = 1", "x".repeat(70_000)));
    let asked = client.ask(CompleteRequest { code: "x".repeat(65 << 20), cursor_pos: 1 });
    let reply = client.reply();
    assert_eq!(
        (reply.parent, reply.kind.as_str(), &reply.content["status"]),
        (asked, "complete_reply", &json!("error"))
    );
    client.run("let n = 2");
}

#[test]
fn a_request_that_is_sent_again_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    let asked = JupyterMessage::new(ExecuteRequest::new("train tiny further on digits for 1 epochs".into()), None);
    let frames = Seal::new(&served.info.key).frames(&asked).unwrap();
    client.run(TINY);
    client.run("train tiny on digits for 1 epochs");
    let mut streams = [(); 2].map(|()| greeted(&served.info, served.info.shell_port, "DEALER"));
    for turn in 0..6 {
        streams[turn % 2].write_all(&message(&frames)).unwrap();
    }
    let log = served.logged("a message is dropped: it came before", 5);
    assert_eq!(log.matches("a message is dropped").count(), 5, "{log}");
    client.until_idle(&asked.header.msg_id);
    client.run("let n = 1");
    assert_eq!(std::fs::read_dir(folder.path().join("runs")).unwrap().count(), 2, "one more has run");
}

/// Waits until a file below a folder says something.
fn until_it_says(folder: &Path, file: &str, what: &str) {
    until(&format!("{file} says {what}"), || {
        let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| error.to_string());
        if text.contains(what) { Ok(()) } else { Err(text) }
    });
}

#[test]
fn a_training_goes_on_when_its_front_end_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    train(&mut client, "train tiny on digits for 60 epochs");
    drop(client);
    until_it_says(folder.path(), "runs/1/metrics.jsonl", "\"epoch\":60");
    let mut client = served.client();
    let seen = client.run("show run last");
    assert!(seen.iter().any(|seen| seen.text().contains("60")), "{seen:?}");
    assert!(names(&seen).contains(&"execute_result".to_string()));
}

#[test]
fn a_kernel_that_is_ended_in_the_middle_of_training_leaves_the_run_on_disk() {
    for signal in [libc::SIGTERM, libc::SIGHUP] {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Served::start(folder.path(), Transport::IPC);
        train(&mut served.client(), LONG);
        served.signal(signal);
        assert_eq!(served.ended().code(), Some(0), "{}", served.log());
        let again = Served::start(folder.path(), Transport::IPC);
        let seen = again.client().run("show run 1");
        assert!(seen.iter().any(|seen| seen.text().contains("broken off")), "{seen:?}");
    }
}

#[test]
fn a_restart_ends_a_training_and_a_new_kernel_has_the_sockets_at_once() {
    for transport in [Transport::TCP, Transport::IPC] {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Served::start(folder.path(), transport);
        let mut client = served.client();
        train(&mut client, LONG);
        assert_eq!(client.shutdown(true), json!({ "status": "ok", "restart": true }));
        assert_eq!(served.ended().code(), Some(0), "{}", served.log());
        let mut again = Served::starting(folder.path(), served.info.clone());
        assert!(again.is_up(), "{}", again.log());
        again.client().run("let n = 1");
    }
}

#[test]
fn without_the_process_that_started_it_a_kernel_ends() {
    let folder = tempfile::tempdir().unwrap();
    let info = connection(folder.path(), Transport::IPC);
    let file = folder.path().join("connection.json");
    write(&file, &serde_json::to_string(&info).unwrap());
    let mut jupyter = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let mut child = command(folder.path(), &file).env("JPY_PARENT_PID", jupyter.id().to_string()).spawn().unwrap();
    until("it listens", || if listens(&info) { Ok(()) } else { Err(format!("{:?}", child.try_wait())) });
    let mut client = Client::new(&info);
    client.run("let n = 1");
    assert!(child.try_wait().unwrap().is_none());
    jupyter.kill().unwrap();
    jupyter.wait().unwrap();
    until("it ends", || child.try_wait().unwrap().ok_or_else(|| "it goes on".to_string()));
}

#[test]
fn a_cell_can_be_a_slide() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    let slide =
        "%%slide mine\n[8x8x1] INPUT\n[9x9x4] CONV1: 4 3x3 filters at stride 1, pad 1\nseed 7\n[10] FC2: 10 neurons";
    let seen = client.run(slide);
    let page = seen.iter().find(|seen| seen.kind == "execute_result").unwrap();
    let html = page.content["data"]["text/html"].as_str().unwrap();
    assert!(html.contains("<del ") && html.contains("9x9x4") && html.contains("<ins "), "{html}");
    assert!(!page.content["data"]["text/plain"].as_str().unwrap().contains('\u{1b}'));
    // Its picture is another form of the same.
    assert!(page.content["data"]["image/svg+xml"].is_string() && page.content["data"]["image/png"].is_string());
    assert!(!seen.iter().any(|seen| seen.kind == "display_data"));
    let names = names(&client.run("summary mine"));
    assert!(names.contains(&"execute_result".to_string()), "{names:?}");
    client.shutdown(false);
}
