//! Updates of states: all that stand together in a plan are one launch.

use std::ops::Range as Steps;

use fovea_graph::{BackendError, NodeId, Op, Plan};

use super::Range;
use crate::kernels::StepFeed;
use crate::queue::Queue;
use crate::view::{In, InOut};

/// Updates that are one launch.
pub struct Group {
    steps: Steps<usize>,
}

/// The groups of a plan.
pub fn groups(_plan: &Plan) -> Vec<Group> {
    Vec::new()
}

/// Whether an op may write a state.
pub fn is_update(op: &Op) -> bool {
    matches!(
        op,
        Op::SgdVelocity(_) | Op::SgdStep(_) | Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) | Op::Running(_)
    )
}

impl Group {
    /// The plan's steps that it computes.
    pub fn steps(&self) -> Steps<usize> {
        self.steps.clone()
    }

    /// What its kernel reads: the bytes of its entries.
    pub fn table(&self, _plan: &Plan, _locate: &dyn Fn(NodeId) -> Range) -> Vec<u8> {
        Vec::new()
    }

    /// Launches it, with its table at this address.
    pub fn launch(
        &self,
        _queue: &Queue<'_>,
        _table: u64,
        _feed: In<StepFeed>,
        _halted: InOut<u32>,
    ) -> Result<(), BackendError> {
        Ok(())
    }
}
