//! What front ends send, changed: only what is signed arrives, and only once; whoever comes later is served.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fovea_wire::{Hub, Kind, Listener, Request, Seal, divert, encoded};
use jupyter_protocol::connection_info::Transport;
use jupyter_protocol::{ConnectionInfo, ExecuteRequest, JupyterMessage, JupyterMessageContent as Content};
use tokio::runtime::Runtime;

use super::{Attack, Dice};

const KEY: &str = "a key of the tests";

/// After so long it has hung.
const HANG: Duration = Duration::from_secs(60);

/// A socket, and the cells that came through it.
pub struct Frames {
    info: ConnectionInfo,
    cells: Receiver<String>,
    sent: u64,
    _runtime: Runtime,
}

impl Frames {
    /// Listens on a port of its own.
    pub fn new() -> Self {
        drop(divert());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sender, cells) = channel();
        let mut info: ConnectionInfo = connection();
        let seal = Arc::new(Seal::new(KEY));
        let hub = Hub::new("shell", Kind::Router, &seal);
        runtime.block_on(async {
            let listener = loop {
                info.shell_port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
                // Somebody else may have been given it meanwhile.
                if let Ok(listener) = Listener::bind(&info, info.shell_port).await {
                    break listener;
                }
            };
            let take = move |_, request| {
                let code = match request {
                    Request::Whole(JupyterMessage { content: Content::ExecuteRequest(asked), .. }) => asked.code,
                    Request::Whole(message) => format!("{message:?}"),
                    Request::TooLarge(..) => "too large".to_string(),
                };
                drop(sender.send(code));
            };
            tokio::spawn(hub.serve_signed(listener, take));
        });
        Self { info, cells, sent: 0, _runtime: runtime }
    }

    /// A cell as a peer sends it, which nobody sent before.
    fn cell(&mut self) -> (String, Vec<Vec<u8>>) {
        self.sent += 1;
        let code = format!("let n = {}", self.sent);
        let message = JupyterMessage::new(ExecuteRequest::new(code.clone()), None);
        (code, Seal::new(KEY).frames(&message).unwrap())
    }

    /// Sends bytes behind a greeting, and waits until the connection has ended.
    fn send(&self, bytes: &[u8]) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.info.shell_port)).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        // Where the other side has enough of it, the rest cannot be sent.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

fn connection() -> ConnectionInfo {
    ConnectionInfo {
        ip: Ipv4Addr::LOCALHOST.to_string(),
        transport: Transport::TCP,
        shell_port: 0,
        iopub_port: 0,
        stdin_port: 0,
        control_port: 0,
        hb_port: 0,
        key: KEY.to_string(),
        signature_scheme: "hmac-sha256".to_string(),
        kernel_name: None,
    }
}

/// What a DEALER says first.
fn greeting() -> Vec<u8> {
    let mut greeting = vec![0; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    greeting.extend(b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER");
    greeting
}

impl Attack for Frames {
    /// Three cells, of which the middle one is changed, in its frames or in the bytes that carry it.
    fn draw(&mut self, dice: &mut Dice) -> Vec<u8> {
        let [first, mut middle, last] = [(); 3].map(|()| self.cell().1);
        let mut bytes = greeting();
        if dice.below(4) == 0 {
            dice.spoil(&mut bytes);
        }
        bytes.extend(encoded(&first));
        let (in_frames, changes) = (dice.below(2) == 0, 1 + dice.below(3));
        if in_frames {
            for _ in 0..changes {
                let at = dice.below(middle.len());
                match dice.below(5) {
                    0 if middle.len() > 1 => drop(middle.remove(at)),
                    1 => middle.insert(at, first[dice.below(first.len())].clone()),
                    2 => middle[at] = first[at.min(first.len() - 1)].clone(),
                    _ => dice.spoil(&mut middle[at]),
                }
            }
        }
        let mut carried = encoded(&middle);
        if !in_frames {
            (0..changes).for_each(|_| dice.spoil(&mut carried));
        }
        bytes.extend(carried);
        bytes.extend(encoded(&last));
        bytes
    }

    fn attempt(&mut self, input: &[u8], _: &mut Dice) -> Result<(), String> {
        let last = self.sent;
        self.send(input);
        let (code, frames) = self.cell();
        self.send(&[greeting(), encoded(&frames)].concat());
        let mut arrived = Vec::new();
        while arrived.last() != Some(&code) {
            let cell = self.cells.recv_timeout(HANG).map_err(|_| format!("{code} does not come; {arrived:?} did"))?;
            arrived.push(cell);
        }
        let expected: Vec<String> = (last - 2..=last).map(|number| format!("let n = {number}")).collect();
        let mut rest = expected.iter();
        // Of the three those that came whole, in their order.
        match arrived[..arrived.len() - 1].iter().all(|cell| rest.any(|expected| expected == cell)) {
            true => Ok(()),
            false => Err(format!("{arrived:?} came of {expected:?}")),
        }
    }
}
