//! The kernel for Jupyter as a process, and front ends that talk to it through another implementation of ZeroMQ.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use jupyter_protocol::connection_info::Transport;
use jupyter_protocol::{
    ConnectionInfo, ExecuteRequest, InterruptRequest, JupyterMessage, JupyterMessageContent, KernelInfoRequest,
    ShutdownRequest,
};
use jupyter_zmq_client as zmq;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// After so long a test has hung.
pub const HANG: Duration = Duration::from_secs(120);

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

    /// Whether it answers; it may have ended instead.
    pub fn is_up(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < HANG {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let listens = match self.info.transport {
                Transport::TCP => std::net::TcpStream::connect((&*self.info.ip, self.info.hb_port)).is_ok(),
                Transport::IPC => Path::new(&format!("{}-{}", self.info.ip, self.info.hb_port)).exists(),
            };
            if listens {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it neither listens nor ends: {}", self.log());
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: signals a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(self.child.id() as i32, signal) }, 0);
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < HANG, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
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

/// A connection of a kernel's own.
pub fn connection(folder: &Path, transport: Transport) -> ConnectionInfo {
    // Nobody else is given these ports while all of them are held.
    let held: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
    let ports: Vec<u16> = match transport {
        Transport::TCP => held.iter().map(|listener| listener.local_addr().unwrap().port()).collect(),
        Transport::IPC => (1..=5).collect(),
    };
    let ip = match transport {
        Transport::TCP => IpAddr::V4(Ipv4Addr::LOCALHOST).to_string(),
        Transport::IPC => folder.join("ipc").display().to_string(),
    };
    ConnectionInfo {
        ip,
        transport,
        shell_port: ports[0],
        iopub_port: ports[1],
        stdin_port: ports[2],
        control_port: ports[3],
        hb_port: ports[4],
        key: "a key of the tests".to_string(),
        signature_scheme: "hmac-sha256".to_string(),
        kernel_name: Some("fovea".to_string()),
    }
}

/// A front end.
pub struct Client {
    runtime: Runtime,
    shell: zmq::ClientShellConnection,
    control: zmq::ClientControlConnection,
    iopub: zmq::ClientIoPubConnection,
    heartbeat: zmq::ClientHeartbeatConnection,
}

/// A message as the front end sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub kind: String,
    pub parent: String,
    pub content: Value,
}

impl Seen {
    /// What it is, in a word or two: `status busy`.
    pub fn name(&self) -> String {
        match self.content["execution_state"].as_str() {
            Some(state) => format!("{} {state}", self.kind),
            None => self.kind.clone(),
        }
    }

    /// The text that it shows.
    pub fn text(&self) -> &str {
        self.content["text"].as_str().or(self.content["data"]["text/plain"].as_str()).unwrap_or_default()
    }

    fn of(message: JupyterMessage) -> Self {
        Self {
            kind: message.header.msg_type.clone(),
            parent: message.parent_header.map(|parent| parent.msg_id).unwrap_or_default(),
            content: serde_json::to_value(&message.content).unwrap(),
        }
    }
}

impl Client {
    /// Connects and hears of everything from now on.
    pub fn new(info: &ConnectionInfo) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let session = uuid::Uuid::new_v4().to_string();
        let (shell, control, iopub, heartbeat) = runtime.block_on(async {
            let identity = zmq::peer_identity_for_session(&session).unwrap();
            let shell = zmq::create_client_shell_connection_with_identity(info, &session, identity).await.unwrap();
            let control = zmq::create_client_control_connection(info, &session).await.unwrap();
            let mut iopub = zmq::create_client_iopub_connection(info, "", &session).await.unwrap();
            let welcome = timeout(HANG, iopub.read()).await.unwrap().unwrap();
            assert!(matches!(welcome.content, JupyterMessageContent::IoPubWelcome(_)), "{welcome:?}");
            let heartbeat = zmq::create_client_heartbeat_connection(info).await.unwrap();
            (shell, control, iopub, heartbeat)
        });
        Self { runtime, shell, control, iopub, heartbeat }
    }

    /// One that has another key than the kernel.
    pub fn strange(info: &ConnectionInfo, key: &str) -> Self {
        let mut client = Self::new(info);
        let info = ConnectionInfo { key: key.to_string(), ..info.clone() };
        let runtime = &client.runtime;
        (client.shell, client.control) = runtime.block_on(async {
            let identity = zmq::peer_identity_for_session("strange").unwrap();
            let shell = zmq::create_client_shell_connection_with_identity(&info, "strange", identity).await.unwrap();
            (shell, zmq::create_client_control_connection(&info, "strange").await.unwrap())
        });
        client
    }

    /// Asks the kernel to end, and for no answer.
    pub fn order_shutdown(&mut self) {
        let message = JupyterMessage::new(ShutdownRequest { restart: false }, None);
        self.runtime.block_on(self.control.send(message)).unwrap();
    }

    /// Sends a request on shell; its identity.
    pub fn ask(&mut self, content: impl Into<JupyterMessageContent>) -> String {
        let message = JupyterMessage::new(content, None);
        let id = message.header.msg_id.clone();
        self.runtime.block_on(self.shell.send(message)).unwrap();
        id
    }

    pub fn execute(&mut self, code: &str) -> String {
        self.ask(ExecuteRequest::new(code.to_string()))
    }

    fn tell(&mut self, content: impl Into<JupyterMessageContent>) -> Value {
        let message = JupyterMessage::new(content, None);
        let id = message.header.msg_id.clone();
        let (runtime, control) = (&self.runtime, &mut self.control);
        let reply = runtime.block_on(async {
            control.send(message).await.unwrap();
            timeout(HANG, control.read()).await.expect("a reply on control comes").unwrap()
        });
        let reply = Seen::of(reply);
        assert_eq!(reply.parent, id);
        reply.content
    }

    pub fn interrupt(&mut self) -> Value {
        self.tell(InterruptRequest {})
    }

    pub fn shutdown(&mut self, restart: bool) -> Value {
        self.tell(ShutdownRequest { restart })
    }

    /// The next reply on shell.
    pub fn reply(&mut self) -> Seen {
        let (runtime, shell) = (&self.runtime, &mut self.shell);
        Seen::of(runtime.block_on(async { timeout(HANG, shell.read()).await.expect("a reply comes").unwrap() }))
    }

    /// The next message on iopub.
    pub fn heard(&mut self) -> Seen {
        let (runtime, iopub) = (&self.runtime, &mut self.iopub);
        Seen::of(runtime.block_on(async { timeout(HANG, iopub.read()).await.expect("a message comes").unwrap() }))
    }

    /// Whether nothing comes on iopub or as a reply for so long.
    pub fn hears_nothing(&mut self, during: Duration) -> bool {
        let (runtime, iopub, shell) = (&self.runtime, &mut self.iopub, &mut self.shell);
        runtime.block_on(async {
            tokio::select! {
                _ = iopub.read() => false,
                _ = shell.read() => false,
                () = tokio::time::sleep(during) => true,
            }
        })
    }

    /// What is heard up to and with the first message that is as wanted.
    pub fn until(&mut self, wanted: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !seen.last().is_some_and(&wanted) {
            seen.push(self.heard());
        }
        seen
    }

    pub fn until_idle(&mut self, request: &str) -> Vec<Seen> {
        self.until(|seen| seen.parent == request && seen.name() == "status idle")
    }

    /// Runs a cell that ends well; what was heard of it.
    pub fn run(&mut self, code: &str) -> Vec<Seen> {
        let cell = self.execute(code);
        let seen = self.until_idle(&cell);
        let reply = self.reply();
        assert_eq!((reply.parent, &reply.content["status"]), (cell, &Value::from("ok")), "{seen:?}");
        seen
    }

    /// What the kernel says of itself.
    pub fn kernel_info(&mut self) -> Value {
        let request = self.ask(KernelInfoRequest {});
        let reply = self.reply();
        assert_eq!((reply.parent, &*reply.kind), (request, "kernel_info_reply"));
        reply.content
    }

    /// Whether its heart beats.
    pub fn beats(&mut self) -> bool {
        let (runtime, heartbeat) = (&self.runtime, &mut self.heartbeat);
        runtime.block_on(async { timeout(HANG, heartbeat.single_heartbeat()).await.is_ok_and(|beat| beat.is_ok()) })
    }
}
