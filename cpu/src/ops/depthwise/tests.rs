#![allow(clippy::unwrap_used)]

use fovea_graph::op::Activation;

use super::*;
use crate::epilogue::Epilogue;
use crate::simd::{Instructions, Vectors};

/// 2 maps of 6×9, 3×3 windows, 40 channels of one or two filters.
fn geometry(filters: usize, stride: usize) -> Geometry {
    Geometry {
        batch: 2,
        channels: 40,
        filters: 40 * filters,
        groups: 40,
        map: [1, 6, 9],
        out: [1, 6usize.div_ceil(stride), 9usize.div_ceil(stride)],
        window: [1, 3, 3],
        stride: [1, stride, stride],
        pad: [0, 1, 1],
        dilate: [1; 3],
    }
}

struct Some<'a> {
    slide: Slide<'a>,
    rows: Range<usize>,
    channels: Range<usize>,
    out: &'a mut [f32],
    stride: usize,
}

impl WithSimd for Some<'_> {
    type Output = ();

    fn with_simd<S: Simd>(self, simd: S) {
        self.slide.rows(simd, self.rows, self.channels, self.out, self.stride);
    }
}

#[test]
fn any_rows_and_channels_are_those_of_the_whole() {
    for set in Instructions::available() {
        let vectors = Vectors::new(set).unwrap();
        for (filters, step) in [(1, 1), (1, 2), (2, 1)] {
            let g = geometry(filters, step);
            let numbers = |n: usize| (0..n).map(|i| (i * i % 23) as f32 - 11.0).collect::<Vec<_>>();
            let (x, w, bias) = (numbers(g.batch * g.image()), numbers(9 * g.filters), numbers(g.filters));
            let shortcut = numbers(g.rows() * g.filters);
            let epilogue = Epilogue {
                shortcut: Option::Some(&shortcut),
                ..Epilogue::new(Option::Some(&bias), Option::Some(Activation::Relu))
            };
            let slide = Slide::forward(&g, &x, &w, epilogue);
            let compute = |rows: Range<usize>, channels: Range<usize>, stride: usize| {
                let mut out = vec![-1.0; rows.len() * stride];
                vectors.dispatch(Some { slide, rows, channels, out: &mut out, stride });
                out
            };
            let whole = compute(0..g.rows(), 0..40, g.filters);
            for (rows, channels) in
                [(0..14, 0..40), (5..11, 8..40), (9..10, 3..30), (17..g.rows(), 33..40), (7..7, 0..16)]
            {
                let (len, stride) = (channels.len() * filters, 40 * filters + 3);
                let part = compute(rows.clone(), channels.clone(), stride);
                for (row, part) in rows.zip(part.chunks(stride)) {
                    let expected = &whole[row * g.filters + channels.start * filters..][..len];
                    assert_eq!(&part[..len], expected, "row {row} of {channels:?} on {set}");
                    assert!(part[len..].iter().all(|&x| x == -1.0), "beyond row {row} of {channels:?} on {set}");
                }
            }
        }
    }
}
