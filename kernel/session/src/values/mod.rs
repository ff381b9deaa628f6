//! Results as values, for Rust programs and notebooks: what `:dep fovea` brings to evcxr.
//!
//! [`Session::eval`] gives [`Results`], [`Session::net`] a [`Net`] and [`Session::history`] a [`History`]. Each has its
//! figures as fields, its text as [`std::fmt::Display`], and shows itself in a notebook by `evcxr_display`.

mod error;
mod history;
mod net;
mod results;
mod shown;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use fovea_dsl::{Style, render};

use crate::device::{self, Cores, Purpose};
use crate::event::Event;
use crate::failure::Failure;
use crate::progress;
use crate::session::Session;

pub use error::Error;
pub use history::History;
pub use net::Net;
pub use results::Results;

impl Session {
    /// A session on a device, `cpu`, `cuda` or `cuda:1`, whose training runs go to the folder `runs`.
    ///
    /// Fails where there is no such device, or it cannot be used: the error says why.
    ///
    /// ```
    /// # use fovea_session as fovea;
    /// let session = fovea::Session::open("cpu", "runs")?;
    /// assert!(session.known().nets.contains(&"lenet".to_string()));
    ///
    /// let error = fovea::Session::open("gpu", "runs").err().unwrap();
    /// assert!(error.to_string().contains("there is no device `gpu`"));
    /// # Ok::<(), fovea::Error>(())
    /// ```
    pub fn open(device: &str, runs: impl Into<PathBuf>) -> Result<Self, Error> {
        let device = device::find(device, Cores::default(), Purpose::Run).map_err(Error::new)?;
        Ok(Self::new(device, runs.into(), Arc::default()))
    }

    /// Runs a text and gives its results. Remarks, and a line for each epoch of training, are printed as they come;
    /// [`Session::run`] leaves that to its caller.
    ///
    /// Fails where the text has a mistake, before anything runs, or where a statement does not complete; those before it
    /// have.
    ///
    /// ```
    /// # use fovea_session as fovea;
    /// # let runs = tempfile::tempdir().unwrap();
    /// let mut session = fovea::Session::open("cpu", runs.path())?;
    /// let results = session.eval("net t = 8x8x1 - conv 4 - relu - pool, softmax 10\nsummary t")?;
    /// assert_eq!(results.outputs[1].data["totals"]["params"], 40 + 650);
    /// println!("{results}");
    ///
    /// let error = session.eval("net u = 8x8x1 - cnv 4, softmax 10").err().unwrap();
    /// assert!(error.to_string().contains("`conv`"));
    /// # Ok::<(), fovea::Error>(())
    /// ```
    pub fn eval(&mut self, text: &str) -> Result<Results, Error> {
        let mut outputs = Vec::new();
        let done = self.run("eval", text, &mut |event| match event {
            Event::Remark(remark, sources) => print(render(&[remark], &sources, Style::Plain).trim_end()),
            Event::Text(remark) => print(&remark),
            Event::Metric(metric) => print(&progress::part(&metric)),
            Event::Output(output) => outputs.push(output),
            Event::Begin { .. } | Event::Progress(_) | Event::Draft(_) | Event::Names(_) => {}
        });
        self.told(done).map(|()| Results { outputs })
    }

    /// A net by its name: one of the session's, or of the library's.
    ///
    /// Fails where there is no such net, or its input is left open and nothing has fixed it yet.
    ///
    /// ```
    /// # use fovea_session as fovea;
    /// # let runs = tempfile::tempdir().unwrap();
    /// let mut session = fovea::Session::open("cpu", runs.path())?;
    /// let lenet = session.net("lenet")?;
    /// assert_eq!((lenet.input, lenet.parameters, lenet.macs), (vec![28, 28, 1], 61_706, 416_520));
    /// # Ok::<(), fovea::Error>(())
    /// ```
    pub fn net(&mut self, net: &str) -> Result<Net, Error> {
        let net = self.asked("net", net, net::of);
        self.told(net)
    }

    /// The training run of a net: the one that made its weights, else its newest on disk.
    ///
    /// Fails where there is no such net or nothing has trained it.
    ///
    /// ```
    /// # use fovea_session as fovea;
    /// # let runs = tempfile::tempdir().unwrap();
    /// let mut session = fovea::Session::open("cpu", runs.path())?;
    /// session.eval("net t = 8x8x1 - fc 8 - relu, softmax 10\ntrain t on digits for 2 epochs")?;
    /// let history = session.history("t")?;
    /// assert_eq!(history.epochs.len(), 2);
    /// assert!(history.epochs[1].loss < history.epochs[0].loss);
    /// # Ok::<(), fovea::Error>(())
    /// ```
    pub fn history(&mut self, net: &str) -> Result<History, Error> {
        let history = self.asked("history", net, history::of);
        self.told(history)
    }

    /// A failure with its diagnostic rendered, which takes the session's texts.
    fn told<T>(&self, done: Result<T, Failure>) -> Result<T, Error> {
        done.map_err(|failure| Error::of(&failure, self.sources()))
    }
}

/// Prints a line for whoever looks on; where nobody does, nothing is lost.
fn print(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}
