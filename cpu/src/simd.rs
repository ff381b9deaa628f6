//! The processor's vectors: which sets of instructions there are, and loops compiled for each of them.
//!
//! A backend works with one set, chosen when it is made. Loops are written once: closures that the compiler vectorises
//! ([`Vectors::run`]), or kernels over `pulp::Simd` ([`Vectors::dispatch`]).

use std::any::TypeId;
use std::fmt;

use pulp::{Arch, MemMask, Simd, WithSimd};

/// What stands for vectors where no instructions are: four numbers side by side.
#[cfg(not(fovea_asan))]
use pulp::Scalar128b as Scalar;
/// Where bounds are checked sixteen, so that tiles as wide as AVX-512's are seen on every machine.
#[cfg(fovea_asan)]
use pulp::Scalar512b as Scalar;

/// A set of vector instructions that the CPU backend has kernels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instructions {
    /// 16 f32 at a time: x86-64 from Skylake's servers and Zen 4 on (F, BW, CD, DQ, VL).
    Avx512,
    /// 8 f32 at a time, with fused multiply-add: x86-64 from Haswell and Zen on.
    Avx2,
    /// 4 f32 at a time: every 64-bit ARM.
    Neon,
    /// What the compiler makes of plain loops for any processor of the kind.
    Plain,
}

impl Instructions {
    /// All of them, the widest first.
    const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Plain];

    /// Those that this machine has, the best first; the last is always [`Self::Plain`].
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|&set| Vectors::new(set).is_some()).collect()
    }

    /// The best that this machine has.
    pub fn best() -> Self {
        Vectors::best().instructions()
    }

    /// The word for it on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Plain => "plain",
        }
    }

    /// The set of a word, if this machine has it.
    ///
    /// # Errors
    /// A sentence that says what there is.
    pub fn from_word(word: &str) -> Result<Self, String> {
        let available = Self::available();
        let words: Vec<_> = available.iter().map(|set| format!("`{}`", set.word())).collect();
        let there = words.join(", ");
        match Self::ALL.into_iter().find(|set| set.word() == word) {
            Some(set) if available.contains(&set) => Ok(set),
            Some(set) => Err(format!("this machine has no {set}; it has {there}")),
            None => Err(format!("there is no set of instructions `{word}`; this machine has {there}")),
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Neon => "NEON",
            Self::Plain => "no vector instructions",
        })
    }
}

/// The vectors of a set that this machine has.
#[derive(Clone, Copy, Debug)]
pub struct Vectors(Arch);

impl Vectors {
    /// Those of this set; none where the machine has it not.
    pub fn new(instructions: Instructions) -> Option<Self> {
        match instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => pulp::x86::V4::try_new().map(|simd| Self(Arch::V4(simd))),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => pulp::x86::V3::try_new().map(|simd| Self(Arch::V3(simd))),
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => pulp::aarch64::Neon::try_new().map(|simd| Self(Arch::Neon(simd))),
            Instructions::Plain => Some(Self(Arch::Scalar)),
            _ => None,
        }
    }

    /// The widest of this machine.
    pub fn best() -> Self {
        Self(Arch::new())
    }

    /// Which they are.
    pub fn instructions(self) -> Instructions {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => Instructions::Avx512,
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => Instructions::Avx2,
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(_) => Instructions::Neon,
            _ => Instructions::Plain,
        }
    }

    /// How many f32 one holds.
    pub fn lanes(self) -> usize {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        self.dispatch(Lanes)
    }

    /// Half as wide, where so few lanes are enough: processors that have both do as many of the narrower ones at a time, or more.
    pub fn for_lanes(self, lanes: usize) -> Self {
        if lanes <= 8 && self.lanes() > 8 { Self::new(Instructions::Avx2).unwrap_or(self) } else { self }
    }

    /// Runs a kernel that is written over the vectors.
    #[inline(always)]
    pub fn dispatch<O: WithSimd>(self, kernel: O) -> O::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Arch::V3(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(simd) => Simd::vectorize(simd, kernel),
            _ => Simd::vectorize(Scalar, kernel),
        }
    }

    /// Runs `loops` compiled for these vectors. Only what is inlined into the closure profits.
    #[inline(always)]
    pub fn run<R>(self, loops: impl FnOnce() -> R) -> R {
        self.dispatch(loops)
    }
}

/// Has the line of the caches that this address lies in fetched, where processors can be asked to. It may be any address.
#[inline(always)]
pub fn prefetch(at: *const f32) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every x86-64 has it, and it neither reads nor faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// How far ahead panels are fetched that are read one behind another: 4 KiB. Those of small batches come from memory and are
/// used by few tiles: products of 49 rows are a fifth faster so, and none is slower.
pub const AHEAD: usize = 1024;

/// Elements of a line of the caches.
pub const LINE: usize = 16;

/// Has V vectors fetched, as far as their lines of the cache begin with them. They may be anywhere.
#[inline(always)]
pub fn prefetch_vectors<S: Simd, const V: usize>(first: *const f32) {
    (0..V * S::F32_LANES).step_by(LINE).for_each(|at| prefetch(first.wrapping_add(at)));
}

/// `a · b + c`: fused where the processor fuses, else two roundings, because a fused one would be a call of the library.
#[inline(always)]
pub fn mul_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if TypeId::of::<S>() == TypeId::of::<Scalar>() {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_f32s(a, b, c)
    }
}

/// max(x, 0); what is not a number stays so, for of two operands x86 takes the second where they are not ordered.
#[inline(always)]
pub fn rectified<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    if cfg!(target_arch = "x86_64") && TypeId::of::<S>() != TypeId::of::<Scalar>() {
        simd.max_f32s(zero, x)
    } else {
        simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
    }
}

/// Four rows of four as columns: by shuffles, where every processor has them.
#[inline(always)]
pub fn turn(rows: [&[f32; 4]; 4]) -> [[f32; 4]; 4] {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128, _MM_TRANSPOSE4_PS};
        let [mut a, mut b, mut c, mut d] = rows.map(|row| pulp::bytemuck::cast::<[f32; 4], __m128>(*row));
        // SAFETY: every x86-64 has it, and it touches no memory but these four.
        unsafe { _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d) };
        [a, b, c, d].map(pulp::bytemuck::cast::<__m128, [f32; 4]>)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
}

/// Does something to each of the sums, in loops of one instruction over indices that are known when it is compiled: else they
/// would leave the registers. A closure may become a call, which is compiled for no vectors at all.
macro_rules! each {
    ($sums:expr, |$m:pat_param, $v:pat_param, $sum:pat_param| $change:expr) => {
        for (m, sums) in $sums.iter_mut().enumerate() {
            for (v, at) in sums.iter_mut().enumerate() {
                let ($m, $v, $sum) = (m, v, *at);
                *at = $change;
            }
        }
    };
}
pub(crate) use each;

/// V vectors in memory, side by side: WHOLE ones, or as many of their elements as there are.
#[derive(Clone, Copy)]
pub struct Span<S: Simd, const V: usize, const WHOLE: bool>([MemMask<S::m32s>; V]);

impl<S: Simd, const V: usize> Span<S, V, true> {
    /// All of them.
    #[inline(always)]
    pub fn whole(simd: S) -> Self {
        Self([MemMask::new(simd.mask_between_m32s(0, 0).mask()); V])
    }
}

impl<S: Simd, const V: usize> Span<S, V, false> {
    /// The first `count` elements.
    #[inline(always)]
    pub fn first(simd: S, count: usize) -> Self {
        let mut masks = [MemMask::new(simd.mask_between_m32s(0, 0).mask()); V];
        for (v, mask) in masks.iter_mut().enumerate() {
            let end = count.saturating_sub(v * S::F32_LANES).min(S::F32_LANES);
            *mask = MemMask::new(simd.mask_between_m32s(0, end as u32).mask());
        }
        Self(masks)
    }
}

impl<S: Simd, const V: usize, const WHOLE: bool> Span<S, V, WHOLE> {
    /// Vector number v of those that begin here; zeros for what is not there.
    ///
    /// # Safety
    /// Its elements that are there must be readable.
    #[inline(always)]
    pub unsafe fn load(&self, simd: S, from: *const f32, v: usize) -> S::f32s {
        let from = from.wrapping_add(v * S::F32_LANES);
        // SAFETY: as was promised.
        unsafe {
            match WHOLE {
                true => from.cast::<S::f32s>().read_unaligned(),
                false => simd.mask_load_ptr_f32s(self.0[v], from),
            }
        }
    }

    /// Stores what is there of vector number v of those that begin here.
    ///
    /// # Safety
    /// Its elements that are there must be the caller's alone.
    #[inline(always)]
    pub unsafe fn store(&self, simd: S, to: *mut f32, v: usize, vector: S::f32s) {
        let to = to.wrapping_add(v * S::F32_LANES);
        // SAFETY: as was promised.
        unsafe {
            match WHOLE {
                true => to.cast::<S::f32s>().write_unaligned(vector),
                false => simd.mask_store_ptr_f32s(self.0[v], to, vector),
            }
        }
    }
}

/// V vectors from the beginning of `x`; zeros beyond its end.
#[inline(always)]
pub fn load<S: Simd, const V: usize>(simd: S, x: &[f32]) -> [S::f32s; V] {
    match x.get(..V * S::F32_LANES) {
        Some(x) => {
            let (vectors, _) = S::as_simd_f32s(x);
            std::array::from_fn(|v| vectors[v])
        }
        None => std::array::from_fn(|v| simd.partial_load_f32s(x.get(v * S::F32_LANES..).unwrap_or(&[]))),
    }
}

/// Stores V vectors at the beginning of `y`, as far as it goes.
#[inline(always)]
pub fn store<S: Simd, const V: usize>(y: &mut [f32], vectors: &[S::f32s; V]) {
    match y.get_mut(..V * S::F32_LANES) {
        Some(y) => S::as_mut_simd_f32s(y).0.copy_from_slice(vectors),
        None => {
            let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(vectors);
            y.iter_mut().zip(lanes).for_each(|(y, lane)| *y = *lane);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_machine_has_the_plain_set_and_the_best_comes_first() {
        let available = Instructions::available();
        assert_eq!(available.first(), Some(&Instructions::best()));
        assert_eq!(available.last(), Some(&Instructions::Plain));
        for set in available {
            let vectors = Vectors::new(set).unwrap();
            let lanes = match set {
                Instructions::Avx512 => 16,
                Instructions::Avx2 => 8,
                Instructions::Plain if cfg!(fovea_asan) => 16,
                Instructions::Neon | Instructions::Plain => 4,
            };
            assert_eq!((vectors.instructions(), vectors.lanes()), (set, lanes));
            assert_eq!(Instructions::from_word(set.word()), Ok(set));
            assert_eq!(vectors.run(|| (0..10).sum::<i32>()), 45);
        }
    }

    #[test]
    fn what_is_no_number_stays_so_where_it_is_rectified() {
        struct Rectified(f32);
        impl WithSimd for Rectified {
            type Output = Vec<f32>;
            fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
                pulp::bytemuck::cast_slice(&[rectified(simd, simd.splat_f32s(self.0))]).to_vec()
            }
        }
        for set in Instructions::available() {
            let all = |x: f32| Vectors::new(set).unwrap().dispatch(Rectified(x));
            assert!(all(f32::NAN).iter().all(|x| x.is_nan()), "{set}");
            for (x, expected) in [(-1.5, 0.0), (2.5, 2.5), (f32::NEG_INFINITY, 0.0), (f32::INFINITY, f32::INFINITY)] {
                assert!(all(x).iter().all(|&x| x == expected), "{set}: {x}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let unknown = Instructions::from_word("AVX").unwrap_err();
        assert!(unknown.starts_with("there is no set of instructions `AVX`; this machine has `"), "{unknown}");
        assert!(unknown.ends_with("`plain`"), "{unknown}");
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        let refused = Instructions::from_word(foreign).unwrap_err();
        assert!(refused.starts_with("this machine has no "), "{refused}");
    }
}
