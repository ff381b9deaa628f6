//! A listing, a line a layer: `[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 1`, or
//! `CONV3-64: [224x224x64] memory: 224*224*64=3.2M params: (3*3*3)*64 = 1,728`.
//!
//! Sizes in brackets stand before their layers or behind them; which, most lines tell. A size that has no layer on its
//! line belongs to the next line's, or the last one's, and earns a remark.

use std::ops::Range;

use super::draft::{Claim, Draft, DraftNet, Order, Part, Printed, Remark, Row, Stated};
use super::figure::{Unread, What};
use super::layer::{Described, Usual, described, part};
use super::tokens::{size, tokens};
use super::words::{LayerKind, LayerName, layer_name};

/// A layer of a listing.
struct Entry {
    name: LayerName,
    /// What stands behind the name, to the next entry or the line's end.
    rest: Range<usize>,
    /// The size in brackets.
    shape: Option<Bracket>,
}

/// A size in brackets, and where it stands inside them.
#[derive(Clone, Debug)]
struct Bracket {
    sizes: Vec<usize>,
    place: Range<usize>,
}

/// What was found on a line, in order.
enum Found {
    Name(LayerName),
    Shape(Bracket),
}

/// Reads a listing; `None` where a text is none.
pub fn read(plain: &str) -> Option<Draft> {
    let mut draft = Draft { form: "a listing of layers", ..Draft::default() };
    let lines = found(plain);
    let is_leading = leads(&lines)?;
    let entries = if is_leading { leading(plain, &lines, &mut draft) } else { trailing(&lines) };
    if entries.len() < 2 {
        return None;
    }
    draft.unread.extend(strangers(plain, &lines, &entries));
    net(plain, &entries, &mut draft);
    Some(draft)
}

/// What stands on each line, and where the line ends.
fn found(plain: &str) -> Vec<(Vec<Found>, Range<usize>)> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in plain.split('\n') {
        let place = start..start + line.len();
        lines.push((on_line(plain, place.clone()), place));
        start += line.len() + 1;
    }
    lines
}

/// The names and the sizes in brackets of a line. A name counts at the line's beginning, behind a size, and before a colon.
fn on_line(plain: &str, line: Range<usize>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = line.start;
    let mut is_beginning = true;
    while at < line.end {
        let c = plain[at..].chars().next().unwrap_or(' ');
        if let Some(bracket) = bracket(plain, at, line.end) {
            at = bracket.place.end + 1;
            found.push(Found::Shape(bracket));
            is_beginning = true;
        } else if let Some(name) = name_at(plain, at, line.end).filter(|name| is_beginning || is_heading(plain, name)) {
            at = name.place.end;
            found.push(Found::Name(name));
            is_beginning = false;
        } else {
            is_beginning &= !c.is_alphanumeric() || c.is_ascii_digit();
            at += c.len_utf8();
        }
    }
    found
}

/// A layer's name, or LeNet's short ones: `C1:`, `S2:`, `F6:`.
fn name_at(plain: &str, at: usize, end: usize) -> Option<LayerName> {
    if let Some(name) = layer_name(plain, at).filter(|name| name.place.end <= end) {
        return Some(name);
    }
    let kind = match plain[at..].chars().next()?.to_ascii_lowercase() {
        'c' => LayerKind::Conv,
        's' => LayerKind::MeanPool,
        'f' => LayerKind::Fc,
        _ => return None,
    };
    let digits = plain[at + 1..end].bytes().take_while(u8::is_ascii_digit).count();
    let is_word = plain[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    let place = at..at + 1 + digits;
    let is_name = digits > 0 && digits < 3 && !is_word && plain[place.end..].trim_start().starts_with(':');
    is_name.then(|| LayerName { kind, glued: plain[at + 1..place.end].parse().ok(), dashed: None, place })
}

/// Whether a name has its colon: `FC7: 4096 neurons`.
fn is_heading(plain: &str, name: &LayerName) -> bool {
    plain[name.place.end..].trim_start_matches(' ').starts_with(':')
}

/// A size in brackets at byte `at`: `[55x55x96]`, `[4096]`, `(224, 224, 3)`.
fn bracket(plain: &str, at: usize, end: usize) -> Option<Bracket> {
    let close = match plain.as_bytes()[at] {
        b'[' => ']',
        b'(' => ')',
        _ => return None,
    };
    let inner = plain[at + 1..end].find(close).filter(|&length| length < 40)?;
    let place = at + 1..at + 1 + inner;
    let tokens = tokens(plain, place.clone());
    let sizes: Vec<usize> = tokens.iter().step_by(2).map(|token| token.number()).collect::<Option<_>>()?;
    let joined = size(&tokens).is_some_and(|(_, taken)| taken == tokens.len());
    let listed = tokens.iter().skip(1).step_by(2).all(|token| token.is_sign(',') || token.is_sign('*'));
    // Brackets of a product are no size.
    let is_factor = plain[place.end + 1..end].trim_start().starts_with(['x', '*', '+', '-', '=', '/'])
        || plain[..at].trim_end().ends_with(['x', '*', '+', '-', '=', '/', ':']);
    let is_shape = tokens.len() % 2 == 1 && (joined || listed) && (close == ']' || sizes.len() > 1 && !is_factor);
    is_shape.then_some(Bracket { sizes, place })
}

/// Whether sizes stand before their layers; `None` where no line has both, and fewer than two name a layer.
fn leads(lines: &[(Vec<Found>, Range<usize>)]) -> Option<bool> {
    let (mut before, mut behind, mut names) = (0, 0, 0);
    for (found, _) in lines {
        let name = found.iter().position(|found| matches!(found, Found::Name(_)));
        let shape = found.iter().position(|found| matches!(found, Found::Shape(_)));
        names += usize::from(name.is_some());
        if let (Some(name), Some(shape)) = (name, shape) {
            if shape < name { before += 1 } else { behind += 1 }
        }
    }
    (names >= 2 && before + behind >= 2).then_some(before > behind)
}

/// Reads sizes that stand before their layers.
fn leading(plain: &str, lines: &[(Vec<Found>, Range<usize>)], draft: &mut Draft) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    // A size that waits for its layer, and the layer that it stands behind.
    let mut waiting: Option<(Bracket, Option<LayerName>)> = None;
    for (found, line) in lines {
        let mut before = None;
        for (at, one) in found.iter().enumerate() {
            match one {
                Found::Shape(bracket) => waiting = Some((bracket.clone(), before.clone())),
                Found::Name(name) => {
                    let shape = waiting.take().map(|(bracket, stands_behind)| {
                        let strays = stands_behind.filter(|_| bracket.place.end < line.start);
                        draft.remarks.extend(strays.map(|before| strayed(plain, &bracket, &before, name)));
                        bracket
                    });
                    let end = found.get(at + 1).map_or(line.end, |next| place(next).start);
                    entries.push(Entry { name: name.clone(), rest: name.place.end..end, shape });
                    before = Some(name.clone());
                }
            }
        }
    }
    if let (Some((bracket, _)), Some(last)) = (waiting, entries.last_mut()) {
        last.shape.get_or_insert(bracket);
    }
    entries
}

/// The remark on a size at the end of one layer's line that is the next one's.
fn strayed(plain: &str, bracket: &Bracket, before: &LayerName, owner: &LayerName) -> Remark {
    let (before, owner) = (&plain[before.place.clone()], &plain[owner.place.clone()]);
    Remark {
        place: bracket.place.clone(),
        what: What::Label,
        text: format!(
            "stands on the line of {before}, and is the size of {owner}: its place is before that, a line below"
        ),
        layer: Some(owner.to_string()),
        assumed: false,
    }
}

/// Reads sizes that stand behind their layers.
fn trailing(lines: &[(Vec<Found>, Range<usize>)]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (found, line) in lines {
        for (at, one) in found.iter().enumerate() {
            let next = found[at + 1..].iter().find(|next| matches!(next, Found::Name(_)));
            let end = next.map_or(line.end, |next| place(next).start);
            match (one, entries.last_mut()) {
                (Found::Name(name), _) => {
                    entries.push(Entry { name: name.clone(), rest: name.place.end..end, shape: None });
                }
                (Found::Shape(bracket), Some(last)) => {
                    last.rest.start = last.rest.start.max(bracket.place.end + 1).min(last.rest.end);
                    last.shape.get_or_insert(bracket.clone());
                }
                (Found::Shape(_), None) => {}
            }
        }
    }
    entries
}

fn place(found: &Found) -> &Range<usize> {
    match found {
        Found::Name(name) => &name.place,
        Found::Shape(bracket) => &bracket.place,
    }
}

/// Lines among the layers that name something else: a size without a layer, or a word with a colon.
fn strangers(plain: &str, lines: &[(Vec<Found>, Range<usize>)], entries: &[Entry]) -> Vec<Unread> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Vec::new() };
    let within = first.name.place.start..last.name.place.end;
    let is_strange = |(found, line): &&(Vec<Found>, Range<usize>)| {
        let text = plain[line.clone()].trim();
        let has_shape = found.iter().any(|found| matches!(found, Found::Shape(_)));
        let has_name = found.iter().any(|found| matches!(found, Found::Name(_)));
        let word = text
            .find(':')
            .is_some_and(|at| at > 0 && text[..at].chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '-'));
        let alone = found.len() == 1 && place(&found[0]).len() + 2 == text.len();
        within.contains(&line.start)
            && !has_name
            && (has_shape && !alone || word && text.contains(|c: char| c.is_ascii_digit()))
    };
    let unread = |(_, line): &(Vec<Found>, Range<usize>)| {
        let read = entries.iter().filter(|entry| entry.name.place.start < line.start).count();
        let up_to = &plain[entries[read - 1].name.place.clone()];
        let text = plain[line.clone()].trim_end();
        let start = line.start + (text.len() - text.trim_start().len());
        Unread {
            line: super::line_of(plain, start),
            place: start..line.start + text.len(),
            found: text.trim_start().to_string(),
            expected: "a layer: CONV, POOL, NORM, FC, RELU, DROPOUT, SOFTMAX".to_string(),
            read: super::layers_up_to(read, up_to),
        }
    };
    lines.iter().filter(is_strange).map(unread).collect()
}

/// Makes the entries rows of a net.
fn net(plain: &str, entries: &[Entry], draft: &mut Draft) {
    let described: Vec<Described> = entries.iter().map(|entry| described(plain, entry.rest.clone())).collect();
    let states_pads = described.iter().any(|said| said.pad.is_some());
    let window = pool_window(entries, &described);
    let has_relu = entries.iter().any(|entry| entry.name.kind == LayerKind::Relu);
    let last_fc = entries.iter().rposition(|entry| entry.name.kind == LayerKind::Fc);
    let mut net = DraftNet::default();
    for (at, (entry, said)) in entries.iter().zip(described).enumerate() {
        let name = plain[entry.name.place.clone()].to_string();
        draft.counts.biases = draft.counts.biases.or(said.biases);
        draft.counts.operations = draft.counts.operations.or(said.operations);
        let shape = entry.shape.as_ref().map(|bracket| Stated::said(bracket.sizes.clone(), bracket.place.clone()));
        if entry.name.kind == LayerKind::Input && net.rows.is_empty() && net.input.is_none() {
            let sizes = || said.window.as_ref().filter(|sizes| sizes.value.len() > 1).cloned();
            net.input = shape.clone().or_else(sizes);
        }
        let usual = Usual {
            states_pads,
            pool_window: window,
            channels: shape.as_ref().and_then(|shape| shape.value.last().copied()),
        };
        let mut parts = match part(&entry.name, &said, usual) {
            Ok(part) => part,
            Err(expected) => {
                draft.unread.push(unreadable(plain, entry, at, entries, expected));
                continue;
            }
        };
        let is_hidden =
            matches!(entry.name.kind, LayerKind::Conv) || entry.name.kind == LayerKind::Fc && Some(at) != last_fc;
        if is_hidden && !has_relu {
            parts.push(Part::Word("relu".to_string()));
        }
        let output = shape.filter(|_| entry.name.kind != LayerKind::Input).map(|shape| Claim {
            what: What::Output,
            place: shape.place.unwrap_or_default(),
            value: Printed::Shape(shape.value, Order::ChannelsLast),
        });
        let end = said.claims.last().map_or(entry.rest.end, |claim| claim.place.end);
        let start = entry.name.place.start;
        let place = start..plain[start..end.max(entry.name.place.end)].trim_end().len() + start;
        net.rows.push(Row { name, place, parts, claims: output.into_iter().chain(said.claims).collect() });
    }
    if !has_relu {
        draft.remarks.extend(rectified(entries));
    }
    draft.nets.push(net);
}

/// What is filled in between layers.
fn rectified(entries: &[Entry]) -> Option<Remark> {
    let first = entries.iter().find(|entry| matches!(entry.name.kind, LayerKind::Conv | LayerKind::Fc))?;
    Some(Remark {
        place: first.name.place.clone(),
        what: What::Activation,
        text: "a rectifier behind each convolution and each fully connected layer but the last".to_string(),
        layer: None,
        assumed: true,
    })
}

/// The window of pools that state none: the number glued to all of them (`POOL2`), unless it counts them.
fn pool_window(entries: &[Entry], described: &[Described]) -> Option<usize> {
    let is_bare = |(entry, said): &(&Entry, &Described)| {
        matches!(entry.name.kind, LayerKind::MaxPool | LayerKind::MeanPool) && said.window.is_none()
    };
    let mut glued = entries.iter().zip(described).filter(is_bare).map(|(entry, _)| entry.name.glued);
    let first = glued.next()??;
    let others: Vec<Option<usize>> = glued.collect();
    let is_window = (2..=11).contains(&first)
        && others.iter().all(|&other| other == Some(first))
        && (first != 1 || !others.is_empty());
    is_window.then_some(first)
}

fn unreadable(plain: &str, entry: &Entry, at: usize, entries: &[Entry], expected: String) -> Unread {
    let place = entry.name.place.start..entry.rest.end.max(entry.name.place.end);
    let before = at.checked_sub(1).map_or("", |before| &plain[entries[before].name.place.clone()]);
    Unread {
        line: super::line_of(plain, place.start),
        found: plain[place.clone()].trim_end().to_string(),
        place,
        expected,
        read: super::layers_up_to(at, before),
    }
}
