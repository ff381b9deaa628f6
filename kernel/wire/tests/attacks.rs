//! What a socket does with those who connect to it: some have the key, some do not, and some mean ill.
#![allow(clippy::unwrap_used)]

mod peer;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fovea_wire::{Hub, Item, Kind, Listener, Request, Seal, divert, encoded};
use jupyter_protocol::connection_info::Transport;
use jupyter_protocol::{ConnectionInfo, ExecuteRequest, JupyterMessage, JupyterMessageContent, UnknownMessage};
use peer::{HANG, connection, greeted, is_closed, message, next, raw};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// More than a socket has room for.
const CROWD: usize = 300;

/// Sockets that answer every signed message with its identity and with what it was.
struct Served {
    info: ConnectionInfo,
    shell: Arc<Hub>,
    iopub: Arc<Hub>,
    /// The code of each cell that came whole.
    cells: Receiver<String>,
    _runtime: Runtime,
}

fn item(frames: &[Vec<u8>]) -> Item {
    Item { bytes: Arc::new(encoded(frames)), updates: None }
}

impl Served {
    fn start() -> Self {
        // What is dropped is told, which is not what is looked at here.
        drop(divert());
        let info = connection(Path::new(""), Transport::TCP);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let seal = Arc::new(Seal::new(&info.key));
        let hub = |name, kind| Hub::new(name, kind, &seal);
        let (shell, iopub, heartbeat) =
            (hub("shell", Kind::Router), hub("iopub", Kind::Publisher), hub("heartbeat", Kind::Router));
        let (sender, cells) = channel();
        let (answering, kernels) = (Arc::clone(&shell), Arc::clone(&seal));
        let asked = move |peer, request| {
            let (message, what) = match request {
                Request::Whole(message) => (message, "whole".to_string()),
                Request::TooLarge(message, why) => (message, why),
            };
            if let JupyterMessageContent::ExecuteRequest(asked) = &message.content {
                sender.send(asked.code.clone()).unwrap();
            }
            let content = UnknownMessage { msg_type: "answer".into(), content: json!({ "said": what }) };
            let answer = JupyterMessage::new(content, Some(&message));
            answering.send(peer, item(&kernels.frames(&answer).unwrap()));
        };
        let echo = Arc::clone(&heartbeat);
        runtime.block_on(async {
            let bind = |port| Listener::bind(&info, port);
            let [shell_, iopub_, heartbeat_] =
                [bind(info.shell_port).await, bind(info.iopub_port).await, bind(info.hb_port).await]
                    .map(Result::unwrap);
            tokio::spawn(Arc::clone(&shell).serve_signed(shell_, asked));
            tokio::spawn(Arc::clone(&iopub).serve(iopub_, |_, _| ()));
            tokio::spawn(Arc::clone(&heartbeat).serve(heartbeat_, move |peer, frames| echo.send(peer, item(&frames))));
        });
        Self { info, shell, iopub, cells, _runtime: runtime }
    }

    fn front_end(&self) -> TcpStream {
        greeted(&self.info, self.info.shell_port, "DEALER")
    }

    /// A cell as frames, signed; its identity.
    fn cell(&self, code: &str) -> (String, Vec<Vec<u8>>) {
        let asked = JupyterMessage::new(ExecuteRequest::new(code.to_string()), None);
        (asked.header.msg_id.clone(), Seal::new(&self.info.key).frames(&asked).unwrap())
    }
}

/// Sends a cell; what is answered to it.
fn ask(stream: &mut TcpStream, (id, frames): &(String, Vec<Vec<u8>>)) -> String {
    stream.write_all(&message(frames)).unwrap();
    let answer = next(stream).expect("there is an answer");
    let [.., parent, _, content] = &answer[..] else { panic!("{answer:?}") };
    let [parent, content] = [parent, content].map(|part| serde_json::from_slice::<Value>(part).unwrap());
    assert_eq!(parent["msg_id"], **id);
    content["said"].as_str().unwrap().to_string()
}

#[test]
fn a_crowd_that_says_nothing_locks_nobody_out() {
    let served = Served::start();
    let mut early = served.front_end();
    assert_eq!(ask(&mut early, &served.cell("let n = 1")), "whole");
    // Some greet and some do not; one says what nobody signed.
    let crowd: Vec<TcpStream> = (0..CROWD)
        .map(|at| match at % 3 {
            0 => raw(&served.info, served.info.shell_port),
            1 => served.front_end(),
            _ => {
                let mut stream = served.front_end();
                stream.write_all(&message(&["<IDS|MSG>", "unsigned", "{}", "{}", "{}", "{}"])).unwrap();
                stream
            }
        })
        .collect();
    let mut late = served.front_end();
    assert_eq!(ask(&mut late, &served.cell("let n = 2")), "whole");
    assert_eq!(ask(&mut early, &served.cell("let n = 3")), "whole", "who has signed stays");
    let oldest = crowd.into_iter().skip(1).step_by(3).take(30);
    assert!(oldest.into_iter().all(|mut stream| is_closed(&mut stream)), "the oldest that said nothing went");
}

#[test]
fn who_listens_is_not_driven_out_by_a_crowd_and_who_comes_later_listens_too() {
    let served = Served::start();
    let subscribed = || {
        let mut stream = greeted(&served.info, served.info.iopub_port, "SUB");
        stream.write_all(&message(&["\u{1}"])).unwrap();
        stream
    };
    let heard = |stream: &mut TcpStream, news: &str| {
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let begun = Instant::now();
        // Its subscription is on its way.
        loop {
            served.iopub.publish(b"news", &item(&[news.as_bytes().to_vec()]));
            if next(stream).is_some_and(|frames| frames[0] == news.as_bytes()) {
                return;
            }
            assert!(begun.elapsed() < HANG, "it does not hear of {news}");
        }
    };
    let mut early = subscribed();
    heard(&mut early, "first");
    let crowd: Vec<TcpStream> = (0..CROWD).map(|_| subscribed()).collect();
    heard(&mut early, "second");
    heard(&mut subscribed(), "third");
    drop(crowd);
}

#[test]
fn what_nobody_signed_is_not_kept_and_a_first_message_that_is_too_large_is_answered() {
    let served = Served::start();
    let mut stream = served.front_end();
    let large = served.cell(&"x".repeat(70_000));
    let mut unsigned = large.1.clone();
    unsigned[1] = b"0".repeat(64);
    stream.write_all(&message(&unsigned)).unwrap();
    let why = ask(&mut stream, &large);
    assert!(why.contains("bytes; the first of a connection may have 65536, those behind it 67108864"), "{why}");
    assert_eq!(ask(&mut stream, &served.cell(&"y".repeat(70_000))), "whole", "now it is known");
    assert_eq!(served.cells.recv_timeout(HANG).unwrap(), "y".repeat(70_000));
    let why = ask(&mut stream, &served.cell(&"z".repeat(64 << 20)));
    assert!(why.ends_with("bytes; the largest may have 67108864"), "{why}");
    assert_eq!(ask(&mut stream, &served.cell("let n = 1")), "whole", "the connection goes on");
    assert_eq!(served.cells.recv_timeout(HANG).unwrap(), "let n = 1", "what was too large was no cell");
}

#[test]
fn a_signed_message_is_taken_once_whoever_sends_it() {
    let served = Served::start();
    let mut front_end = served.front_end();
    let cell = served.cell("train");
    assert_eq!(ask(&mut front_end, &cell), "whole");
    let mut thief = served.front_end();
    for _ in 0..3 {
        thief.write_all(&message(&cell.1)).unwrap();
        front_end.write_all(&message(&cell.1)).unwrap();
    }
    assert_eq!(ask(&mut thief, &served.cell("after")), "whole");
    assert_eq!(ask(&mut front_end, &served.cell("last")), "whole");
    let cells: Vec<String> = (0..3).map(|_| served.cells.recv_timeout(HANG).unwrap()).collect();
    assert_eq!(cells, ["train", "after", "last"]);
}

#[test]
fn what_the_kernel_signed_makes_nobody_known() {
    let served = Served::start();
    let mut front_end = served.front_end();
    front_end.write_all(&message(&served.cell("let n = 1").1)).unwrap();
    let answer = next(&mut front_end).unwrap();
    // As somebody would who only listens.
    let mut thief = served.front_end();
    thief.write_all(&message(&answer)).unwrap();
    let why = ask(&mut thief, &served.cell(&"x".repeat(70_000)));
    assert!(why.contains("the first of a connection may have 65536"), "{why}");
}

#[test]
fn who_asks_and_does_not_read_is_answered_no_more() {
    let served = Served::start();
    let context = [7; 200];
    let ping = [&[4, 207], &b"\x04PING\0\0"[..], &context].concat();
    let beat = message(&[&[7; 4000]]);
    for (port, asked) in [(served.info.hb_port, beat), (served.info.shell_port, ping)] {
        let mut stream = greeted(&served.info, port, "DEALER");
        let asked = asked.repeat(40_000_000 / asked.len());
        stream.write_all(&asked).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answers = Vec::new();
        // It may be reset, with what it was sent.
        let _ = stream.read_to_end(&mut answers);
        // What is on its way in the system counts too.
        assert!(answers.len() < asked.len() / 2, "{} bytes of {}", answers.len(), asked.len());
    }
    assert!(served.shell.is_flushed());
}

#[test]
fn a_socket_in_the_file_system_is_its_owners_from_its_first_moment() {
    let folder = tempfile::tempdir().unwrap();
    let info = connection(folder.path(), Transport::IPC);
    let file = folder.path().join("ipc-1");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (watched, bound) = (file.clone(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut modes = BTreeSet::new();
            while !bound.load(Ordering::Relaxed) {
                modes.extend(watched.metadata().map(|found| format!("{:o}", found.permissions().mode() & 0o777)));
            }
            modes
        });
        for _ in 0..200 {
            // At the end the file goes.
            let listener = runtime.block_on(Listener::bind(&info, 1)).unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert!(UnixStream::connect(&file).is_ok());
            drop(listener);
        }
        bound.store(true, Ordering::Relaxed);
        let modes = watching.join().unwrap();
        assert!(modes.iter().all(|mode| mode == "600"), "{modes:?}");
    });
    assert!(!file.exists());
}
