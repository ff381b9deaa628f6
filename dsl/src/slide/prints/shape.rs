//! Shapes and counts as prints write them: `(None, 26, 26, 32)`, `[-1, 64, 112, 112]`, `61,706`.

use std::ops::Range;

use super::super::draft::Order;
use super::super::number::Number;
use super::Stated;

/// The largest size that is read.
pub const LARGEST: usize = 1 << 30;

/// A shape in brackets or parentheses somewhere in `place`, its batch (`None`, `-1`, the first number) left out. Its
/// place
/// is that of the sizes behind the batch.
pub fn shape(plain: &str, place: Range<usize>) -> Option<Stated<Vec<usize>>> {
    let text = &plain[place.clone()];
    let open = text.find(['(', '['])?;
    let inner = open + text[open..].find(|c: char| !matches!(c, '(' | '['))?;
    let close = inner + list_length(&text[inner..]);
    let whole = place.start + inner..place.start + close;
    sizes(plain, std::slice::from_ref(&whole))
}

/// How long a list of sizes is; its bracket may be cut off: `(None, 112, 112, 128 73856`.
fn list_length(text: &str) -> usize {
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        at += text[at..].find(|c: char| c.is_whitespace() || matches!(c, ',' | ')' | ']')).unwrap_or(text.len() - at);
        let rest = text[at..].trim_start();
        if !rest.starts_with(',') {
            return at;
        }
        at = text.len() - rest.len() + 1;
    }
}

/// The sizes that stand in these places together, those of a cell that was broken; the first is the batch.
pub fn sizes(plain: &str, places: &[Range<usize>]) -> Option<Stated<Vec<usize>>> {
    let mut sizes: Vec<(Option<usize>, Range<usize>)> = Vec::new();
    for place in places {
        let mut start = place.start;
        for part in plain[place.clone()].split(',') {
            let word = part.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '\''));
            let at = start + part.find(word).unwrap_or(0);
            start += part.len() + 1;
            if !word.is_empty() {
                let size = if matches!(word, "None" | "?" | "-1") { None } else { Some(word.parse::<usize>().ok()?) };
                sizes.push((size, at..at + word.len()));
            }
        }
    }
    let (_, sizes) = sizes.split_first()?;
    let value: Option<Vec<usize>> = sizes.iter().map(|(size, _)| *size).collect();
    let value = value.filter(|value| !value.is_empty() && value.iter().all(|&size| (1..=LARGEST).contains(&size)))?;
    let first = &sizes[0].1;
    // What goes on in the next line of a cell has other cells between.
    let is_near = |place: &&Range<usize>| !plain[first.start..place.end].contains('\n');
    let end = sizes.iter().map(|(_, place)| place).rfind(is_near).map_or(first.end, |place| place.end);
    Some(Stated::said(value, first.start..end))
}

/// A printed shape with its channels last.
pub fn channels_last(mut sizes: Vec<usize>) -> Vec<usize> {
    sizes.rotate_left(1);
    sizes
}

/// A count alone in a cell: `2,416`.
pub fn count(plain: &str, place: Range<usize>) -> Option<(Number, Range<usize>)> {
    let text = &plain[place.clone()];
    let start = place.start + text.find(|c: char| c.is_ascii_digit())?;
    let (number, length) = Number::read(&plain[start..place.end])?;
    Some((number, start..start + length))
}

/// A shape whose channels stand last, in the order in which it is printed.
pub fn as_printed(sizes: &[usize], order: Order) -> Vec<usize> {
    let mut sizes = sizes.to_vec();
    match order {
        Order::ChannelsFirst if !sizes.is_empty() => sizes.rotate_right(1),
        Order::WidthFirst if sizes.len() > 2 => sizes.swap(0, 1),
        _ => {}
    }
    sizes
}
