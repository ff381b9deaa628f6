//! A net's diagram for terminals: a line a box, and beside the lines the ways that maps take, as version control draws its
//! branches.

use unicode_width::UnicodeWidthStr;

use super::page::Page;
use crate::architecture::{Architecture, BlockKind, Diagram, Family, LayerBox, Link};

/// How wide a line is.
const WIDTH: usize = 80;
/// More ways beside each other are not drawn: each box says where it comes from.
const MOST_LANES: usize = 14;

impl Architecture {
    /// Adds the net, under its name and a note, then each of its blocks; with the memory of training by so many pictures.
    /// HTML folds it away, for there is the picture.
    pub fn tell(&self, page: Page, note: &str, batch: Option<usize>) -> Page {
        let title = if note.is_empty() { self.net.clone() } else { format!("{}: {note}", self.net) };
        // A title stands in one line.
        let (title, inner) = if title.width() <= WIDTH {
            (title, Page::default())
        } else {
            (self.net.clone(), Page::default().text(note))
        };
        page.fold(title, told_blocks(inner.code(diagram(&self.diagram, batch)), &self.blocks, batch))
    }
}

/// Adds each kind of block, under its name.
pub(super) fn told_blocks(page: Page, blocks: &[BlockKind], batch: Option<usize>) -> Page {
    blocks.iter().fold(page, |page, block| {
        let uses = if block.uses > 1 { format!(", {} times", block.uses) } else { String::new() };
        page.text(format!("{}{uses}:", block.name)).code(diagram(&block.diagram, batch))
    })
}

/// A line a box.
fn diagram(diagram: &Diagram, batch: Option<usize>) -> String {
    let rows = lanes(diagram).unwrap_or_else(|| numbered(diagram));
    let gutter = rows.iter().map(|row| row.ways.chars().count()).max().unwrap_or(0) + 2;
    let sizes: Vec<String> =
        diagram.boxes.iter().map(|one| batch.map_or_else(|| one.sizes(), |batch| one.traffic(batch))).collect();
    let widest = sizes.iter().map(|sizes| sizes.width()).max().unwrap_or(0);
    let room = WIDTH.saturating_sub(gutter + widest + 2);
    let labels: Vec<String> = diagram.boxes.iter().map(|one| fitted(one, room)).collect();
    let column = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for row in rows {
        let Some(at) = row.of else {
            lines.push(row.ways.trim_end().to_string());
            continue;
        };
        let pad = |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(text.width())));
        let line = format!("{}{}  {}", pad(&row.ways, gutter), pad(&labels[at], column), sizes[at]);
        lines.push(line.trim_end().to_string());
    }
    lines.join("\n")
}

/// What a line says of a box, in so many columns.
fn fitted(one: &LayerBox, room: usize) -> String {
    let first = one.first.iter().map(|first| format!(", {first}")).collect::<String>();
    let times = one.times().map(|times| format!(" {times}")).unwrap_or_default();
    let end = format!("{times}{first}");
    let title = one.title();
    if title.width() + end.width() <= room {
        return format!("{title}{end}");
    }
    let room = room.saturating_sub(end.width() + 1);
    let mut cut = String::new();
    for c in title.chars() {
        if cut.width() + c.to_string().width() > room {
            break;
        }
        cut.push(c);
    }
    format!("{}…{end}", cut.trim_end_matches([' ', ',']))
}

/// A line: the ways beside it, and the box, where it is one.
struct Row {
    ways: String,
    of: Option<usize>,
}

/// The mark of a box.
fn mark(one: &LayerBox) -> char {
    match one.family {
        Family::Input => '○',
        Family::Block => '■',
        _ => '●',
    }
}

/// The boxes with the ways beside them; none where there are too many.
fn lanes(diagram: &Diagram) -> Option<Vec<Row>> {
    // What each lane leads to.
    let mut lanes: Vec<Option<usize>> = Vec::new();
    let mut rows = Vec::with_capacity(diagram.boxes.len());
    for (at, one) in diagram.boxes.iter().enumerate() {
        let arriving: Vec<usize> = (0..lanes.len()).filter(|&lane| lanes[lane] == Some(at)).collect();
        let own = arriving.first().copied().unwrap_or_else(|| free(&mut lanes));
        let mut ways = Ways::new(&lanes);
        arriving[1.min(arriving.len())..].iter().for_each(|&lane| ways.bend(own, lane, Bend::Up));
        arriving.iter().for_each(|&lane| lanes[lane] = None);
        let mut targets: Vec<usize> = diagram.links.iter().filter(|link| link.from == at).map(|link| link.to).collect();
        targets.sort_unstable();
        targets.dedup();
        ways.set(own, mark(one));
        if let Some((&first, others)) = targets.split_first() {
            lanes[own] = Some(first);
            if !others.is_empty() && arriving.len() > 1 {
                rows.push(Row { ways: ways.text(), of: Some(at) });
                ways = Ways::new(&lanes);
                ways.set(own, '├');
            }
            for &target in others {
                let lane = free(&mut lanes);
                lanes[lane] = Some(target);
                ways.bend(own, lane, Bend::Down);
            }
            if !others.is_empty() && arriving.len() > 1 {
                rows.push(Row { ways: ways.text(), of: None });
                continue;
            }
        }
        if lanes.len() > MOST_LANES {
            return None;
        }
        rows.push(Row { ways: ways.text(), of: Some(at) });
    }
    Some(rows)
}

/// A lane that leads nowhere yet.
fn free(lanes: &mut Vec<Option<usize>>) -> usize {
    match lanes.iter().position(Option::is_none) {
        Some(lane) => lane,
        None => {
            lanes.push(None);
            lanes.len() - 1
        }
    }
}

/// Where a way goes on at its end.
#[derive(Clone, Copy, PartialEq)]
enum Bend {
    Up,
    Down,
}

/// The characters beside a line, two a lane.
struct Ways(Vec<char>);

impl Ways {
    fn new(lanes: &[Option<usize>]) -> Self {
        Self(lanes.iter().flat_map(|lane| [if lane.is_some() { '│' } else { ' ' }, ' ']).collect())
    }

    fn set(&mut self, lane: usize, mark: char) {
        let at = 2 * lane;
        if self.0.len() <= at + 1 {
            self.0.resize(at + 2, ' ');
        }
        self.0[at] = mark;
    }

    /// A way from a lane to one at its right or left.
    fn bend(&mut self, from: usize, to: usize, bend: Bend) {
        self.0.resize(self.0.len().max(2 * from.max(to) + 2), ' ');
        let (low, high) = (2 * from.min(to), 2 * from.max(to));
        for at in low + 1..high {
            self.0[at] = match self.0[at] {
                ' ' | '─' => '─',
                '╮' => '┬',
                '╯' => '┴',
                other if "┬┴┼".contains(other) => other,
                _ => '┼',
            };
        }
        self.0[2 * to] = match (bend, to > from) {
            (Bend::Up, true) => '╯',
            (Bend::Down, true) => '╮',
            (Bend::Up, false) => '╰',
            (Bend::Down, false) => '╭',
        };
    }

    fn text(&self) -> String {
        self.0.iter().collect::<String>().trim_end().to_string()
    }
}

/// The boxes by number, each with those that it reads where these are not the one before it.
fn numbered(diagram: &Diagram) -> Vec<Row> {
    let width = diagram.boxes.len().to_string().len();
    let row = |at: usize| {
        let reads: Vec<usize> =
            diagram.links.iter().filter(|link| link.to == at).map(|link: &Link| link.from).collect();
        let named: Vec<String> = reads.iter().take(3).map(usize::to_string).collect();
        let more = if reads.len() > 3 { ", …" } else { "" };
        let from = if reads.len() == 1 && reads[0] + 1 == at || reads.is_empty() {
            String::new()
        } else {
            format!(" ← {}{more}", named.join(", "))
        };
        Row { ways: format!("{at:width$}{from}"), of: Some(at) }
    };
    (0..diagram.boxes.len()).map(row).collect()
}
