//! In which order a tensor's numbers lie here and in PyTorch: here the channels are the last axis, there they come before
//! those of space, in filters, and in maps whose values a fully connected layer reads one by one.

use fovea_graph::Tensor;
use ndarray::{Axis, IxDyn};

/// Where the numbers of one of a net's tensors lie in PyTorch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axes {
    /// Where they lie here.
    Same,
    /// A filter `[K, R, S, C]` here is `[K, C, R, S]` there, with as many axes of space as it has.
    ChannelsSecond,
    /// Along the last axis are the values of maps `[H, W, C]`, one map behind the other: rows of weights `[K, H·W·C]`, or
    /// one number a value. There each map lies as `[C, H, W]`; a map of one value may lie there as it lies here.
    Maps(Vec<Vec<usize>>),
}

impl Axes {
    /// The shape there of what is of this shape here.
    pub fn theirs(&self, ours: &[usize]) -> Vec<usize> {
        match (self, ours) {
            (Axes::ChannelsSecond, [first, space @ .., channels]) => [&[*first, *channels], space].concat(),
            _ => ours.to_vec(),
        }
    }

    /// Whether what is of shape `found` there can be of shape `ours` here: weights of a fully connected layer may stand
    /// there as a filter that takes a whole map, `[K, C, H, W]`.
    pub fn takes(&self, ours: &[usize], found: &[usize]) -> bool {
        let as_filter = match (self, found) {
            (Axes::Maps(maps), [units, channels, space @ ..]) if !space.is_empty() => match &maps[..] {
                [map] => map.split_last().is_some_and(|(last, sides)| {
                    let is_vector = sides.is_empty() && space.iter().all(|&side| side == 1);
                    Some(units) == ours.first() && channels == last && (is_vector || space == sides)
                }),
                _ => false,
            },
            _ => false,
        };
        as_filter || self.theirs(ours) == found
    }

    /// What lies there so, as it lies here in shape `ours`; `None` where it cannot.
    pub fn to_ours(&self, theirs: Tensor, ours: &[usize]) -> Option<Tensor> {
        if !self.takes(ours, theirs.shape()) {
            return None;
        }
        match self {
            Axes::Same => Some(theirs),
            Axes::ChannelsSecond => {
                let mut axes: Vec<usize> = (0..ours.len()).collect();
                let channels = axes.remove(1);
                axes.push(channels);
                Some(theirs.permuted_axes(IxDyn(&axes)).as_standard_layout().into_owned())
            }
            Axes::Maps(maps) => {
                let flat = theirs.into_shape_with_order(IxDyn(ours)).ok()?;
                let from = places(maps);
                Some(along_rows(&flat, |row, out| {
                    out.iter_mut().zip(&from).for_each(|(out, &from)| *out = row[from]);
                }))
            }
        }
    }

    /// What lies here so, as it lies there.
    pub fn to_theirs(&self, ours: &Tensor) -> Tensor {
        match self {
            Axes::Same => ours.clone(),
            Axes::ChannelsSecond => {
                let mut axes: Vec<usize> = (0..ours.ndim()).collect();
                if let Some(channels) = axes.pop() {
                    axes.insert(1.min(axes.len()), channels);
                }
                ours.view().permuted_axes(IxDyn(&axes)).as_standard_layout().into_owned()
            }
            Axes::Maps(maps) => {
                let from = places(maps);
                along_rows(ours, |row, out| row.iter().zip(&from).for_each(|(value, &at)| out[at] = *value))
            }
        }
    }
}

/// Where the values along an axis, in our order, lie there.
fn places(maps: &[Vec<usize>]) -> Vec<usize> {
    let mut places = Vec::new();
    for map in maps {
        let begin = places.len();
        let channels = map.last().copied().unwrap_or(1);
        let positions: usize = map.iter().rev().skip(1).product();
        let of = |position: usize| (0..channels).map(move |channel| begin + channel * positions + position);
        places.extend((0..positions).flat_map(of));
    }
    places
}

/// A tensor of the same shape, whose last axis `fill` makes from that of this one.
fn along_rows(tensor: &Tensor, fill: impl Fn(&[f32], &mut [f32])) -> Tensor {
    let tensor = tensor.as_standard_layout();
    let mut result = Tensor::zeros(tensor.raw_dim());
    let last = Axis(tensor.ndim().saturating_sub(1));
    for (row, mut out) in tensor.lanes(last).into_iter().zip(result.lanes_mut(last)) {
        if let (Some(row), Some(out)) = (row.as_slice(), out.as_slice_mut()) {
            fill(row, out);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn counted(shape: &[usize]) -> Tensor {
        let count: usize = shape.iter().product();
        Tensor::from_shape_vec(IxDyn(shape), (0..count).map(|i| i as f32).collect()).unwrap()
    }

    /// There and back; the values are looked up one by one.
    #[test]
    fn filters_and_what_reads_maps_are_put_in_order() {
        for (ours, theirs) in [(vec![2, 3, 4, 5], vec![2, 5, 3, 4]), (vec![2, 3, 5], vec![2, 5, 3])] {
            let axes = Axes::ChannelsSecond;
            assert_eq!(axes.theirs(&ours), theirs);
            let there = counted(&theirs);
            let here = axes.to_ours(there.clone(), &ours).unwrap();
            assert_eq!((here.shape(), axes.to_theirs(&here)), (&ours[..], there));
        }
        let here = Axes::ChannelsSecond.to_ours(counted(&[2, 5, 3, 4]), &[2, 3, 4, 5]).unwrap();
        assert_eq!(here[[1, 2, 3, 4]], (((5 + 4) * 3 + 2) * 4 + 3) as f32);

        // A map 2x3x4 and a vector of 5.
        let axes = Axes::Maps(vec![vec![2, 3, 4], vec![5]]);
        let there = counted(&[2, 29]);
        let here = axes.to_ours(there.clone(), &[2, 29]).unwrap();
        for (h, w, c) in [(0, 0, 0), (1, 2, 3), (1, 0, 2)] {
            assert_eq!(here[[1, (h * 3 + w) * 4 + c]], there[[1, (c * 2 + h) * 3 + w]]);
        }
        assert_eq!(here[[0, 26]], there[[0, 26]]);
        assert_eq!(axes.to_theirs(&here), there);
        assert_eq!(axes.to_theirs(&counted(&[29]))[[1]], 4.0, "one number a value");
    }

    #[test]
    fn a_fully_connected_layer_may_stand_there_as_a_filter() {
        let axes = Axes::Maps(vec![vec![2, 3, 4]]);
        assert!(axes.takes(&[7, 24], &[7, 24]) && axes.takes(&[7, 24], &[7, 4, 2, 3]));
        assert!(!axes.takes(&[7, 24], &[7, 2, 3, 4]) && !axes.takes(&[7, 24], &[7, 24, 1, 1]));
        assert!(Axes::Maps(vec![vec![24]]).takes(&[7, 24], &[7, 24, 1, 1]));
        let filter = counted(&[7, 4, 2, 3]);
        let flat = filter.clone().into_shape_with_order(IxDyn(&[7, 24])).unwrap();
        assert_eq!(axes.to_ours(filter, &[7, 24]), axes.to_ours(flat, &[7, 24]));
        assert_eq!(Axes::Same.to_ours(counted(&[3]), &[4]), None);
    }
}
