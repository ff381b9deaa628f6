//! Once each size of batch has been seen, a step allocates nothing that grows with a tensor.
#![allow(clippy::unwrap_used)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fovea_data::{DataSource, DataSpec};
use fovea_graph::backend::Room;
use fovea_graph::plan::Choice;
use fovea_graph::{
    Arena, Backend, BackendError, Device, Feed, Graph, Memory, NodeId, Outcome, Plan, Program, State, StateId, Tensor,
};
use fovea_train::{Event, Recipe, Runs, Trainee, fit};
use support::{recipe, regression};

/// The largest allocation since this was last set to 0.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Watched;

// SAFETY: all of it is the system's allocator's; only sizes are noted.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// A device that computes nothing and so allocates nothing.
struct Idle;

impl Backend for Idle {
    fn device(&self) -> Device {
        Device { name: "idle".into(), description: String::new(), memory: None }
    }

    fn choose(&self, _: &Graph, _: NodeId) -> Choice {
        Choice::plain()
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        Ok(Box::new(Nothing(states.to_vec())))
    }

    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        Ok(Arc::new(Room(bytes)))
    }

    fn compile_in(&self, plan: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        Ok(Box::new(NoOp(plan, Outcome::Done)))
    }
}

struct Nothing(Vec<State>);

impl Memory for Nothing {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        Ok(Tensor::zeros(self.0[state.index()].shape.dims()))
    }

    fn write(&mut self, _: StateId, _: &Tensor) -> Result<(), BackendError> {
        Ok(())
    }

    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError> {
        self.0.truncate(kept);
        self.0.extend_from_slice(states);
        Ok(())
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

struct NoOp(Plan, Outcome);

impl Program for NoOp {
    fn plan(&self) -> &Plan {
        &self.0
    }

    fn begin(
        &mut self,
        _: &mut dyn Memory,
        _: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        self.1 = if before(0).is_break() { Outcome::Interrupted } else { Outcome::Done };
        Ok(())
    }

    fn finish(&mut self) -> Result<Outcome, BackendError> {
        Ok(self.1.clone())
    }

    fn scalar(&self, _: &str) -> Result<f32, BackendError> {
        Ok(0.0)
    }

    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        let id = self.0.graph.find_output(name).ok_or_else(|| BackendError::Mismatch(name.into()))?;
        Ok(Tensor::zeros(self.0.graph.shape(id).dims()))
    }
}

#[test]
fn steps_reuse_their_memory() {
    let data = DataSpec::open("digits", DataSource::Digits, Some([32, 32])).unwrap().load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut trainee = Trainee::fresh(Arc::new(Idle), regression(32, 10, 0.0), 1).unwrap();
    let recipe = Recipe { epochs: 3, ..recipe() };
    let mut run = Runs::at(folder.path()).create(&support::info(&recipe)).unwrap();
    let (mut last, mut largest) = (0, 0);
    let mut events = |event| {
        if let Event::Step { epoch, .. } = event {
            // The time from one step of an epoch to the next.
            if epoch == last && epoch > 1 {
                largest = largest.max(LARGEST.load(Ordering::Relaxed));
            }
            last = epoch;
            LARGEST.store(0, Ordering::Relaxed);
        }
    };
    fit(&mut trainee, &data, &recipe, Some(&mut run), &mut events, &AtomicBool::new(false)).unwrap();
    assert_eq!(last, 3);
    // One picture has 4 KiB.
    assert!((1..2048).contains(&largest), "{largest} bytes at once");
}
