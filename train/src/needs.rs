//! What a run takes: all of its programs, planned before anything runs.

use fovea_graph::{Backend, Plan, Stop};

use crate::error::TrainError;
use crate::feed::AT_ONCE;
use crate::forward::Forward;
use crate::question::Question;
use fovea_data::{DataSpec, LabelKind};

/// Pictures a test or a prediction takes at once, where the device has room for them.
pub(crate) const BATCH: usize = 64;

/// The programs of a run, which share their states and one arena.
pub struct Needs {
    /// Each with its question and batch: steps first, then tests.
    pub plans: Vec<(Question, usize, Plan)>,
    /// How many pictures a test takes at once; 0 where nothing is tested.
    pub test_batch: usize,
    /// The bytes of the data, where they are known.
    pub data: u64,
}

impl Needs {
    /// Plans the steps of these batches, and the tests of so many pictures, as these two questions ask for them. `forward`
    /// gives a net's graph.
    ///
    /// # Errors
    /// The net has no graph of such a batch, or cannot be asked so; [`TrainError::Interrupted`] where `stop` ends it.
    pub fn plan(
        forward: &Forward,
        [step, test]: [&Question; 2],
        batches: &[usize],
        tests: usize,
        backend: &dyn Backend,
        stop: &dyn Stop,
    ) -> Result<Self, TrainError> {
        let plan = |question: &Question, batch: usize| {
            Ok::<_, TrainError>((question.clone(), batch, question.route_unless(forward, batch, backend, stop)?.plan))
        };
        let mut plans = batches.iter().map(|&batch| plan(step, batch)).collect::<Result<Vec<_>, _>>()?;
        if tests == 0 {
            return Ok(Self { plans, test_batch: 0, data: 0 });
        }
        let room = plans.iter().map(|(.., plan)| plan.arena).max().unwrap_or(0);
        let mut full = plan(test, tests.min(BATCH))?;
        // A test takes no more than the steps do.
        while full.2.arena > room && full.1 > 1 {
            full = plan(test, full.1 / 2)?;
        }
        let test_batch = full.1;
        plans.push(full);
        match tests % test_batch {
            0 => {}
            rest => plans.push(plan(test, rest)?),
        }
        Ok(Self { plans, test_batch, data: 0 })
    }

    /// The same, and the data that lie in the host's memory all the while; of those that are read ahead, some batches.
    pub fn with(self, data: &DataSpec) -> Self {
        let batch = self.plans.iter().map(|&(_, batch, _)| batch).max().unwrap_or(0) as u64;
        let is_ahead = !(data.is_held() && data.labels_are_held());
        let ahead = AT_ONCE as u64 * batch * (data.sample_bytes() + data.label_bytes());
        let ahead = if is_ahead { ahead } else { 0 };
        // Of samples that are mixed, a share of each class at every position.
        let is_shared = data.augment().mixes() && data.labels() == LabelKind::Classes;
        let shares = data.positions().iter().product::<usize>() as u64 * data.classes() as u64 * 4;
        let shared = if is_shared { AT_ONCE as u64 * batch * shares } else { 0 };
        Self { data: data.bytes() + ahead + shared, ..self }
    }

    /// The bytes of a device's memory that all of it takes at most at once.
    pub fn bytes(&self, backend: &dyn Backend) -> u64 {
        let plans: Vec<&Plan> = self.plans.iter().map(|(.., plan)| plan).collect();
        backend.footprint(&plans) + if backend.shares_host() { self.data } else { 0 }
    }

    /// What a run takes whose data is not known: steps of one batch, and tests of many pictures.
    ///
    /// # Errors
    /// As [`Needs::plan`].
    pub fn of_any(
        forward: &Forward,
        asked: [&Question; 2],
        batch: usize,
        backend: &dyn Backend,
        stop: &dyn Stop,
    ) -> Result<Self, TrainError> {
        Self::plan(forward, asked, &[batch], BATCH, backend, stop)
    }
}
