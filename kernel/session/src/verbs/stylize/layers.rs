//! Which layers compare the pictures: those that are named, or those that the source names, by where they stand.

use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::syntax::Name;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;

use crate::layers::own_layer;

/// So many blocks have a layer for style at most, as many as the source names of VGG-19.
const BLOCKS: usize = 5;

/// The block whose second convolution is asked for content, counted from 0; the last one where there are fewer.
const CONTENT: usize = 3;

/// Layers of a net, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Those whose maps are compared.
    pub content: Vec<usize>,
    /// Those whose Gram matrices are.
    pub style: Vec<usize>,
}

impl Chosen {
    /// The one that stands last.
    pub fn deepest(&self) -> usize {
        self.content.iter().chain(&self.style).copied().max().unwrap_or_default()
    }
}

/// The layers of a net that are named, and its usual ones where none are; what is not asked has none. `net_at` is where the net is
/// named.
pub fn chosen(net: &Net, net_at: Span, named: [Option<&[Name]>; 2], asked: [bool; 2]) -> Result<Chosen, Diagnostic> {
    let blocks = blocks(net);
    let of_named = |names: &[Name]| names.iter().map(|name| of_maps(name, net)).collect::<Result<Vec<_>, _>>();
    let [content, style] = named;
    let content = match content {
        _ if !asked[0] => Vec::new(),
        Some(names) => of_named(names)?,
        None => usual_content(net, &blocks).into_iter().collect(),
    };
    let style = match style {
        _ if !asked[1] => Vec::new(),
        Some(names) => of_named(names)?,
        None => blocks.iter().take(BLOCKS).filter_map(|block| Some(rectified(net, *block.first()?))).collect(),
    };
    if asked[0] && content.is_empty() || asked[1] && style.is_empty() {
        let message = format!("`{}` has no convolution whose maps could compare pictures", net.name);
        let mistake = Diagnostic::new(Stage::Shapes, net_at, message).found("no maps");
        return Err(mistake.expected("a net with `conv`"));
    }
    Ok(Chosen { content, style })
}

fn usual_content(net: &Net, blocks: &[Vec<usize>]) -> Option<usize> {
    let block = blocks.get(CONTENT).or(blocks.last())?;
    block.get(1).or(block.first()).map(|&conv| rectified(net, conv))
}

/// The convolutions of a net whose maps have a height and a width, in runs between which the map becomes smaller. Where it becomes larger
/// again they end.
fn blocks(net: &Net) -> Vec<Vec<usize>> {
    let extent = |layer: &Layer| match layer.output[..] {
        [height, width, _] if matches!(layer.kind, Kind::Conv { .. }) => Some(height * width),
        _ => None,
    };
    let mut blocks: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, layer) in net.layers.iter().enumerate() {
        let Some(extent) = extent(layer) else { continue };
        match blocks.last_mut() {
            Some((size, _)) if extent > *size => break,
            Some((size, block)) if extent == *size => block.push(at),
            _ => blocks.push((extent, vec![at])),
        }
    }
    blocks.into_iter().map(|(_, block)| block).collect()
}

/// The rectifier, or whatever activation, that follows a convolution, perhaps behind a normalisation; the convolution where none
/// does.
fn rectified(net: &Net, conv: usize) -> usize {
    let reader =
        |of: usize, is: fn(&Kind) -> bool| net.layers.iter().position(|layer| layer.inputs == [of] && is(&layer.kind));
    let normalised = reader(conv, |kind| matches!(kind, Kind::BatchNorm { .. })).unwrap_or(conv);
    reader(normalised, |kind| matches!(kind, Kind::Relu | Kind::Unary(_))).unwrap_or(conv)
}

/// A layer that is named, which must have maps.
fn of_maps(name: &Name, net: &Net) -> Result<usize, Diagnostic> {
    let mut at = own_layer(name, net)?;
    // What is nothing but in training has the value of what stands before it.
    while let (Kind::Dropout { .. } | Kind::Side(_), [before]) = (&net.layers[at].kind, &net.layers[at].inputs[..]) {
        at = *before;
    }
    let output = &net.layers[at].output;
    if output.len() == 3 && at > 0 {
        return Ok(at);
    }
    let message = format!("`{name}` gives {}, and no maps", join(output));
    let mistake = Diagnostic::new(Stage::Shapes, name.span, message).found(join(output)).expected("a layer with maps");
    let last =
        net.layers.iter().skip(1).rfind(|layer| matches!(layer.kind, Kind::Conv { .. }) && layer.output.len() == 3);
    Err(match last {
        Some(last) => mistake.mend(name.span, &last.name).help(format!("`{}` has maps, say", last.name)),
        None => mistake,
    })
}
