//! The sockets of a kernel, and the tasks that carry messages between them and its core.

use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{ConnectionInfo, IoPubWelcome, JupyterMessage, Status};
use jupyter_zmq_client as zmq;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::core::{Core, Next};
use super::outbox::{Channel, Outbox};

pub struct Sockets {
    heartbeat: zmq::KernelHeartbeatConnection,
    shell: zmq::KernelShellConnection,
    control: zmq::KernelControlConnection,
    stdin: zmq::KernelStdinConnection,
    iopub: zmq::KernelIoPubXPubConnection,
}

pub type Messages = UnboundedReceiver<(Channel, JupyterMessage)>;

pub fn outbox() -> (Outbox, Messages) {
    let (sender, messages) = unbounded_channel();
    (Outbox::new(move |channel, message| drop(sender.send((channel, message)))), messages)
}

impl Sockets {
    pub async fn bind(info: &ConnectionInfo) -> anyhow::Result<Self> {
        let session = uuid::Uuid::new_v4().to_string();
        Ok(Self {
            heartbeat: zmq::create_kernel_heartbeat_connection(info).await?,
            shell: zmq::create_kernel_shell_connection(info, &session).await?,
            control: zmq::create_kernel_control_connection(info, &session).await?,
            stdin: zmq::create_kernel_stdin_connection(info, &session).await?,
            iopub: zmq::create_kernel_iopub_xpub_connection(info, &session).await?,
        })
    }

    /// Carries messages until a request ends the kernel.
    pub async fn serve(self, core: Arc<Core>, out: &Outbox, mut messages: Messages) {
        let Self { mut heartbeat, shell, control, stdin, mut iopub } = self;
        tokio::spawn(async move {
            let _stdin = stdin;
            loop {
                if heartbeat.single_heartbeat().await.is_err() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        });
        let ((mut shell_out, mut shell_in), (mut control_out, mut control_in)) = (shell.split(), control.split());
        let (published, mut publications): (UnboundedSender<JupyterMessage>, _) = unbounded_channel();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    event = iopub.recv_subscription() => if let Ok(zmq::SubscriptionEvent::Subscribe(topic)) = event {
                        drop(iopub.send(JupyterMessage::new(IoPubWelcome::new(topic), None)).await);
                    },
                    message = publications.recv() => match message {
                        Some(message) => drop(iopub.send(message).await),
                        None => break,
                    },
                }
            }
        });
        tokio::spawn(async move {
            while let Some((channel, message)) = messages.recv().await {
                let sent = match channel {
                    Channel::IoPub => {
                        drop(published.send(message));
                        Ok(())
                    }
                    Channel::Shell => shell_out.send(message).await,
                    Channel::Control => control_out.send(message).await,
                };
                if let Err(error) = sent {
                    eprintln!("{error}");
                }
            }
        });
        out.announce(None, Status::starting());
        let behind = Arc::clone(&core);
        tokio::spawn(async move {
            loop {
                match shell_in.read().await {
                    Ok(message) => behind.shell(message),
                    Err(error) => eprintln!("shell: {error}"),
                }
            }
        });
        loop {
            match control_in.read().await {
                Ok(message) => {
                    if core.control(&message) == Next::End {
                        return;
                    }
                }
                Err(error) => eprintln!("control: {error}"),
            }
        }
    }
}
