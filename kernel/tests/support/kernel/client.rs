//! A front end that talks to the kernel through another implementation of ZeroMQ.

use jupyter_protocol::{
    ConnectionInfo, ExecuteRequest, InterruptRequest, JupyterMessage, JupyterMessageContent, KernelInfoRequest,
    ShutdownRequest,
};
use jupyter_zmq_client as zmq;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::HANG;

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
