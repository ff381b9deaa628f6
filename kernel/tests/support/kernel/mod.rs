//! The kernel for Jupyter as a process, and what connects to it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod client;
#[path = "../../../wire/tests/peer/mod.rs"]
pub mod raw;

use std::fs::File;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use client::Client;
use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
pub use raw::{HANG, connection};

/// A kernel that runs.
pub struct Served {
    pub info: ConnectionInfo,
    pub child: Child,
    folder: PathBuf,
}

impl Served {
    /// Starts one in a folder, on ports that nobody has.
    pub fn start(folder: &Path, transport: Transport) -> Self {
        loop {
            let mut served = Self::starting(folder, connection(folder, transport.clone()));
            if served.is_up() {
                return served;
            }
            assert!(served.log().contains("is in use already"), "{}", served.log());
        }
    }

    /// Starts one on a connection; it may refuse to run.
    pub fn starting(folder: &Path, info: ConnectionInfo) -> Self {
        let file = folder.join("connection.json");
        write(&file, &serde_json::to_string(&info).unwrap());
        let child = command(folder, &file).spawn().unwrap();
        Self { info, child, folder: folder.to_path_buf() }
    }

    /// As [`Served::start`], with a log that nobody reads any more.
    pub fn unread(folder: &Path) -> Self {
        let info = connection(folder, Transport::TCP);
        let file = folder.join("connection.json");
        write(&file, &serde_json::to_string(&info).unwrap());
        let mut child = command(folder, &file).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        let mut served = Self { info, child, folder: folder.to_path_buf() };
        assert!(served.is_up());
        served
    }

    /// Whether it answers; it may have ended instead.
    pub fn is_up(&mut self) -> bool {
        let (child, info) = (&mut self.child, &self.info);
        until("it listens or ends", || match child.try_wait().unwrap() {
            Some(_) => Ok(false),
            None => listens(info).then_some(true).ok_or_else(|| "neither".to_string()),
        })
    }

    /// What it wrote to standard error so far; after its end, all of it.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Waits until the log has said something so many times, which another thread writes. What stands there then.
    pub fn logged(&self, what: &str, times: usize) -> String {
        until(&format!("the log says {times} times {what:?}"), || {
            let log = self.log();
            if log.matches(what).count() >= times { Ok(log) } else { Err(log) }
        })
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: signals a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(self.child.id() as i32, signal) }, 0);
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let (child, log) = (&mut self.child, self.folder.join("log"));
        until("it ends", || child.try_wait().unwrap().ok_or_else(|| std::fs::read_to_string(&log).unwrap()))
    }

    /// A line of a file below `/proc` about it, by how the line begins.
    pub fn proc(&self, file: &str, line: &str) -> String {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap();
        text.lines().find_map(|found| found.strip_prefix(line)).unwrap().trim().to_string()
    }

    pub fn client(&self) -> Client {
        Client::new(&self.info)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until something is there; fails with what was there instead.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) => assert!(begun.elapsed() < HANG, "not within {HANG:?}: {what}, but:\n{instead}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a connection's last socket takes connections.
pub fn listens(info: &ConnectionInfo) -> bool {
    match info.transport {
        Transport::TCP => TcpStream::connect((&*info.ip, info.hb_port)).is_ok(),
        Transport::IPC => UnixStream::connect(format!("{}-{}", info.ip, info.hb_port)).is_ok(),
    }
}

/// The command that serves a connection file.
pub fn command(folder: &Path, file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
    command.args(["jupyter", "kernel", "--connection-file"]).arg(file).current_dir(folder);
    command.env("XDG_STATE_HOME", folder.join("state")).env_remove("JPY_PARENT_PID");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(folder.join("log")).unwrap());
    command
}

/// A file that only its owner can read.
pub fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
}
