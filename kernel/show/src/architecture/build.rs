//! From a net to the boxes of its diagram.

use std::collections::BTreeSet;
use std::ops::Range;

use fovea_dsl::net::fold::{Part, Repeat, Role};
use fovea_dsl::net::{Kind, Net};

use super::label::{family, label, then};
use super::stretches::{gather, inside};
use super::words::{common_stem, letter};
use super::{Architecture, BlockKind, Diagram, Family, Flow, LayerBox, Link};

/// A block's box says at most so many channels.
const MOST_CHANNELS: usize = 8;

/// How much of a net a diagram shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What repeats is folded, and blocks are told once.
    Folded,
    /// Every layer where it stands.
    All,
}

/// What a diagram of the net shows.
pub fn architecture(net: &Net, depth: Depth) -> Architecture {
    let mut builder = Builder::new(net, depth);
    let whole = 0..net.layers.len();
    let diagram = builder.diagram(&builder.parts.clone(), std::slice::from_ref(&whole));
    let blocks = builder.kinds.into_iter().map(|kind| kind.block).collect();
    Architecture { net: net.name.clone(), diagram, blocks }
}

/// A kind of block, while diagrams are built.
struct Kindred {
    /// Where it stands in the net, each time.
    uses: Vec<Range<usize>>,
    block: BlockKind,
}

struct Builder<'a> {
    net: &'a Net,
    depth: Depth,
    parts: Vec<Part>,
    /// How many layers read each.
    readers: Vec<usize>,
    /// All stretches that may stand as one box: blocks, and what repeats.
    stretches: Vec<Range<usize>>,
    kinds: Vec<Kindred>,
}

/// Where a block stands among its like.
#[derive(Clone, Copy)]
enum Place {
    Usual,
    /// It changes the sizes, and others of its stage do not.
    First,
}

/// What is made into a box: a layer, or a stretch of them.
enum Item<'p> {
    Layer(usize),
    Stretch { part: &'p Part, times: Vec<Range<usize>>, body: &'p [Part], lead: Option<&'p [Part]> },
}

impl<'a> Builder<'a> {
    fn new(net: &'a Net, depth: Depth) -> Self {
        let mut readers = vec![0; net.layers.len()];
        net.layers.iter().flat_map(|layer| &layer.inputs).for_each(|&input| readers[input] += 1);
        let mut builder = Self { net, depth, parts: net.parts(), readers, stretches: Vec::new(), kinds: Vec::new() };
        gather(&builder.parts, 0, &mut builder.stretches);
        builder
    }

    /// The boxes of some parts. `uses` are the stretches that they stand for, the parts' own first: all alike.
    fn diagram(&mut self, parts: &[Part], uses: &[Range<usize>]) -> Diagram {
        let mut diagram = Diagram::default();
        let whole = uses[0].clone();
        // The box of each layer of the stretch.
        let mut owners: Vec<usize> = vec![0; whole.len()];
        if whole.start > 0 {
            diagram.boxes.push(self.entry(uses));
        }
        for item in self.items(parts) {
            let layers = match &item {
                Item::Layer(layer) => *layer..*layer + 1,
                Item::Stretch { part, .. } => part.layers.clone(),
            };
            let into = match &item {
                Item::Layer(layer) => self.joined(*layer, &diagram, &owners, &whole, uses),
                Item::Stretch { .. } => None,
            };
            let owner = match into {
                Some(merged) => {
                    let at = merged.0;
                    diagram.boxes[at] = merged.1;
                    at
                }
                None => {
                    let new = self.boxed(&item, &whole, uses);
                    diagram.boxes.push(new);
                    diagram.boxes.len() - 1
                }
            };
            owners[layers.start - whole.start..layers.end - whole.start].fill(owner);
        }
        diagram.links = self.links(&owners, &whole);
        diagram
    }

    /// What stands in boxes of its own.
    fn items<'p>(&self, parts: &'p [Part]) -> Vec<Item<'p>> {
        let mut items = Vec::new();
        for part in parts {
            match &part.role {
                Role::Layer => items.push(Item::Layer(part.layers.start)),
                _ if self.depth == Depth::All => items.extend(part.layers.clone().map(Item::Layer)),
                Role::Block(inner) if self.is_kindred(&part.layers) => {
                    items.push(Item::Stretch { part, times: vec![part.layers.clone()], body: inner, lead: None });
                }
                Role::Block(inner) => items.extend(self.items(inner)),
                Role::Repeat(Repeat { times, lead, body }) => {
                    items.push(Item::Stretch {
                        part,
                        times: times.clone(),
                        body: inside(body),
                        lead: lead.as_deref().map(inside),
                    });
                }
            }
        }
        items
    }

    /// Whether a block stands in the net elsewhere, too.
    fn is_kindred(&self, layers: &Range<usize>) -> bool {
        self.stretches.iter().any(|other| other != layers && self.net.are_alike(layers, other))
    }

    /// What a block is given.
    fn entry(&self, uses: &[Range<usize>]) -> LayerBox {
        let before: Vec<usize> = uses.iter().filter_map(|range| range.start.checked_sub(1)).collect();
        LayerBox {
            family: Family::Input,
            label: "input".to_string(),
            then: Vec::new(),
            channels: Vec::new(),
            output: self.spans(&before),
            values: self.values(&before),
            count: 1,
            first: None,
            block: None,
            lead: None,
            layers: uses[0].start..uses[0].start,
            lead_layers: 0,
            names: Default::default(),
        }
    }

    /// The box that a layer goes into, with it, where it follows alone on what stands there.
    fn joined(
        &self,
        layer: usize,
        diagram: &Diagram,
        owners: &[usize],
        whole: &Range<usize>,
        uses: &[Range<usize>],
    ) -> Option<(usize, LayerBox)> {
        let here = &self.net.layers[layer];
        let &[input] = &here.inputs[..] else { return None };
        if !whole.contains(&input) || self.readers[input] > 1 {
            return None;
        }
        let owner = owners[input - whole.start];
        let old = &diagram.boxes[owner];
        let is_last = old.layers.end == input + 1 && input + 1 == layer && old.block.is_none();
        let is_bare = old.family == Family::Pointwise && old.layers.len() == 1 + old.then.len();
        if !is_last || old.count > 1 || old.family == Family::Input || matches!(here.kind, Kind::Side(_)) {
            return None;
        }
        let mut new = old.clone();
        new.layers.end = layer + 1;
        new.names[1] = here.name.clone();
        let kin = self.kin(layer, whole, uses);
        (new.output, new.values) = (self.spans(&kin), self.values(&kin));
        if here.kind.is_pointwise() {
            new.then.extend(then(&here.kind));
        } else if is_bare && self.net.layers[old.layers.start].kind.is_pointwise() {
            // `bn - relu - conv`: the box is the convolution's.
            let label = label(self.net, &self.kin(layer, whole, uses));
            let before = [vec![old.label.clone()], old.then.clone()].concat();
            new.label = format!("{}, {label}", before.join(", "));
            new.then = Vec::new();
            new.family = family(&here.kind);
        } else {
            return None;
        }
        Some((owner, new))
    }

    /// The layers that a layer of the first use stands for.
    fn kin(&self, layer: usize, whole: &Range<usize>, uses: &[Range<usize>]) -> Vec<usize> {
        uses.iter().map(|other| layer - whole.start + other.start).collect()
    }

    /// The sizes of some layers' outputs, from the least to the greatest.
    fn spans(&self, layers: &[usize]) -> Vec<[usize; 2]> {
        let mut all = layers.iter().map(|&layer| &self.net.layers[layer].output);
        let Some(first) = all.next() else { return Vec::new() };
        let mut spans: Vec<[usize; 2]> = first.iter().map(|&size| [size, size]).collect();
        for output in all {
            for (span, &size) in spans.iter_mut().zip(output) {
                *span = [span[0].min(size), span[1].max(size)];
            }
        }
        spans
    }

    /// How many values some layers' outputs have, at least and at most.
    fn values(&self, layers: &[usize]) -> [u64; 2] {
        let product = |sizes: &[usize]| sizes.iter().fold(1u64, |all, &size| all.saturating_mul(size as u64));
        let all = || layers.iter().map(|&layer| product(&self.net.layers[layer].output));
        [all().min().unwrap_or(0), all().max().unwrap_or(0)]
    }

    /// A box of its own.
    fn boxed(&mut self, item: &Item<'_>, whole: &Range<usize>, uses: &[Range<usize>]) -> LayerBox {
        match item {
            Item::Layer(layer) => {
                let (kin, here) = (self.kin(*layer, whole, uses), &self.net.layers[*layer]);
                LayerBox {
                    family: family(&here.kind),
                    label: label(self.net, &kin),
                    then: Vec::new(),
                    channels: Vec::new(),
                    output: self.spans(&kin),
                    values: self.values(&kin),
                    count: 1,
                    first: None,
                    block: None,
                    lead: None,
                    layers: *layer..layer + 1,
                    lead_layers: 0,
                    names: [here.name.clone(), here.name.clone()],
                }
            }
            Item::Stretch { part, times, body, lead } => {
                let ends = |range: &Range<usize>| {
                    uses.iter().map(|other| range.end - 1 - whole.start + other.start).collect::<Vec<_>>()
                };
                let ends: Vec<usize> = times.iter().flat_map(ends).collect();
                let mut new = self.stretch(times, body, *lead);
                (new.output, new.values) = (self.spans(&ends), self.values(&ends));
                new.layers = part.layers.clone();
                new.lead_layers = lead.map_or(0, |_| times[0].len());
                let layers = &self.net.layers[part.layers.clone()];
                new.names = [&layers[0], &layers[layers.len() - 1]].map(|layer| layer.name.clone());
                new
            }
        }
    }

    /// The box of a stretch: one that repeats as it stands, or a block that is told elsewhere.
    fn stretch(&mut self, times: &[Range<usize>], body: &[Part], lead: Option<&[Part]>) -> LayerBox {
        let last = &times[times.len() - 1];
        let alone = self.diagram(body, &times[usize::from(lead.is_some())..].iter().rev().cloned().collect::<Vec<_>>());
        if let [entry, only] = &alone.boxes[..]
            && only.block.is_none()
            && entry.family == Family::Input
        {
            let first = lead.map(|_| self.difference(&times[0], last));
            return LayerBox { count: times.len() * only.count, first: first.flatten(), ..only.clone() };
        }
        let block = self.kind(body, last, Place::Usual);
        let lead = lead.map(|lead| self.kind(lead, &times[0], Place::First));
        let first = lead.and_then(|_| self.shrinkage(&times[0]));
        LayerBox {
            family: Family::Block,
            label: self.kinds[block].block.name.clone(),
            then: Vec::new(),
            channels: self.channels(block, last),
            output: Vec::new(),
            values: [0; 2],
            count: times.len(),
            first,
            block: Some(block),
            lead,
            layers: 0..0,
            lead_layers: 0,
            names: Default::default(),
        }
    }

    /// In which strides the first time differs.
    fn difference(&self, first: &Range<usize>, other: &Range<usize>) -> Option<String> {
        let stride = |layer: usize| match &self.net.layers[layer].kind {
            Kind::Conv { stride, .. } => Some(stride),
            _ => None,
        };
        let mut pairs = first.clone().zip(other.clone()).map(|(one, other)| [stride(one), stride(other)]);
        let [one, _] = pairs.find(|[one, other]| one != other)?;
        one.and_then(|stride| stride.first()).map(|step| format!("first /{step}"))
    }

    /// By how much the first time makes the map smaller: `first /2`.
    fn shrinkage(&self, first: &Range<usize>) -> Option<String> {
        let extent = |layer: usize| self.net.layers[layer].output.first().copied();
        let (before, behind) = (extent(first.start.checked_sub(1)?)?, extent(first.end - 1)?);
        (behind > 0 && before > behind).then(|| format!("first /{}", before.div_ceil(behind)))
    }

    /// The channels in which a use differs from the others of its kind, in order; none where there are too many.
    fn channels(&self, kind: usize, at: &Range<usize>) -> Vec<usize> {
        let uses = &self.kinds[kind].uses;
        let width = |layer: usize| match &self.net.layers[layer].kind {
            Kind::Conv { filters, .. } | Kind::Deconv { filters, .. } => Some(*filters),
            Kind::Fc { units, .. } => Some(*units),
            _ => None,
        };
        let differs = |&offset: &usize| {
            let here = width(at.start + offset);
            here.is_some() && uses.iter().any(|other| width(other.start + offset) != here)
        };
        let channels: Vec<usize> =
            (0..at.len()).filter(differs).filter_map(|offset| width(at.start + offset)).collect();
        if channels.len() > MOST_CHANNELS { Vec::new() } else { channels }
    }

    /// The kind of a block, by its number: a new one where none is like it.
    fn kind(&mut self, body: &[Part], at: &Range<usize>, place: Place) -> usize {
        if let Some(known) = self.kinds.iter().position(|kind| self.net.are_alike(&kind.uses[0], at)) {
            return known;
        }
        let alike = |other: &&Range<usize>| *other != at && self.net.are_alike(at, other);
        let mut uses = vec![at.clone()];
        uses.extend(self.stretches.iter().filter(alike).cloned());
        let diagram = self.diagram(body, &uses);
        let is_stage = diagram.is_chain() || diagram.boxes.iter().any(|one| one.block.is_some());
        let name = self.name(&uses, place, is_stage);
        let block = BlockKind { name, uses: uses.len(), diagram };
        self.kinds.push(Kindred { uses, block });
        self.kinds.len() - 1
    }

    /// What a block is called: as the text calls it, else by how it joins.
    fn name(&self, uses: &[Range<usize>], place: Place, is_stage: bool) -> String {
        let layers = &self.net.layers[uses[0].clone()];
        let stem = common_stem(layers.iter().map(|layer| layer.name.as_str()));
        let has = |kind: Kind| layers.iter().any(|layer| layer.kind == kind);
        let stem = match stem {
            Some(stem) => stem,
            None if is_stage => "stage".to_string(),
            None if has(Kind::Add) => "residual block".to_string(),
            None => "branches".to_string(),
        };
        let wanted = match place {
            Place::Usual => stem,
            Place::First => format!("{stem}, the first of a stage"),
        };
        let is_free = |name: &String| self.kinds.iter().all(|kind| kind.block.name != *name);
        let all = std::iter::once(wanted.clone()).chain((1..).map(|number| format!("{wanted} {}", letter(number))));
        all.into_iter().find(is_free).unwrap_or(wanted)
    }

    /// What flows between boxes.
    fn links(&self, owners: &[usize], whole: &Range<usize>) -> Vec<Link> {
        let (mut links, mut known) = (Vec::new(), BTreeSet::new());
        for (at, layer) in self.net.layers[whole.clone()].iter().enumerate() {
            for (number, input) in layer.inputs.iter().enumerate() {
                let from = input.checked_sub(whole.start).map_or(0, |input| owners[input]);
                let to = owners[at];
                let flow = if number > 0 && matches!(layer.kind, Kind::Unpool(_)) { Flow::Switches } else { Flow::Map };
                if from != to && known.insert((from, to, flow)) {
                    links.push(Link { from, to, flow });
                }
            }
        }
        links
    }
}
