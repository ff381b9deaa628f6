//! The program at a pseudo-terminal: what a user types, and what stands there then.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a text may take to appear before the test has failed.
const LIMIT: Duration = Duration::from_secs(60);

/// A terminal with a program at it.
pub struct Terminal {
    child: Child,
    keys: File,
    screen: Receiver<Vec<u8>>,
    /// What was written since the last text that was waited for.
    unread: String,
    /// All that was written.
    pub all: String,
}

impl Terminal {
    /// Starts a command at a terminal of 100 columns and 40 rows.
    pub fn start(mut command: Command) -> Self {
        let (mut master, mut slave) = (0, 0);
        let size = libc::winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the two descriptors are ours to be written, no name and no modes are asked for.
        let opened = unsafe { libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &size) };
        assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: both are open, and nobody else's.
        let (master, slave) = unsafe { (File::from_raw_fd(master), File::from_raw_fd(slave)) };
        // SAFETY: the terminal's own end is open; the child must not inherit it, else it would never see its end.
        unsafe { libc::fcntl(master.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        command.env("TERM", "xterm").env_remove("TMUX").env_remove("COLORTERM").env("SHELL", "/bin/sh");
        // SAFETY: both calls may be made between fork and exec; standard input is the terminal by then.
        unsafe {
            command.pre_exec(|| match libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                true => Err(std::io::Error::last_os_error()),
                false => Ok(()),
            });
        }
        let child = command.spawn().unwrap();
        // The command holds this process's copies of the child's end.
        drop(command);
        let (send, screen) = channel();
        let mut output = master.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys: master, screen, unread: String::new(), all: String::new() }
    }

    /// Types keys.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Pastes a text, as a terminal that brackets it.
    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"))
    }

    /// Waits until the prompt is back, on a line of its own; while a line is edited, it is only drawn anew.
    pub fn ready(&mut self) {
        self.wait("\nfovea> ");
    }

    /// Waits until a text stands there, colours aside; gives what came before it since the last wait.
    pub fn wait(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let plain = without_escapes(&self.unread).replace('\r', "");
            if let Some(at) = plain.find(text) {
                self.unread = plain[at + text.len()..].to_string();
                return plain[..at].to_string();
            }
            match self.screen.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    let bytes = String::from_utf8_lossy(&bytes);
                    self.unread += &bytes;
                    self.all += &bytes;
                }
                Err(error @ (RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) => {
                    panic!("no `{text}` ({error}) in\n{plain}")
                }
            }
        }
    }

    /// The exit status, when the program has ended.
    pub fn ended(mut self) -> Option<i32> {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves no program behind; one that ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text without its escape sequences; an unfinished one at the end stays, for what comes next.
fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        plain += &rest[..at];
        rest = &rest[at..];
        let is_end = |c: char| ('@'..='~').contains(&c);
        let length = match rest.as_bytes().get(1) {
            Some(b'[') => rest[2..].find(is_end).map(|end| 2 + end + 1),
            Some(_) => Some(2),
            None => None,
        };
        match length {
            Some(length) => rest = &rest[length..],
            None => return plain + rest,
        }
    }
    plain + rest
}
