//! A table of several networks, a column each and a row a layer: `conv3-64 | conv3-64 | conv3-64`, `maxpool`, `FC-4096`.
//!
//! A row with one cell that is not empty stands for all columns.

use std::ops::Range;

use super::draft::{Claim, Draft, DraftNet, Part, Printed, Remark, Row, Stated};
use super::figure::{Unread, What};
use super::grid::{Cell, Grid, GridRow};
use super::layer::{Usual, described, part};
use super::number::Number;
use super::tokens::{Token, size, tokens};
use super::words::{LayerKind, layer_name};

/// Reads a table of configurations; `None` where a table is none.
pub fn read(plain: &str, grid: &Grid<'_>) -> Option<Draft> {
    let first = grid.rows.iter().position(|row| is_layers(plain, row))?;
    let layers = grid.rows[first..].iter().filter(|row| is_layers(plain, row)).count();
    if layers < 3 {
        return None;
    }
    let mut draft = Draft { form: "a table of configurations", ..Draft::default() };
    draft.nets = columns(&grid.rows[..first], grid.columns);
    if draft.nets.is_empty() {
        return None;
    }
    grid.rows[..first].iter().for_each(|row| heading(plain, row, &mut draft.nets));
    for row in &grid.rows[first..] {
        layer(plain, row, &mut draft);
    }
    rectified(&mut draft);
    Some(draft)
}

/// Whether a row's cells are all layers.
fn is_layers(plain: &str, row: &GridRow<'_>) -> bool {
    let mut cells = row.cells.iter().filter(|cell| !cell.is_empty()).peekable();
    cells.peek().is_some() && cells.all(|cell| is_layer(plain, cell))
}

fn is_layer(plain: &str, cell: &Cell<'_>) -> bool {
    layer_name(plain, cell.place.start).is_some_and(|name| name.kind != LayerKind::Input)
}

/// The networks: a net a column, named by the last row above the layers whose cells are short and all different.
fn columns(head: &[GridRow<'_>], columns: usize) -> Vec<DraftNet> {
    let names = head.iter().rev().find(|row| {
        let names: Vec<&str> = row.cells.iter().map(|cell| cell.text).collect();
        let is_name = |name: &&str| !name.is_empty() && name.len() <= 20 && !name.contains(' ');
        let differ = || names.iter().enumerate().all(|(at, name)| !names[..at].contains(name));
        names.len() == columns && names.iter().all(is_name) && differ()
    });
    let name = |column: usize| names.map_or_else(|| (column + 1).to_string(), |row| identifier(row.text(column)));
    let count = columns.min(MOST_NETS);
    let named = |column: usize| DraftNet {
        name: if columns > 1 { name(column) } else { String::new() },
        ..DraftNet::default()
    };
    (0..count).map(named).collect()
}

/// The most networks of one table.
const MOST_NETS: usize = 40;

/// A heading as a net's name: letters, digits and `_`.
pub fn identifier(heading: &str) -> String {
    let part = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { ' ' };
    // Between digits `×` is `x` and a space.
    let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ").replace(" x ", "x");
    let words: String = heading.replace("x ", "x").chars().map(part).collect();
    words.split_whitespace().collect::<Vec<_>>().join("_")
}

/// What a row above the layers says: `16 weight layers`, `input (224 × 224 RGB image)`.
fn heading(plain: &str, row: &GridRow<'_>, nets: &mut [DraftNet]) {
    for cell in row.cells.iter().filter(|cell| !cell.is_empty()) {
        let words = tokens(plain, cell.place.clone());
        let covered = covered(row, cell, nets.len());
        if let Some((count, place)) = layer_count(&words) {
            let claim = Claim { what: What::Layers, place, value: Printed::Exact(count) };
            nets[covered.clone()].iter_mut().for_each(|net| net.totals.push(claim.clone()));
        }
        if let Some(input) = picture(&words) {
            nets[covered].iter_mut().for_each(|net| net.input = Some(input.clone()));
        }
    }
}

/// The columns that a cell stands for: its own, or all where it is alone in its row and begins or spans it.
fn covered(row: &GridRow<'_>, cell: &Cell<'_>, columns: usize) -> Range<usize> {
    let is_alone = row.cells.iter().filter(|cell| !cell.is_empty()).count() == 1;
    if is_alone && (cell.column == 0 || cell.columns > 1) {
        0..columns
    } else {
        cell.column.min(columns)..(cell.column + cell.columns).min(columns)
    }
}

/// `16 weight layers`, `18-layer`
pub fn layer_count(words: &[Token<'_>]) -> Option<(u128, Range<usize>)> {
    let at = words.iter().position(|word| word.is_any(&["layer", "layers"]))?;
    let number = words[..at].iter().rfind(|word| word.number().is_some())?;
    Some((number.number()? as u128, number.place.clone()))
}

/// `224 × 224 RGB image`, `224x224x3`
fn picture(words: &[Token<'_>]) -> Option<Stated<Vec<usize>>> {
    let at = (0..words.len()).find(|&at| size(&words[at..]).is_some())?;
    let (mut sizes, taken) = size(&words[at..])?;
    let end = words[at + taken - 1].place.end;
    if sizes.len() == 2 {
        let is_grey = words.iter().any(|word| word.is_any(&["grey", "gray", "greyscale", "grayscale", "monochrome"]));
        sizes.push(if is_grey { 1 } else { 3 });
    }
    Some(Stated::said(sizes, words[at].place.start..end))
}

/// Adds a row's layers to the nets.
fn layer(plain: &str, row: &GridRow<'_>, draft: &mut Draft) {
    for cell in row.cells.iter().filter(|cell| !cell.is_empty()) {
        let covered = covered(row, cell, draft.nets.len());
        let name = layer_name(plain, cell.place.start).filter(|name| name.kind != LayerKind::Input);
        let said = name.as_ref().map(|name| described(plain, name.place.end.min(cell.place.end)..cell.place.end));
        let usual = Usual { states_pads: false, pool_window: None, channels: None };
        let parts = match (&name, &said) {
            (Some(name), Some(said)) => part(name, said, usual),
            _ => Err("a layer: conv3-64, maxpool, FC-4096, soft-max".to_string()),
        };
        match parts {
            Ok(parts) => {
                let name = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let claims = said.map(|said| said.claims).unwrap_or_default();
                let row = Row { name, place: cell.place.clone(), parts, claims };
                draft.nets[covered].iter_mut().for_each(|net| net.rows.push(row.clone()));
            }
            Err(_) if is_total(plain, cell, &mut draft.nets, covered.clone()) => {}
            Err(expected) => {
                let rows = draft.nets.first().map_or(0, |net| net.rows.len());
                let last = draft.nets.first().and_then(|net| net.rows.last()).map_or("", |row| &row.name);
                draft.unread.push(Unread {
                    line: super::line_of(plain, cell.place.start),
                    place: cell.place.clone(),
                    found: cell.text.to_string(),
                    expected,
                    read: super::layers_up_to(rows, last),
                });
            }
        }
    }
}

/// Whether a cell below the layers states a count of parameters or operations: those stand in a row that a word begins.
fn is_total(plain: &str, cell: &Cell<'_>, nets: &mut [DraftNet], covered: Range<usize>) -> bool {
    let words = tokens(plain, cell.place.clone());
    let Some((what, _)) = words.iter().find_map(super::layer::count_word) else { return false };
    let number = words.iter().find(|word| word.number().is_some());
    let Some((number, start)) =
        number.and_then(|word| Some((Number::read(&plain[word.place.start..])?, word.place.start)))
    else {
        return true;
    };
    let claim = Claim { what, place: start..start + number.1, value: Printed::Number(number.0) };
    nets[covered].iter_mut().for_each(|net| net.totals.push(claim.clone()));
    true
}

/// Fills in the rectifiers, which such tables leave out.
fn rectified(draft: &mut Draft) {
    let is_relu = |part: &Part| matches!(part, Part::Word(word) if word == "relu");
    if draft.nets.iter().flat_map(|net| &net.rows).flat_map(|row| &row.parts).any(is_relu) {
        return;
    }
    for net in &mut draft.nets {
        let last = net.rows.iter().rposition(|row| row.parts.iter().any(|part| matches!(part, Part::Fc(_))));
        for (at, row) in net.rows.iter_mut().enumerate() {
            let is_hidden = row.parts.iter().any(|part| matches!(part, Part::Conv(_)))
                || Some(at) != last && row.parts.iter().any(|part| matches!(part, Part::Fc(_)));
            if is_hidden {
                row.parts.push(Part::Word("relu".to_string()));
            }
        }
    }
    let first = draft.nets.first().and_then(|net| net.rows.first()).map(|row| row.place.clone());
    draft.remarks.extend(first.map(|place| Remark {
        place,
        what: What::Activation,
        text: "a rectifier behind each convolution and each fully connected layer but the last".to_string(),
        layer: None,
        assumed: true,
    }));
}
