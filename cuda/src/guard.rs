//! The guard of a step: before states are written it looks on the device whether all that the updates read is finite, and
//! at the end it gathers what the host is told. What the updates would give their own kernels look at.

use cudarc::driver::CudaSlice;
use fovea_graph::{BackendError, NotFinite};

use crate::gpu::Gpu;
use crate::kernels::{self, Watched};
use crate::modules::Kernel;
use crate::ops::Range;
use crate::queue::Queue;
use crate::view::{In, InOut, Out};

/// The halted word while all is finite.
const RUNNING: u32 = u32::MAX;
/// How many elements a block looks at: `WATCHED_PER_BLOCK` of guard.cu.
const PER_BLOCK: usize = 16_384;

/// Its kernels.
pub const KERNELS: [&Kernel; 2] = [&kernels::CHECK_FINITE, &kernels::GATHER];

/// Watched values, and the halted word.
pub struct Guard {
    /// What may not be finite: the watched values, and then what the updates' kernels look at.
    names: Vec<NotFinite>,
    watched: usize,
    table: CudaSlice<Watched>,
    blocks: u64,
    scalars: CudaSlice<In<f32>>,
    numbers: usize,
    /// The number of the first name whose value is not finite, or [`RUNNING`]; no update writes otherwise. It stays so, for
    /// the steps begun after, until the host has heard of it.
    halted: CudaSlice<u32>,
    /// Whether the host has heard of a step that was halted.
    heard: bool,
}

impl Guard {
    /// A guard over these values, which gathers these numbers; others look at what `further` names.
    pub fn new(
        gpu: &Gpu,
        watched: Vec<(NotFinite, Range)>,
        further: Vec<NotFinite>,
        numbers: &[Range],
    ) -> Result<Self, BackendError> {
        let mut blocks = 0;
        let entry = |(_, range): &(NotFinite, Range)| {
            let first_block = blocks;
            blocks += range.len.div_ceil(PER_BLOCK) as u64;
            Watched { x: range.read(), first_block }
        };
        let table: Vec<Watched> = watched.iter().map(entry).collect();
        let scalars: Vec<In<f32>> = numbers.iter().map(|range| range.read()).collect();
        Ok(Self {
            watched: watched.len(),
            names: watched.into_iter().map(|(what, _)| what).chain(further).collect(),
            table: gpu.upload(&table)?,
            blocks,
            scalars: gpu.upload(&scalars)?,
            numbers: numbers.len(),
            halted: gpu.upload(&[RUNNING])?,
            heard: false,
        })
    }

    /// The halted word.
    pub fn halted(&self, gpu: &Gpu) -> InOut<u32> {
        InOut::new(gpu.address(&self.halted), 1)
    }

    /// Looks at the watched values.
    pub fn look(&self, gpu: &Gpu, queue: &Queue<'_>) -> Result<(), BackendError> {
        if self.blocks == 0 {
            return Ok(());
        }
        let table = In::new(gpu.address(&self.table), self.watched);
        kernels::check_finite(queue, [self.blocks as u32, 1, 1], table, self.halted(gpu))
    }

    /// Puts the halted word and the numbers next to each other, for one copy to the host.
    pub fn gather(&self, gpu: &Gpu, queue: &Queue<'_>, results: Out<f32>) -> Result<(), BackendError> {
        let scalars = In::new(gpu.address(&self.scalars), self.numbers);
        kernels::gather(queue, [1, 1, 1], scalars, self.halted(gpu), results)
    }

    /// What was not finite, by the halted word of a step.
    pub fn name(&mut self, halted: u32) -> Option<NotFinite> {
        let name = self.names.get(usize::try_from(halted).ok()?)?;
        self.heard = true;
        Some(name.clone())
    }

    /// Lets updates write again, once the host has heard why they did not. No step may be under way.
    pub fn reset(&mut self, gpu: &Gpu) -> Result<(), BackendError> {
        if std::mem::take(&mut self.heard) {
            gpu.fill(&self.halted, 0xff)?;
        }
        Ok(())
    }
}
