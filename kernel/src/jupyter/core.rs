//! The kernel without its sockets: takes in requests, gives out messages.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use fovea::session::Session;
use jupyter_protocol::{InspectRequest, JupyterMessage, JupyterMessageContent as Content};
use serde_json::json;

use super::history::{Asked, History};
use super::interpreter::{Interpreter, Shared};
use super::outbox::{Channel, Outbox, raw};
use super::queue::{Ask, Job, Queue};
use super::{answers, errors};
use crate::assist::Explained;
use fovea_wire::log;

/// Deeply nested programs are read by functions that call themselves.
pub const STACK: usize = 64 << 20;

/// Requests that are answered, whatever is in them.
const UNDERSTOOD: [&str; 5] =
    ["execute_request", "complete_request", "inspect_request", "is_complete_request", "shutdown_request"];

/// A kernel that runs.
pub struct Core {
    shared: Arc<Shared>,
    interpreter: JoinHandle<()>,
}

/// Whether the kernel goes on after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It waits for the next.
    Stay,
    /// It ends.
    End,
}

impl Core {
    /// Starts the interpreter. `interrupted` is the session's flag; cells are kept in `history`.
    pub fn new(
        session: Session,
        interrupted: Arc<AtomicBool>,
        history: Option<PathBuf>,
        out: Outbox,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            names: Mutex::new(session.snapshot()),
            nets: Mutex::default(),
            history: Mutex::new(History::new(history)),
            queue: Queue::new(out.clone(), interrupted),
            out,
        });
        let interpreter = Interpreter::new(session, Arc::clone(&shared));
        let interpreter = Builder::new().name("interpreter".into()).stack_size(STACK).spawn(|| interpreter.work())?;
        Ok(Self { shared, interpreter })
    }

    /// A request on shell: a cell waits for those before it, everything else is answered at once.
    pub fn shell(&self, message: JupyterMessage) {
        match &message.content {
            Content::ExecuteRequest(asked) => {
                let ask = Ask::Cell(asked.clone());
                self.shared.queue.push(Job { message, ask });
            }
            Content::InspectRequest(asked) => {
                let asked = asked.clone();
                self.inspect(message, asked);
            }
            _ => self.shared.queue.answer(&message, || self.answer(Channel::Shell, &message)),
        }
    }

    /// A request on control; goes before everything on shell.
    pub fn control(&self, message: &JupyterMessage) -> Next {
        let mut next = Next::Stay;
        self.shared.queue.answer(message, || match &message.content {
            Content::InterruptRequest(_) => {
                self.interrupt();
                self.shared.out.reply(Channel::Control, message, raw("interrupt_reply", json!({ "status": "ok" })));
            }
            Content::ShutdownRequest(asked) => {
                self.shared.queue.close();
                let reply = || raw("shutdown_reply", json!({ "status": "ok", "restart": asked.restart }));
                self.shared.out.reply(Channel::Control, message, reply());
                self.shared.out.publish(message, reply());
                next = Next::End;
            }
            _ => self.answer(Channel::Control, message),
        });
        next
    }

    /// Answers a request that was too large to be kept; why, in words.
    pub fn refuse(&self, channel: Channel, message: &JupyterMessage, why: &str) {
        let kind = &message.header.msg_type;
        self.shared.queue.answer(message, || {
            let Some(asked) = kind.strip_suffix("_request") else {
                return log(format_args!("{kind} is dropped: {why}"));
            };
            let error = errors::too_large(why);
            let mut reply = errors::refused(error.clone());
            if asked == "execute" {
                // Front ends show a cell's errors as they are published.
                self.shared.out.publish(message, error);
                reply["execution_count"] = json!(self.shared.queue.count());
            }
            self.shared.out.reply(channel, message, raw(&format!("{asked}_reply"), reply));
        });
    }

    /// Breaks off the cell that runs and drops those that wait.
    pub fn interrupt(&self) {
        self.shared.queue.interrupt();
    }

    /// Breaks off the cell that runs, lets no other begin, and waits for its end.
    pub fn end(&self, longest: std::time::Duration) -> bool {
        self.shared.queue.close();
        self.shared.queue.rest(longest) || self.interpreter.is_finished()
    }

    fn answer(&self, channel: Channel, message: &JupyterMessage) {
        let reply = match &message.content {
            Content::KernelInfoRequest(_) => answers::kernel_info(),
            Content::CompleteRequest(asked) => answers::complete(&asked.code, asked.cursor_pos, &self.shared.known()),
            Content::IsCompleteRequest(asked) => answers::completeness(&asked.code),
            Content::HistoryRequest(_) | Content::UnknownMessage(_) if message.header.msg_type == "history_request" => {
                let asked = serde_json::to_value(&message.content).ok().and_then(|asked| Asked::read(&asked));
                self.shared.history.lock().unwrap_or_else(PoisonError::into_inner).answer(asked.as_ref())
            }
            Content::CommInfoRequest(_) => raw("comm_info_reply", json!({ "status": "ok", "comms": {} })),
            Content::CommOpen(opened) => {
                // Nobody here talks that way.
                let close = json!({ "comm_id": opened.comm_id.0, "data": {} });
                return self.shared.out.publish(message, raw("comm_close", close));
            }
            Content::CommMsg(_) | Content::CommClose(_) => return,
            Content::UnknownMessage(_) if UNDERSTOOD.contains(&&*message.header.msg_type) => {
                let evalue = format!("a {} without what it needs", message.header.msg_type);
                let reply = message.header.msg_type.replace("_request", "_reply");
                raw(&reply, errors::refused(errors::request(evalue)))
            }
            _ => return log(format_args!("nothing answers {}", message.header.msg_type)),
        };
        self.shared.out.reply(channel, message, reply);
    }

    /// Explains the word at the cursor. A net is summed up by the session; while it has something else to do, the net's
    /// own words are all.
    fn inspect(&self, message: JupyterMessage, asked: InspectRequest) {
        let Shared { queue, out, .. } = &*self.shared;
        let explained = answers::explained(&asked.code, asked.cursor_pos, &self.shared.known());
        let message = match explained {
            Some(Explained::Net(_)) => match queue.at_once(Job { message, ask: Ask::Inspect(asked) }) {
                None => return,
                Some(job) => job.message,
            },
            _ => message,
        };
        queue.answer(&message, || {
            let data = explained.map(|explained| match explained {
                Explained::Page(page) => answers::page(&page),
                Explained::Net(net) => answers::definition(&self.shared.definition(&net).unwrap_or(net)),
            });
            out.reply(Channel::Shell, &message, answers::inspected(data));
        });
    }
}
