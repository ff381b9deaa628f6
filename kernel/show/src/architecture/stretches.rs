//! Stretches of a net's layers that may stand as one box.

use std::ops::Range;

use fovea_dsl::net::fold::{Part, Repeat, Role};

/// The parts of a stretch that is one block: what is in it.
pub(super) fn inside(parts: &[Part]) -> &[Part] {
    match parts {
        [Part { role: Role::Block(inner), .. }] => inner,
        parts => parts,
    }
}

/// All stretches that may stand as one box, `offset` layers behind where the parts are.
pub(super) fn gather(parts: &[Part], offset: usize, into: &mut Vec<Range<usize>>) {
    let moved = |range: &Range<usize>| range.start + offset..range.end + offset;
    for part in parts {
        match &part.role {
            Role::Layer => {}
            Role::Block(inner) => {
                into.push(moved(&part.layers));
                gather(inner, offset, into);
            }
            Role::Repeat(Repeat { times, lead, body }) => {
                into.extend(times.iter().map(moved));
                let last = times.last().map_or(0, |last| last.start);
                if let Some(lead) = lead {
                    gather(inside(lead), offset, into);
                }
                // The first time stands before the last, and so do all others: what is in the body is moved back.
                for time in &times[usize::from(lead.is_some())..] {
                    gather_back(inside(body), offset, last - time.start, into);
                }
            }
        }
    }
}

/// The same, `back` layers before where the parts are.
fn gather_back(parts: &[Part], offset: usize, back: usize, into: &mut Vec<Range<usize>>) {
    let from = into.len();
    gather(parts, offset, into);
    for range in &mut into[from..] {
        *range = range.start - back..range.end - back;
    }
}
