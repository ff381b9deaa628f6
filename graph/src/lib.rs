//! The graph of a convolutional network and all that is true of it without running it.
//!
//! Dimensions are N, H, W, C in every logical shape. Nothing here touches a file, a clock or the environment.

mod against;
pub mod autodiff;
pub mod backend;
pub mod cost;
pub mod counted;
pub mod derivative;
pub mod fuse;
pub mod graph;
pub mod ids;
pub mod init;
mod objective;
pub mod op;
mod optimizer;
pub mod philox;
pub mod plan;
pub mod shape;
pub mod span;
pub mod stop;
mod tensor;
pub mod text;
pub mod training;
pub mod verify;
pub mod window;

pub use backend::{Arena, Backend, BackendError, Device, Feed, Memory, NotFinite, Outcome, Program};
pub use counted::{counted, noun};
pub use graph::{Graph, Init, Input, Layer, Node, Role, State};
pub use ids::{InputId, LayerId, NodeId, PreparedId, StateId};
pub use op::Op;
pub use plan::Plan;
pub use shape::Shape;
pub use span::{SourceId, Span};
pub use stop::{Interrupted, Never, Stop};
pub use tensor::Tensor;
