//! The session, on a thread of its own: it works on one request after the other.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use fovea::event::{Event, Kind, Output};
use fovea::session::{Known, Session, Snapshot};
use fovea_dsl::syntax::{Statement, StatementKind};
use fovea_dsl::{Source, Stage, library, parse};
use fovea_graph::SourceId;
use jupyter_protocol::{ErrorOutput, ExecuteInput, ExecuteRequest, ExecutionCount, InspectRequest, JupyterMessage};
use serde_json::{Map, Value, json};

use super::history::History;
use super::outbox::{Channel, Outbox, raw};
use super::queue::{Ask, Queue};
use super::render::Screen;
use super::{answers, errors};
use crate::assist::{self, Explained};
use crate::magic::{self, Magic};

/// How many bytes a cell may have.
const LONG: usize = 1 << 20;

/// What the interpreter and those who answer beside it share.
pub struct Shared {
    /// The names that there are.
    pub names: Mutex<Snapshot>,
    /// The nets that cells defined, in the language's own words.
    pub nets: Mutex<BTreeMap<String, String>>,
    /// The cells so far.
    pub history: Mutex<History>,
    /// The work.
    pub queue: Queue,
    /// Where messages leave.
    pub out: Outbox,
}

impl Shared {
    /// The names as they are now.
    pub fn known(&self) -> Known {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.known()
    }

    /// A net in the language's own words: of a cell, else of the library.
    pub fn definition(&self, net: &str) -> Option<String> {
        let own = self.nets.lock().unwrap_or_else(PoisonError::into_inner).get(net).cloned();
        own.or_else(|| library::find(net).map(ToString::to_string))
    }
}

/// Works on requests.
pub struct Interpreter {
    session: Session,
    shared: Arc<Shared>,
    /// What the cell still shows when it is answered.
    drawings: Vec<JoinHandle<()>>,
}

impl Interpreter {
    /// With what it shares.
    pub fn new(session: Session, shared: Arc<Shared>) -> Self {
        Self { session, shared, drawings: Vec::new() }
    }

    /// Works until the queue is closed.
    pub fn work(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some(job) = shared.queue.next() {
            match &job.ask {
                Ask::Cell(asked) => self.execute(&job.message, asked),
                Ask::Inspect(asked) => self.inspect(&job.message, asked),
            }
            shared.queue.done();
        }
    }

    /// Runs a cell and answers.
    fn execute(&mut self, message: &JupyterMessage, asked: &ExecuteRequest) {
        let Shared { queue, out, history, .. } = &*Arc::clone(&self.shared);
        let kept = asked.store_history && !asked.silent;
        let count = if kept { queue.number() } else { queue.count() };
        if kept {
            history.lock().unwrap_or_else(PoisonError::into_inner).push(count.0, &asked.code);
        }
        if !asked.silent {
            out.publish(message, ExecuteInput { code: asked.code.clone(), execution_count: count });
        }
        let name = format!("In[{}]", count.0);
        let done = catch_unwind(AssertUnwindSafe(|| match asked.silent {
            true => self.run(&name, &asked.code, &mut |_| ()).map(|()| None),
            false => self.show(&name, &asked.code, Screen::new(out, message, count, self.shared.known().theme)),
        }));
        match done.unwrap_or_else(|_| Err(errors::broken(&self.session, &name, &asked.code))) {
            Ok(result) => {
                if kept {
                    history.lock().unwrap_or_else(PoisonError::into_inner).result(result);
                }
                let values = self.evaluated(asked.user_expressions.as_ref());
                let reply =
                    json!({ "status": "ok", "execution_count": count, "payload": [], "user_expressions": values });
                out.reply(Channel::Shell, message, raw("execute_reply", reply));
            }
            Err(error) => {
                if asked.stop_on_error {
                    queue.settle();
                }
                if !asked.silent {
                    out.publish(message, error.clone());
                }
                out.reply(Channel::Shell, message, raw("execute_reply", failed(error, count)));
                if asked.stop_on_error {
                    queue.abort();
                }
            }
        }
        // Whoever waits for the reply does not wait for the last plot, but the cell is done with it.
        for drawing in self.drawings.drain(..) {
            drop(drawing.join());
        }
    }

    /// Runs a cell's text and shows what comes of it; the text of its result.
    fn show(&mut self, name: &str, code: &str, mut screen: Screen<'_>) -> Result<Option<String>, ErrorOutput> {
        match self.run(name, code, &mut |event| screen.event(event)) {
            Ok(()) => {
                let rest = screen.finish();
                self.drawings = rest.drawings;
                Ok(rest.result)
            }
            Err(error) => {
                self.drawings = screen.fail().drawings;
                Err(error)
            }
        }
    }

    /// Runs a cell's text.
    fn run(&mut self, name: &str, code: &str, show: &mut dyn FnMut(Event)) -> Result<(), ErrorOutput> {
        match assist::question(code) {
            _ if code.len() > LONG => Err(errors::too_long(name, code, LONG)),
            Some(word) => self.question(word, show),
            None => match magic::magic(code) {
                Some(asked) => self.magic(name, code, asked, show),
                None => self.statements(name, code, show),
            },
        }
    }

    /// Runs a script, or writes one.
    fn magic(
        &mut self,
        name: &str,
        code: &str,
        asked: Magic<'_>,
        show: &mut dyn FnMut(Event),
    ) -> Result<(), ErrorOutput> {
        let refused = |error: anyhow::Error| errors::no_program(name, code, Stage::Verbs, format!("{error:#}"), None);
        match asked {
            Magic::Load(file) => self.statements(file, &magic::load(file).map_err(refused)?, show),
            Magic::Save(file) => {
                show(Event::Text(magic::save(&mut self.session, file).map_err(refused)?));
                Ok(())
            }
        }
    }

    /// Runs statements; what names there are after each is there for whoever answers meanwhile.
    fn statements(&mut self, name: &str, text: &str, show: &mut dyn FnMut(Event)) -> Result<(), ErrorOutput> {
        let shared = Arc::clone(&self.shared);
        let mut definitions = definitions(text).into_iter();
        let done = self.session.run(name, text, &mut |event| {
            if let Event::Output(output) = &event {
                shared.nets.lock().unwrap_or_else(PoisonError::into_inner).extend(of_slide(output));
            }
            if let Event::Names(names) = &event {
                shared.names.lock().unwrap_or_else(PoisonError::into_inner).clone_from(names);
                if let Some((net, words)) = definitions.next().flatten() {
                    shared.nets.lock().unwrap_or_else(PoisonError::into_inner).insert(net, words);
                }
            }
            show(event);
        });
        done.map_err(|failure| errors::error(&failure, &self.session, name))
    }

    /// Shows what a word means.
    fn question(&mut self, word: &str, show: &mut dyn FnMut(Event)) -> Result<(), ErrorOutput> {
        let text = match assist::explain(word, &self.shared.known()) {
            _ if word.is_empty() => assist::HELP.to_string(),
            Some(Explained::Net(net)) => return self.statements("?", &format!("summary {net}"), show),
            Some(Explained::Page(page)) => {
                show(Event::Output(Output { kind: Kind::Page, text: page, ..Output::default() }));
                return Ok(());
            }
            None => assist::unexplained(word),
        };
        show(Event::Text(text));
        Ok(())
    }

    /// Explains a net, for an editor.
    fn inspect(&mut self, message: &JupyterMessage, asked: &InspectRequest) {
        let known = self.shared.known();
        let data = answers::explained(&asked.code, asked.cursor_pos, &known).and_then(|explained| match explained {
            Explained::Page(page) => Some(answers::page(&page)),
            Explained::Net(net) => self.summary(&net),
        });
        self.shared.out.reply(Channel::Shell, message, answers::inspected(data));
    }

    /// What `summary` says of a net; a look leaves nothing in the program's record.
    fn summary(&mut self, net: &str) -> Option<Value> {
        let net = self.session.net(net).ok()?;
        let html = net.html().map(|html| ("text/html", html.to_string()));
        let forms = std::iter::once(("text/plain", net.to_string())).chain(html);
        Some(Value::Object(forms.map(|(kind, text)| (kind.to_string(), text.into())).collect()))
    }

    /// The values of constants: other expressions have none outside a statement.
    fn evaluated(&self, asked: Option<&HashMap<String, String>>) -> Value {
        let known = self.shared.known();
        let value = |expression: &String| {
            let constant = known.constants.iter().find(|(name, _)| name == expression.trim());
            match constant {
                Some((_, value)) => json!({ "status": "ok", "data": { "text/plain": value }, "metadata": {} }),
                None => json!({
                    "status": "error",
                    "ename": "NameError",
                    "evalue": "only constants of the session have a value here",
                    "traceback": [],
                }),
            }
        };
        let values = asked.into_iter().flatten().map(|(name, expression)| (name.clone(), value(expression)));
        Value::Object(values.collect::<Map<_, _>>())
    }
}

/// The nets that a slide has defined, in the language's own words.
fn of_slide(output: &Output) -> Vec<(String, String)> {
    let nets = output.data.get("definitions").and_then(Value::as_object).filter(|_| output.verb == "slide");
    let net = |(name, words): (&String, &Value)| Some((name.clone(), words.as_str()?.to_string()));
    nets.into_iter().flatten().filter_map(net).collect()
}

/// What each statement of a text says of a net: its name, and the language's own words.
fn definitions(text: &str) -> Vec<Option<(String, String)>> {
    let (program, _) = parse(&Source { id: SourceId::default(), name: String::new(), text: text.to_string() });
    let definition = |statement: &Statement| match &statement.kind {
        StatementKind::Net(net) => Some((net.name.text.clone(), net.to_string())),
        _ => None,
    };
    program.statements.iter().map(definition).collect()
}

/// What is answered of a cell that failed.
fn failed(error: ErrorOutput, count: ExecutionCount) -> Value {
    let ErrorOutput { ename, evalue, traceback } = error;
    json!({
        "status": "error",
        "execution_count": count,
        "ename": ename,
        "evalue": evalue,
        "traceback": traceback,
        "payload": [],
        "user_expressions": {},
    })
}
