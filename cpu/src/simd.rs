//! The processor's widest vectors, chosen once at run time.

/// Runs `loops` compiled for the widest vectors that this processor has. Only what is inlined into the closure profits.
#[inline(always)]
pub fn vectorised<R>(loops: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(loops)
}

/// The kind of machine, as plans name it.
pub fn machine() -> String {
    format!("cpu with vectors of {}", lanes())
}

/// How many f32 such a vector holds.
pub fn lanes() -> usize {
    struct Lanes;
    impl pulp::WithSimd for Lanes {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    pulp::Arch::new().dispatch(Lanes)
}

/// V vectors from the beginning of `x`; zeros beyond its end.
#[inline(always)]
pub fn load<S: pulp::Simd, const V: usize>(simd: S, x: &[f32]) -> [S::f32s; V] {
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
pub fn store<S: pulp::Simd, const V: usize>(y: &mut [f32], vectors: &[S::f32s; V]) {
    match y.get_mut(..V * S::F32_LANES) {
        Some(y) => S::as_mut_simd_f32s(y).0.copy_from_slice(vectors),
        None => {
            let lanes = pulp::bytemuck::cast_slice::<S::f32s, f32>(vectors);
            y.iter_mut().zip(lanes).for_each(|(y, lane)| *y = *lane);
        }
    }
}

/// `sums[p] += x(p) · b` for P rows of V vectors, which stay in registers.
#[inline(always)]
pub fn multiply_add<S: pulp::Simd, const P: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; P],
    x: impl Fn(usize) -> f32,
    b: [S::f32s; V],
) {
    for (p, sums) in sums.iter_mut().enumerate() {
        let x = simd.splat_f32s(x(p));
        for v in 0..V {
            sums[v] = simd.mul_add_f32s(x, b[v], sums[v]);
        }
    }
}
