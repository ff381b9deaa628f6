//! A table of residual networks, a column each and a row a stage, whose cells are blocks:
//! `[3x3, 64; 3x3, 64] x 2`, `7x7, 64, stride 2`, `average pool, 1000-d fc, softmax`. It states no strides and no
//! shortcuts: each stage but the first halves the map.

use std::ops::Range;

use super::configurations::{identifier, layer_count};
use super::draft::{
    Claim, Conv, Counts, Draft, DraftNet, Order, Pad, Part, PoolKind, Printed, Remark, Residual, Row, Stated,
};
use super::figure::{Unread, What};
use super::grid::{Cell, Grid, GridRow};
use super::layer::{Usual, count_word, described, part};
use super::number::Number;
use super::tokens::{Token, TokenKind, size, span, tokens};
use super::words::{LayerKind, LayerName, first_layer};

/// What such a table says of a layer is all in its cell.
const USUAL: Usual = Usual { states_pads: false, pool_window: None, channels: None };

/// The most blocks of a stage.
const MOST_BLOCKS: usize = 1_000;

/// Which columns a table has.
struct Columns {
    /// The names of stages.
    name: Option<usize>,
    /// The sizes of outputs.
    output: Option<usize>,
    /// The networks.
    nets: Vec<usize>,
}

/// Reads a table of stages; `None` where a table is none.
pub fn read(plain: &str, grid: &Grid<'_>) -> Option<Draft> {
    let is_block = |cell: &Cell<'_>| block_start(&tokens(plain, cell.place.clone())).is_some();
    let first = grid.rows.iter().position(|row| row.cells.iter().any(is_block))?;
    let head = heading(grid, first)?;
    let columns = columns(&grid.rows[head], grid.columns)?;
    let mut draft =
        Draft { form: "a table of stages", nets: nets(plain, &grid.rows[head], &columns), ..Draft::default() };
    let mut stages = vec![0; draft.nets.len()];
    let mut name = String::new();
    for row in &grid.rows[head + 1..] {
        let own = columns.name.map_or("", |column| row.text(column));
        if !own.is_empty() {
            name = own.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        if total(plain, row, &columns, &mut draft) {
            continue;
        }
        stage(plain, row, &name, &columns, &mut stages, &mut draft);
    }
    assumed(&mut draft);
    Some(draft)
}

/// The row of headings: the last above the blocks that names an output or the layers of each net.
fn heading(grid: &Grid<'_>, first: usize) -> Option<usize> {
    let is_heading = |row: &GridRow<'_>| {
        let lower = |cell: &Cell<'_>| cell.text.to_lowercase();
        row.cells.iter().any(|cell| lower(cell).contains("output") || lower(cell).contains("layer"))
    };
    (0..first).rev().find(|&at| is_heading(&grid.rows[at]))
}

fn columns(head: &GridRow<'_>, count: usize) -> Option<Columns> {
    let mut columns = Columns { name: None, output: None, nets: Vec::new() };
    for column in 0..count.min(64) {
        let heading = head.text(column).to_lowercase();
        let names = ["layer name", "layer", "stage", "group", "group name", "block", "name", "block type", ""];
        if heading.contains("output") {
            columns.output.get_or_insert(column);
        } else if columns.name.is_none() && names.contains(&heading.trim()) {
            columns.name = Some(column);
        } else if !heading.is_empty() {
            columns.nets.push(column);
        }
    }
    (!columns.nets.is_empty()).then_some(columns)
}

/// The networks, by their headings: `18-layer` is `18`.
fn nets(plain: &str, head: &GridRow<'_>, columns: &Columns) -> Vec<DraftNet> {
    let net = |&column: &usize| {
        let Some(cell) = head.at(column) else { return DraftNet::default() };
        let count = layer_count(&tokens(plain, cell.place.clone()));
        let name = count.as_ref().map_or_else(|| identifier(cell.text), |(count, _)| count.to_string());
        let claim = |(count, place)| Claim { what: What::Layers, place, value: Printed::Exact(count) };
        let name = if columns.nets.len() > 1 { name } else { String::new() };
        DraftNet { name, totals: count.map(claim).into_iter().collect(), ..DraftNet::default() }
    };
    columns.nets.iter().map(net).collect()
}

/// Whether a row states operations or parameters of whole networks; those are taken.
fn total(plain: &str, row: &GridRow<'_>, columns: &Columns, draft: &mut Draft) -> bool {
    let Some(first) = row.cells.iter().find(|cell| !cell.is_empty()) else { return true };
    let words = tokens(plain, first.place.clone());
    let Some((what, operations)) = words.iter().find_map(count_word) else { return false };
    draft.counts = Counts { operations: draft.counts.operations.or(operations), ..draft.counts };
    for (net, &column) in draft.nets.iter_mut().zip(&columns.nets) {
        let Some(cell) = row.at(column).filter(|cell| cell.place != first.place) else { continue };
        if let Some((number, length)) = Number::read(cell.text) {
            let place = cell.place.start..cell.place.start + length;
            net.totals.push(Claim { what, place, value: Printed::Number(number) });
        }
    }
    true
}

/// Adds a row to the networks.
fn stage(plain: &str, row: &GridRow<'_>, name: &str, columns: &Columns, stages: &mut [usize], draft: &mut Draft) {
    let output = columns.output.and_then(|column| row.at(column)).and_then(|cell| printed_size(plain, cell));
    let filled: Vec<usize> = (0..columns.nets.len()).filter(|&net| !row.text(columns.nets[net]).is_empty()).collect();
    let shared = match (&filled[..], filled.first().and_then(|&net| row.at(columns.nets[net]))) {
        ([0], Some(cell)) => Some(cell),
        _ => None,
    };
    for (at, count) in stages.iter_mut().enumerate() {
        let Some(cell) = shared.or_else(|| row.at(columns.nets[at])).filter(|cell| !cell.is_empty()) else { continue };
        match parts(plain, cell, name, count) {
            Ok(parts) => {
                let claims = output.clone().into_iter().collect();
                draft.nets[at].rows.push(Row { name: name.to_string(), place: cell.place.clone(), parts, claims });
            }
            Err(expected) => {
                let unread = unread(plain, cell, expected, &draft.nets[at]);
                if !draft.unread.contains(&unread) {
                    draft.unread.push(unread);
                }
            }
        }
    }
}

fn unread(plain: &str, cell: &Cell<'_>, expected: String, net: &DraftNet) -> Unread {
    Unread {
        line: super::line_of(plain, cell.place.start),
        place: cell.place.clone(),
        found: cell.text.split_whitespace().collect::<Vec<_>>().join(" "),
        expected,
        read: super::layers_up_to(net.rows.len(), net.rows.last().map_or("", |row| &row.name)),
    }
}

/// `56×56`, `112×112×64`
pub fn printed_size(plain: &str, cell: &Cell<'_>) -> Option<Claim> {
    let words = tokens(plain, cell.place.clone());
    let (sizes, taken) = size(&words)?;
    let order = if sizes.len() == 2 { Order::Spatial } else { Order::ChannelsLast };
    Some(Claim { what: What::Output, place: span(&words[..taken]), value: Printed::Shape(sizes, order) })
}

/// Where a block begins: a bracket with a size behind it.
fn block_start(words: &[Token<'_>]) -> Option<usize> {
    (0..words.len()).find(|&at| words[at].is_sign('[') && size(&words[at + 1..]).is_some())
}

/// What a cell does; an error is what was expected of it.
fn parts(plain: &str, cell: &Cell<'_>, row: &str, stages: &mut usize) -> Result<Vec<Part>, String> {
    let words = tokens(plain, cell.place.clone());
    let named = first_layer(row, 0..row.len()).filter(|name| name.kind != LayerKind::Conv);
    if let Some(name) = named.filter(|_| first_layer(plain, cell.place.clone()).is_none()) {
        return part(&LayerName { glued: None, ..name }, &described(plain, cell.place.clone()), USUAL);
    }
    if let Some(start) = block_start(&words) {
        return blocks(&words[start + 1..], stages);
    }
    let mut parts = Vec::new();
    for piece in pieces(plain, cell) {
        parts.extend(piece_parts(plain, piece)?);
    }
    Ok(parts)
}

/// `average pool, 1000-d fc, softmax`: each layer with what is said of it.
fn pieces(plain: &str, cell: &Cell<'_>) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut start = cell.place.start;
    for piece in cell.text.split([',', ';', '\n']) {
        let place = start..start + piece.len();
        start = place.end + 1;
        let has_layer = first_layer(plain, place.clone()).is_some();
        match pieces.last_mut() {
            // `stride 2` goes on with the layer before it.
            Some(last) if !has_layer => last.end = place.end,
            _ if piece.trim().is_empty() => {}
            _ => pieces.extend(apart(plain, place)),
        }
    }
    pieces
}

/// `average pool 1000-d fc`: a piece behind each name that another follows.
fn apart(plain: &str, piece: Range<usize>) -> Vec<Range<usize>> {
    let (mut pieces, mut start) = (Vec::new(), piece.start);
    while let Some(name) = first_layer(plain, start..piece.end)
        && first_layer(plain, name.place.end..piece.end).is_some()
    {
        pieces.push(start..name.place.end);
        start = name.place.end;
    }
    pieces.push(start..piece.end);
    pieces
}

fn piece_parts(plain: &str, piece: Range<usize>) -> Result<Vec<Part>, String> {
    let expected =
        || "a block such as `[3x3, 64; 3x3, 64] x 2`, a convolution `7x7, 64, stride 2`, or a layer".to_string();
    let words = tokens(plain, piece.clone());
    let said = described(plain, piece.clone());
    let Some(name) = first_layer(plain, piece.clone()) else {
        let (conv, _) = conv(&words).ok_or_else(expected)?;
        let stride = said.stride.unwrap_or_else(|| Stated::usual(vec![1]));
        let conv = Part::Conv(Conv { stride, pad: said.pad.unwrap_or(conv.pad), ..conv });
        return Ok(vec![conv, Part::Bn, Part::Word("relu".to_string())]);
    };
    match name.kind {
        LayerKind::MeanPool | LayerKind::MaxPool
            if said.stride.is_none() && said.window.is_none() || says_mean(&words) && said.stride.is_none() =>
        {
            let is_mean = name.kind == LayerKind::MeanPool || says_mean(&words);
            Ok(vec![Part::PoolAll(if is_mean { PoolKind::Mean } else { PoolKind::Max })])
        }
        LayerKind::Fc => {
            let units = words.iter().find(|word| word.number().is_some()).ok_or("how many units: `1000-d fc`")?;
            Ok(vec![Part::Fc(Stated::said(units.number().unwrap_or(1), units.place.clone()))])
        }
        _ => part(
            &LayerName { glued: None, ..name },
            &said,
            Usual { states_pads: false, pool_window: None, channels: None },
        ),
    }
}

fn says_mean(words: &[Token<'_>]) -> bool {
    words.iter().any(|word| word.is_any(&["average", "avg", "mean", "global"]))
}

/// `3x3, 64; 3x3, 64] x 2` behind its bracket.
fn blocks(words: &[Token<'_>], stages: &mut usize) -> Result<Vec<Part>, String> {
    let (mut convs, mut at) = (Vec::new(), 0);
    while at < words.len() && !words[at].is_sign(']') {
        match conv(&words[at..]) {
            Some((conv, taken)) => {
                convs.push(conv);
                at += taken;
            }
            None if matches!(words[at].kind, TokenKind::Sign(';' | '[' | ',' | '|')) => at += 1,
            None => return Err("a convolution such as `3x3, 64`".to_string()),
        }
    }
    while words.get(at).is_some_and(|word| word.is_sign(']')) {
        at += 1;
    }
    let behind = words.get(at).is_some_and(|word| word.kind == TokenKind::By || word.is_sign('*') || word.is("x"));
    let times = words.get(at + usize::from(behind)).map_or(Some(1), Token::number);
    let Some(times) = times.filter(|times| (1..=MOST_BLOCKS).contains(times)) else {
        return Err(format!("how many blocks, from 1 to {MOST_BLOCKS}: `] x 2`"));
    };
    // One convolution in brackets is the first, and no block.
    if let ([conv], 1) = (&convs[..], times) {
        return Ok(vec![Part::Conv(conv.clone()), Part::Bn, Part::Word("relu".to_string())]);
    }
    *stages += 1;
    let first = if *stages > 1 { 2 } else { 1 };
    let block = |turn: usize| {
        let stride = Stated::usual(if turn == 0 { first } else { 1 });
        Part::Residual(Residual { convs: convs.clone(), stride })
    };
    Ok((0..times).map(block).collect())
}

/// `3x3, 128, C=32` or `3x3, 16x10`: a convolution, and how many tokens it takes.
fn conv(words: &[Token<'_>]) -> Option<(Conv, usize)> {
    let (window, mut at) = size(words)?;
    let window = Stated::said(window, span(&words[..at]));
    at += usize::from(words.get(at).is_some_and(|word| word.is_sign(',')));
    let start = at;
    let mut filters = words.get(at)?.number()?;
    at += 1;
    while let [by, factor, ..] = words.get(at..)?
        && (by.kind == TokenKind::By || by.is_sign('*'))
        && let Some(factor) = factor.number()
    {
        filters = filters.saturating_mul(factor);
        at += 2;
    }
    let filters = Stated::said(filters, span(&words[start..at]));
    let mut groups = 1;
    if let Some([comma, word, sign, number, ..]) = words.get(at..)
        && comma.is_sign(',')
        && word.is_any(&["c", "groups", "g", "cardinality"])
        && sign.is_sign('=')
    {
        groups = number.number()?;
        at += 4;
    }
    let (stride, pad) = (Stated::usual(vec![1]), Stated::usual(Pad::Convention));
    Some((Conv { filters, window, stride, pad, groups, bias: true, transposed: false }, at))
}

/// What such tables leave out.
fn assumed(draft: &mut Draft) {
    let residual = |part: &Part| matches!(part, Part::Residual(_));
    let blocks = draft.nets.iter().flat_map(|net| &net.rows).filter(|row| row.parts.iter().any(residual));
    let mut rows: Vec<Range<usize>> = blocks.map(|row| row.place.clone()).collect();
    rows.sort_by_key(|place| place.start);
    rows.dedup();
    let Some(first) = rows.first().cloned() else { return };
    let mut assume = |what, text: &str| {
        draft.remarks.push(Remark { place: first.clone(), what, text: text.to_string(), layer: None, assumed: true });
    };
    assume(What::Activation, "batch normalisation behind each convolution, a rectifier behind it and behind each sum");
    assume(What::Stride, "each stage but the first halves the map in its first block");
}
