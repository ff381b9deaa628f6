//! What the kernel for Jupyter refuses: connection files, sockets that are another's, what is no message.

#![cfg(feature = "program")]
#![allow(clippy::unwrap_used)]

#[path = "support/kernel/mod.rs"]
mod kernel;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use jupyter_protocol::connection_info::Transport;
use kernel::client::Client;
use kernel::raw::{greeted, is_closed, message, raw};
use kernel::{Served, command, connection, listens, until, write};
use serde_json::{Value, json};

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
    served.logged("a message is dropped: its signature is not made with the key", 4);
    let cell = client.execute("let m = n");
    let seen = client.until_idle(&cell);
    assert_eq!(seen.iter().filter(|seen| seen.kind == "error").count(), 1, "n has no value: {seen:?}");
    assert!(seen.iter().all(|seen| seen.parent == cell), "nothing else was heard: {seen:?}");
}

#[test]
fn a_log_that_nobody_reads_is_nobodys_loss() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::unread(folder.path());
    let mut client = served.client();
    let mut stream = greeted(&served.info, served.info.shell_port, "DEALER");
    for _ in 0..3 {
        // Each is worth a line of the log.
        stream.write_all(&message(&["<IDS|MSG>", "no signature", "{}", "{}", "{}", "{}"])).unwrap();
        client.run("let n = 1");
    }
    let mut flags = greeted(&served.info, served.info.shell_port, "DEALER");
    flags.write_all(&[0xf8, 1, 2, 3]).unwrap();
    assert!(is_closed(&mut flags));
    client.run("let n = 2");
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
        &["<IDS|MSG>", "", &request, "{}", "{}", &"[".repeat(50_000)],
    ];
    for frames in wrong {
        stream.write_all(&message(frames)).unwrap();
    }
    // Larger than a message may be, and nobody's: it is read past.
    let large = "x".repeat(33 << 20);
    stream.write_all(&message(&["no delimiter", "", &request, "{}", &large, &large])).unwrap();
    // One without what it needs is answered too.
    stream.write_all(&message(&["<IDS|MSG>", "", &header("execute_request"), "{}", "{}", "{}"])).unwrap();
    stream.write_all(&message(&["<IDS|MSG>", "", &request, "{}", "{}", "{}"])).unwrap();
    let mut begun = [0; 2];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(begun, [1, 9], "there is an answer: a delimiter of nine bytes, and more to come");
    let log = served.logged("shell: a message is dropped", wrong.len() + 1);
    assert_eq!(log.matches("shell: a message is dropped").count(), wrong.len() + 1, "{log}");
    client.run("let n = 1");
    until("it does nothing where nothing is asked", || {
        let before = work(&served);
        std::thread::sleep(Duration::from_millis(500));
        let worked = work(&served) - before;
        if worked < 20 { Ok(()) } else { Err(format!("it computed for {worked} hundredths of half a second")) }
    });
}

/// How long a kernel has computed, in hundredths of a second.
fn work(served: &Served) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", served.child.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
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
    until("it listens", || if listens(&info) { Ok(()) } else { Err(format!("{:?}", child.try_wait())) });
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
    // As the table has it, the last byte first.
    let address = u32::from_le_bytes(info.ip.parse::<Ipv4Addr>().unwrap().octets());
    assert_eq!(bound, ports.iter().map(|port| format!("tcp {address:08X}:{port:04X}")).collect());
}
