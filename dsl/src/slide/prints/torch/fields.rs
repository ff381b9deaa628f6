//! The lines of a table by torchsummary or torchinfo.

use std::ops::Range;

use super::super::super::draft::Stated;
use super::super::shape::{channels_last, count, shape};
use super::Entry;

/// What a column of torchinfo's table tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Input,
    Output,
    Parameters,
    Window,
    Operations,
    Other,
}

/// Headings of columns.
const COLUMNS: [(&str, Column); 7] = [
    ("Input Shape", Column::Input),
    ("Output Shape", Column::Output),
    ("Param #", Column::Parameters),
    ("Param %", Column::Other),
    ("Kernel Shape", Column::Window),
    ("Mult-Adds", Column::Operations),
    ("Trainable", Column::Other),
];

/// The lines behind the heading at `head`, as modules.
pub fn entries(plain: &str, head: usize, is_tree: bool) -> Vec<Entry> {
    let mut lines = plain[head..].split_inclusive('\n');
    let heading = lines.next().unwrap_or_default();
    let columns = columns(heading);
    let mut start = head + heading.len();
    let mut found = Vec::new();
    for line in lines {
        let place = start..start + line.trim_end().len();
        start += line.len();
        let text = line.trim();
        if text.starts_with("Total params") || text.starts_with("Trainable params") {
            break;
        }
        if text.chars().any(char::is_alphanumeric) {
            found.extend(entry(plain, place, &columns, is_tree));
        }
    }
    found
}

/// The columns of a heading, from the left.
fn columns(heading: &str) -> Vec<Column> {
    let mut found: Vec<(usize, Column)> =
        COLUMNS.iter().filter_map(|(words, column)| Some((heading.find(words)?, *column))).collect();
    found.sort_by_key(|&(at, _)| at);
    found.into_iter().map(|(_, column)| column).collect()
}

fn entry(plain: &str, line: Range<usize>, columns: &[Column], is_tree: bool) -> Option<Entry> {
    let text = &plain[line.clone()];
    let branch = text.find(|c: char| c.is_alphanumeric() || c == '_')?;
    let start = line.start + branch;
    let rest = &plain[start..line.end];
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let mut entry = Entry { class: rest[..word].to_string(), depth: depth(&text[..branch]), ..Entry::default() };
    let mut end = start + word;
    if is_tree {
        end = behind_name(plain, end..line.end, &mut entry);
    } else {
        let number = plain[end..line.end].find(char::is_whitespace).map_or(line.end, |length| end + length);
        end = number;
    }
    entry.name = plain[start..end].trim_end_matches([':', ' ']).to_string();
    let fields = fields(plain, end..line.end);
    for (column, place) in columns.iter().zip(fields) {
        fill(plain, *column, place, &mut entry);
    }
    entry.place = start..line.end;
    Some(entry)
}

/// Behind a module's own name and its number: `Conv2d (conv1): 2-1`.
fn behind_name(plain: &str, rest: Range<usize>, entry: &mut Entry) -> usize {
    let text = &plain[rest.clone()];
    let mut at = 0;
    if text.trim_start().starts_with('(') {
        at = text.find(')').map_or(0, |close| close + 1);
    }
    if let Some(number) = text[at..].strip_prefix(':') {
        let number = number.trim_start();
        let length = number.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'-').count();
        let depth = number[..length].split('-').next().and_then(|depth| depth.parse().ok());
        entry.depth = depth.unwrap_or(entry.depth);
        at = text.len() - number.len() + length;
    }
    rest.start + at
}

/// How deep a branch of the tree stands: two characters for the first, five for each more.
fn depth(branch: &str) -> usize {
    // A line of the tree became `|` with two spaces.
    let characters = branch.chars().count() - 2 * branch.matches('|').count();
    (characters + 3) / 5
}

/// The fields of a line: words, and what stands in brackets.
fn fields(plain: &str, place: Range<usize>) -> Vec<Range<usize>> {
    let text = &plain[place.clone()];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| !c.is_whitespace()).map(|skip| at + skip) {
        let end = match text[start..].strip_prefix('[') {
            Some(inner) => inner.find(']').map_or(text.len(), |close| start + close + 2),
            None => text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length),
        };
        found.push(place.start + start..place.start + end);
        at = end;
    }
    found
}

fn fill(plain: &str, column: Column, place: Range<usize>, entry: &mut Entry) {
    let text = &plain[place.clone()];
    let last = |stated: Stated<Vec<usize>>| Stated { value: channels_last(stated.value), ..stated };
    match column {
        Column::Input => entry.input = shape(plain, place).map(last),
        Column::Output => entry.output = shape(plain, place).map(last),
        Column::Parameters if !text.starts_with("--") => entry.parameters = count(plain, place),
        Column::Operations if !text.starts_with("--") => entry.operations = count(plain, place),
        Column::Window => {
            let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
            let sizes: Option<Vec<usize>> = numbers.map(|word| word.parse().ok().filter(|&size| size > 0)).collect();
            let inner = place.start + text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            let length = plain[inner..place.end].trim_end_matches(']').len();
            entry.window =
                sizes.filter(|sizes| !sizes.is_empty()).map(|sizes| Stated::said(sizes, inner..inner + length));
        }
        _ => {}
    }
}
