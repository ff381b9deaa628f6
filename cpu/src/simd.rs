//! The processor's widest vectors, chosen once at run time.

/// Runs `loops` compiled for the widest vectors that this processor has. Only what is inlined into the closure profits.
#[inline(always)]
pub fn vectorised<R>(loops: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(loops)
}
