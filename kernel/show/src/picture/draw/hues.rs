//! Which colour each kind of block has: one kind one colour, in all nets of a drawing.

use crate::architecture::{Architecture, BlockKind, LayerBox};

/// The number of the colour of each net's kinds of blocks. A stage's first block has that of its stage's others.
pub(super) fn hues(nets: &[Architecture]) -> Vec<Vec<usize>> {
    let mut seen: Vec<&BlockKind> = Vec::new();
    let mut numbers = Vec::with_capacity(nets.len());
    for net in nets {
        let usual = net.blocks.iter().enumerate().map(|(kind, block)| {
            if first_of(net, kind).is_some() {
                return 0;
            }
            seen.iter().position(|known| are_alike(known, block)).unwrap_or_else(|| {
                seen.push(block);
                seen.len() - 1
            })
        });
        let usual: Vec<usize> = usual.collect();
        let number = |kind: usize| first_of(net, kind).and_then(|of| usual.get(of)).unwrap_or(&usual[kind]);
        numbers.push((0..net.blocks.len()).map(|kind| *number(kind)).collect());
    }
    numbers
}

/// The kind of which a kind is the first of a stage.
pub(super) fn first_of(net: &Architecture, kind: usize) -> Option<usize> {
    let mut all = net.diagram.boxes.iter().chain(net.blocks.iter().flat_map(|block| &block.diagram.boxes));
    let of = |one: &LayerBox| one.lead.filter(|&lead| lead == kind).and(one.block);
    all.find_map(of).filter(|&of| of != kind)
}

/// Whether two nets' blocks look the same.
pub(super) fn are_alike(one: &BlockKind, other: &BlockKind) -> bool {
    let seen = |block: &BlockKind| block.diagram.boxes.iter().map(|one| (one.title(), one.sizes())).collect::<Vec<_>>();
    one.name == other.name && seen(one) == seen(other)
}
