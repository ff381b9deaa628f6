//! The kernel for Jupyter behind its sockets: what connects, what is wrong with it, and how it ends.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

#[path = "support/kernel.rs"]
mod kernel;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use kernel::{Client, HANG, Seen, Served, command, connection, write};
use serde_json::{Value, json};

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10";

/// Longer than any test waits.
const LONG: &str = "train tiny on digits for 5000 epochs";

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

#[test]
fn what_is_signed_with_another_key_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut client = served.client();
    let mut stranger = Client::strange(&served.info, "another key");
    let mut unsigned = Client::strange(&served.info, "");
    for other in [&mut stranger, &mut unsigned] {
        other.execute("let n = 666");
        other.order_shutdown();
    }
    assert!(client.hears_nothing(Duration::from_millis(300)));
    let cell = client.execute("let m = n");
    let seen = client.until_idle(&cell);
    assert_eq!(seen.iter().filter(|seen| seen.kind == "error").count(), 1, "n has no value: {seen:?}");
    let log = served.log();
    assert_eq!(log.matches("a message is dropped: its signature is not made with the key").count(), 4, "{log}");
}

/// A connection on which nothing was said yet.
fn raw(info: &ConnectionInfo, port: u16) -> TcpStream {
    let stream = TcpStream::connect((&*info.ip, port)).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// One that has greeted as a socket of this type.
fn greeted(info: &ConnectionInfo, port: u16, kind: &str) -> TcpStream {
    let mut stream = raw(info, port);
    let mut greeting = [0_u8; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    stream.write_all(&greeting).unwrap();
    let length = kind.len() as u8;
    let body = [&b"\x05READY\x0bSocket-Type\0\0\0"[..], &[length], kind.as_bytes()].concat();
    stream.write_all(&[&[4, body.len() as u8], &body[..]].concat()).unwrap();
    // Its greeting and its own READY.
    let mut theirs = [0; 64 + 2];
    stream.read_exact(&mut theirs).unwrap();
    let mut ready = vec![0; usize::from(theirs[65])];
    stream.read_exact(&mut ready).unwrap();
    stream
}

/// Whether the other side closes a connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    // A reset says the same.
    stream.read_to_end(&mut rest).map_or(true, |_| true)
}

#[test]
fn what_is_no_message_ends_its_connection_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let info = &served.info;
    let mut client = served.client();
    for port in [info.shell_port, info.control_port, info.iopub_port, info.stdin_port, info.hb_port] {
        let mut http = raw(info, port);
        http.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html,application/xhtml+xml\r\n\r\n")
            .unwrap();
        assert!(is_closed(&mut http));
        let kind = if port == info.iopub_port { "SUB" } else { "DEALER" };
        // Flags that no frame has.
        let mut flags = greeted(info, port, kind);
        flags.write_all(&[0xf8, 1, 2, 3]).unwrap();
        assert!(is_closed(&mut flags));
        // Frames that claim more than any memory holds, or nearly all of what a frame may have, and then nothing comes.
        for claim in [u64::MAX, 1 << 62, 1 << 46, (64 << 20) - 1] {
            let mut large = greeted(info, port, kind);
            large.write_all(&[&[2], &claim.to_be_bytes()[..], b"little"].concat()).unwrap();
            large.shutdown(Shutdown::Write).unwrap();
            assert!(is_closed(&mut large));
        }
        // One that goes before it has said anything, and one that says nothing.
        drop(raw(info, port));
        std::mem::forget(raw(info, port));
        let mut other = raw(info, port);
        other.write_all(&[0xff; 64]).unwrap();
        assert!(is_closed(&mut other));
    }
    assert!(client.beats());
    client.run("let n = 1");
}

#[test]
fn messages_with_wrong_parts_are_dropped_and_the_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut info = connection(folder.path(), Transport::TCP);
    // Without a key, so that what is wrong is not the signature.
    info.key = String::new();
    let mut served = Served::starting(folder.path(), info);
    assert!(served.is_up(), "{}", served.log());
    let info = &served.info;
    let mut client = served.client();
    let mut stream = greeted(info, info.shell_port, "DEALER");
    let header = |kind: &str| {
        json!({ "msg_id": "m", "username": "u", "session": "s", "date": "now", "msg_type": kind, "version": "5.3" })
            .to_string()
    };
    let request = header("kernel_info_request");
    let wrong: [&[&str]; 8] = [
        &[""],
        &["<IDS|MSG>"],
        &["<IDS|MSG>", "", &request, "{}", "{}"],
        &["no delimiter", "", &request, "{}", "{}", "{}"],
        &["<IDS|MSG>", "", "not json", "{}", "{}", "{}"],
        &["<IDS|MSG>", "", "{}", "{}", "{}", "{}"],
        &["<IDS|MSG>", "", &request, "{}", "{}", "{"],
        &["<IDS|MSG>", "", &request, "{}", "{}", &"[".repeat(100_000)],
    ];
    for frames in wrong {
        stream.write_all(&message(frames)).unwrap();
    }
    // Larger than a message may be: it is read past.
    let large = "x".repeat(33 << 20);
    stream.write_all(&message(&["<IDS|MSG>", "", &request, "{}", &large, &large])).unwrap();
    // One without what it needs is answered too.
    stream.write_all(&message(&["<IDS|MSG>", "", &header("execute_request"), "{}", "{}", "{}"])).unwrap();
    stream.write_all(&message(&["<IDS|MSG>", "", &request, "{}", "{}", "{}"])).unwrap();
    let mut begun = [0; 2];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(begun, [1, 9], "there is an answer: a delimiter of nine bytes, and more to come");
    let log = served.log();
    assert_eq!(log.matches("shell: a message is dropped").count(), wrong.len() + 1, "{log}");
    client.run("let n = 1");
    let before = work(&served);
    std::thread::sleep(Duration::from_millis(500));
    assert!(work(&served) - before < 20, "it does nothing where nothing is asked");
}

/// Frames as ZeroMQ sends them.
fn message(frames: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        bytes.push(2 | u8::from(at + 1 < frames.len()));
        bytes.extend((frame.len() as u64).to_be_bytes());
        bytes.extend(frame.as_bytes());
    }
    bytes
}

/// How long a kernel has computed, in hundredths of a second.
fn work(served: &Served) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", served.child.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn of_two_front_ends_each_has_its_replies_and_both_hear_everything() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let (mut one, mut two) = (served.client(), served.client());
    let mut errors = greeted(&served.info, served.info.iopub_port, "SUB");
    errors.write_all(&message(&["\u{1}error"])).unwrap();
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
    let mut heard = String::new();
    while !heard.contains("\"traceback\"") {
        let mut bytes = [0; 4096];
        let length = errors.read(&mut bytes).unwrap();
        heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    assert!(!heard.contains("execution_state"), "who subscribed to errors hears of nothing else: {heard}");
}

#[test]
fn a_front_end_that_does_not_read_holds_up_no_other_and_takes_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let mut stuck = greeted(&served.info, served.info.iopub_port, "SUB");
    stuck.write_all(&message(&["\u{1}"])).unwrap();
    let mut client = served.client();
    // Too long to run, and said again to everyone before that is said.
    let cell = "x".repeat(5 << 20);
    for _ in 0..20 {
        let refused = client.execute(&cell);
        let seen = client.until_idle(&refused);
        assert_eq!(names(&seen), ["status busy", "execute_input", "error", "status idle"]);
        assert_eq!(seen[1].content["code"].as_str().unwrap().len(), cell.len());
    }
    let log = served.log();
    assert_eq!(log.matches("a front end does not read").count(), 1, "{log}");
    let resident = served.proc("status", "VmHWM:");
    let kilobytes: u64 = resident.trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 600_000, "{resident}");
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

/// Waits until a file below a folder says something.
fn until_it_says(folder: &Path, file: &str, what: &str) {
    let begun = Instant::now();
    let path = folder.join(file);
    while !std::fs::read_to_string(&path).is_ok_and(|text| text.contains(what)) {
        assert!(begun.elapsed() < HANG, "{file} does not say {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
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
fn a_second_kernel_on_the_same_sockets_is_refused_and_the_first_goes_on() {
    for transport in [Transport::TCP, Transport::IPC] {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::start(folder.path(), transport.clone());
        let mut client = served.client();
        let beside = tempfile::tempdir().unwrap();
        let mut second = Served::starting(beside.path(), served.info.clone());
        assert_eq!(second.ended().code(), Some(1));
        let said = match transport {
            Transport::TCP => "is in use already: another kernel may run on this connection",
            Transport::IPC => "another kernel answers at the socket",
        };
        assert!(second.log().starts_with("error: ") && second.log().contains(said), "{}", second.log());
        assert!(!second.log().contains("panicked"));
        client.run("let n = 1");
        assert!(served.client().beats(), "who comes later finds it too");
    }
}

#[test]
fn what_a_crashed_kernel_left_is_replaced_and_other_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), Transport::IPC);
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    assert!(folder.path().join("ipc-1").exists());
    drop(UnixListener::bind(folder.path().join("ipc-6")).unwrap());
    let mut again = Served::start(folder.path(), Transport::IPC);
    again.client().run("let n = 1");
    let mode = folder.path().join("ipc-1").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else connects");
    again.signal(libc::SIGTERM);
    again.ended();
    std::fs::write(folder.path().join("ipc-3"), "a letter").unwrap();
    let mut third = Served::starting(folder.path(), again.info.clone());
    assert_eq!(third.ended().code(), Some(1));
    assert!(third.log().contains("ipc-3"), "{}", third.log());
    assert_eq!(std::fs::read_to_string(folder.path().join("ipc-3")).unwrap(), "a letter");
}

#[test]
fn a_connection_file_that_is_wrong_is_refused_with_its_name_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let good = serde_json::to_value(connection(folder.path(), Transport::TCP)).unwrap();
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed.to_string()
    };
    let mut keyless = good.clone();
    keyless.as_object_mut().unwrap().remove("key");
    let cases = [
        ("not json".to_string(), "is not JSON"),
        (String::new(), "is not JSON"),
        ("[1, 2]".to_string(), "is not a JSON object"),
        (keyless.to_string(), "has no `key`"),
        (with("transport", json!("pgm")), "has \"pgm\" for `transport`; known here: tcp, ipc"),
        (with("signature_scheme", json!("hmac-md5")), "for `signature_scheme`; known here: hmac-sha256"),
        (with("ip", json!("localhost")), "is no IP address such as 127.0.0.1"),
        (with("ip", json!("256.0.0.1")), "is no IP address"),
        (with("ip", json!(7)), "cannot be understood"),
        (with("shell_port", json!(0)), "has 0 for `shell_port`, which is no port"),
        (with("hb_port", json!(65_536)), "has 65536 for `hb_port`"),
        (with("hb_port", json!("80")), "has \"80\" for `hb_port`"),
        (with("iopub_port", good["shell_port"].clone()), "twice; every socket needs its own"),
        // An address of the documentation, which no machine here has.
        (with("ip", json!("192.0.2.1")), "of 192.0.2.1 cannot be bound"),
    ];
    let file = folder.path().join("connection.json");
    let refused = |wanted: &str| {
        let status = command(folder.path(), &file).status().unwrap();
        let said = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(status.code(), Some(1), "{wanted}: {said}");
        assert!(said.starts_with("error: ") && said.lines().count() == 1 && said.contains(wanted), "{wanted}: {said}");
        said
    };
    refused("connection.json cannot be read");
    for (text, wanted) in cases {
        write(&file, &text);
        let said = refused(wanted);
        assert!(said.contains("connection.json") || said.contains("cannot be bound"), "{said}");
    }
    write(&file, &good.to_string());
    for mode in [0o640, 0o604, 0o666] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let said = refused("can be read by others");
        assert!(said.contains(&format!("chmod 600 {}", file.display())), "{said}");
    }
}

#[test]
fn where_the_file_system_knows_no_modes_jupyters_own_variable_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let info = connection(folder.path(), Transport::IPC);
    let file = folder.path().join("connection.json");
    write(&file, &serde_json::to_string(&info).unwrap());
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    for value in ["0", "false", "yes", ""] {
        let status = command(folder.path(), &file).env("JUPYTER_ALLOW_INSECURE_WRITES", value).status().unwrap();
        assert_eq!(status.code(), Some(1), "{value:?}");
    }
    let mut child = command(folder.path(), &file).env("JUPYTER_ALLOW_INSECURE_WRITES", "True").spawn().unwrap();
    let begun = Instant::now();
    while !folder.path().join("ipc-5").exists() {
        assert!(begun.elapsed() < HANG && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn only_the_address_of_the_connection_file_is_bound() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), Transport::TCP);
    let process = format!("/proc/{}", served.child.id());
    let open = std::fs::read_dir(format!("{process}/fd")).unwrap();
    let sockets: BTreeSet<String> = open
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_string()))
        .collect();
    let mut bound = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        for line in std::fs::read_to_string(format!("{process}/net/{table}")).unwrap().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, state, inode) = (fields[1], fields[3], fields[9]);
            let is_listening = table.starts_with("udp") || state == "0A";
            if sockets.contains(inode) && is_listening {
                bound.insert(format!("{table} {address}"));
            }
        }
    }
    let info = &served.info;
    let ports = [info.shell_port, info.iopub_port, info.stdin_port, info.control_port, info.hb_port];
    // 127.0.0.1 as the table has it, the last byte first.
    assert_eq!(bound, ports.iter().map(|port| format!("tcp 0100007F:{port:04X}")).collect());
}

#[test]
fn without_the_process_that_started_it_a_kernel_ends() {
    let folder = tempfile::tempdir().unwrap();
    let info = connection(folder.path(), Transport::IPC);
    let file = folder.path().join("connection.json");
    write(&file, &serde_json::to_string(&info).unwrap());
    let mut jupyter = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let mut child = command(folder.path(), &file).env("JPY_PARENT_PID", jupyter.id().to_string()).spawn().unwrap();
    let begun = Instant::now();
    while !folder.path().join("ipc-5").exists() {
        assert!(begun.elapsed() < HANG && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut client = Client::new(&info);
    client.run("let n = 1");
    assert!(child.try_wait().unwrap().is_none());
    jupyter.kill().unwrap();
    jupyter.wait().unwrap();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < HANG, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}
