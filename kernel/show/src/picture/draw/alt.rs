//! Diagrams in words.

use crate::architecture::{Architecture, Diagram, Flow, LayerBox};

/// The nets, each box with what it reads where that is not the one before it.
pub(super) fn alt(nets: &[Architecture]) -> String {
    let net = |net: &Architecture| {
        let blocks = net.blocks.iter().map(|block| {
            let often = if block.uses > 1 { format!(", {} times", block.uses) } else { String::new() };
            format!(" Block {}{often}: {}.", block.name, told(&block.diagram))
        });
        format!("{}: {}.{}", net.net, told(&net.diagram), blocks.collect::<String>())
    };
    nets.iter().map(net).collect::<Vec<_>>().join(" ")
}

fn told(diagram: &Diagram) -> String {
    let mut text = String::new();
    for (at, one) in diagram.boxes.iter().enumerate() {
        let reads: Vec<_> = diagram.links.iter().filter(|link| link.to == at).collect();
        let is_next = matches!(reads[..], [link] if link.from + 1 == at);
        text += match at {
            0 => "",
            _ if is_next => " → ",
            _ => "; ",
        };
        text += &named(one);
        if !is_next && !reads.is_empty() {
            let from = reads.iter().map(|link| {
                let what = if link.flow == Flow::Switches { "the maxima of " } else { "" };
                format!("{what}{}", diagram.boxes[link.from].label)
            });
            text += &format!(" from {}", from.collect::<Vec<_>>().join(" and "));
        }
    }
    text
}

/// `conv 64 7×7/2, bn, relu (112×112×64)`
fn named(one: &LayerBox) -> String {
    let times = one.times().map(|times| format!(" {times}")).unwrap_or_default();
    let first = one.first.iter().map(|first| format!(", {first}")).collect::<String>();
    format!("{}{times}{first} ({})", one.title(), one.sizes())
}
