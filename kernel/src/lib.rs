//! Fovea: convolutional networks as a lecture writes them.
//!
//! A [`Session`] takes statements and gives results: text, pictures and the same as data. Front ends render the
//! [`event::Event`]s it sends; none computes. A Rust program or notebook asks for values instead, as [`Session::eval`] and
//! its neighbours give them:
//!
//! ```
//! # let runs = tempfile::tempdir().unwrap();
//! let mut session = fovea::Session::open("cpu", runs.path())?;
//! session.eval("net t = 8x8x1 - conv 4 - relu - pool, softmax 10\ntrain t on digits for 1 epochs")?;
//! println!("{} parameters", session.net("t")?.parameters);
//! println!("{:?} of the test part are right", session.history("t")?.epochs[0].test_accuracy);
//! # Ok::<(), fovea::Error>(())
//! ```
//!
//! In an evcxr notebook, with the path of this crate's folder:
//!
//! ```text
//! :dep fovea = { package = "fovea-lang", path = "…/kernel", default-features = false }
//! let mut session = fovea::Session::open("cpu", "runs")?;
//! session.eval("summary lenet")?
//! ```

pub use fovea_session::{
    Error, History, Net, Results, Session, device, event, failure, foreign, live, progress, session, slides, values,
};
pub use fovea_show::{display, markup, picture};
