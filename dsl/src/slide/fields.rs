//! A table of one network, a row a layer, whose columns say what each layer has: type, patch size, output size, the
//! filters of an inception module, parameters, operations. Columns are known by their headings, in any order.

use super::draft::{Claim, Conv, Draft, DraftNet, Operations, Pad, Part, Pool, PoolKind, Printed, Row, Stated};
use super::figure::{Unread, What};
use super::grid::{Cell, Grid, GridRow};
use super::layer::{Described, described};
use super::number::Number;
use super::stages::printed_size;
use super::tokens::tokens;
use super::words::{LayerKind, first_layer};

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Type,
    Window,
    Stride,
    Pad,
    Output,
    Filters,
    Depth,
    /// The filters of an inception module's branches: 1×1; before the 3×3, 3×3; before the 5×5, 5×5; behind the pool.
    Branch(usize),
    Count(What, Option<Operations>),
}

/// Branches of an inception module in the order of [`Field::Branch`].
const BRANCHES: usize = 6;

/// A table's columns.
struct Columns {
    fields: Vec<(Field, usize)>,
    /// The thousands that a heading counts in: `params (K)`.
    thousands: Vec<(usize, u32)>,
}

/// Reads a table of one network; `None` where a table is none.
pub fn read(plain: &str, grid: &Grid<'_>) -> Option<Draft> {
    let (head, columns) = (1..=grid.rows.len().min(3)).rev().find_map(|rows| Some((rows, columns(grid, rows)?)))?;
    let mut draft = Draft { form: "a table of layers", ..Draft::default() };
    let operations = columns.fields.iter().find_map(|(field, _)| match field {
        Field::Count(What::Operations, operations) => *operations,
        _ => None,
    });
    draft.counts.operations = operations;
    draft.nets.push(DraftNet::default());
    let rows: Vec<&GridRow<'_>> = grid.rows[head..].iter().filter(|row| !row.is_empty()).collect();
    let states_pads = rows.iter().any(|row| columns.cell(row, Field::Pad).is_some_and(|cell| !cell.is_empty()));
    let last_fc = rows.iter().rposition(|row| columns.kind(plain, row) == Some(LayerKind::Fc));
    for (at, row) in rows.into_iter().enumerate() {
        if columns.cell(row, Field::Type).is_none_or(Cell::is_empty) {
            continue;
        }
        let reader = Reader { plain, columns: &columns, row, states_pads, is_last: Some(at) == last_fc };
        reader.read(&mut draft);
    }
    let has_layers = draft.nets[0].rows.len() >= 2;
    has_layers.then_some(draft)
}

/// The columns by their headings, which take so many rows; `None` where these are no headings of such a table.
fn columns(grid: &Grid<'_>, rows: usize) -> Option<Columns> {
    let mut columns = Columns { fields: Vec::new(), thousands: Vec::new() };
    let headings: Vec<String> =
        grid.headings(rows).into_iter().take(64).map(|heading| heading.to_lowercase()).collect();
    for (column, heading) in headings.iter().enumerate() {
        for field in fields(heading) {
            if !columns.fields.iter().any(|(known, _)| *known == field) {
                columns.fields.push((field, column));
            }
        }
        for (unit, thousands) in [("(k)", 1), ("(m)", 2), ("(g)", 3), ("(b)", 3), ("(10^6)", 2), ("(10^9)", 3)] {
            if heading.replace(' ', "").contains(unit) {
                columns.thousands.push((column, thousands));
            }
        }
    }
    let has = |wanted: &[Field]| columns.fields.iter().any(|(field, _)| wanted.contains(field));
    let is_one =
        has(&[Field::Type]) && has(&[Field::Window, Field::Output, Field::Filters]) && columns.fields.len() >= 3;
    is_one.then_some(columns)
}

/// What a heading names.
fn fields(heading: &str) -> Vec<Field> {
    let squeezed: String = heading.chars().filter(|c| !c.is_whitespace() && *c != '#').collect();
    let has = |word: &str| squeezed.contains(word);
    let words = |list: &[&str]| list.iter().any(|word| has(word));
    match () {
        () if has("output") => vec![Field::Output],
        () if has("3x3") && words(&["reduce", "red"]) => vec![Field::Branch(1)],
        () if has("5x5") && words(&["reduce", "red"]) => vec![Field::Branch(3)],
        () if has("proj") => vec![Field::Branch(5)],
        () if has("1x1") => vec![Field::Branch(0)],
        () if has("3x3") => vec![Field::Branch(2)],
        () if has("5x5") => vec![Field::Branch(4)],
        () if words(&["param", "weights"]) => vec![Field::Count(What::Parameters, None)],
        () if words(&["flop"]) => vec![Field::Count(What::Operations, Some(Operations::Flops))],
        () if words(&["mac", "mult-add", "madd"]) => vec![Field::Count(What::Operations, Some(Operations::Macs))],
        () if squeezed.starts_with("ops") || has("operations") => vec![Field::Count(What::Operations, None)],
        () if has("memory") => vec![Field::Count(What::Memory, None)],
        () if words(&["patch", "kernelsize", "filtersize", "window"]) || squeezed == "size" || squeezed == "kernel" => {
            if has("stride") {
                vec![Field::Window, Field::Stride]
            } else {
                vec![Field::Window]
            }
        }
        () if has("stride") => vec![Field::Stride],
        () if has("pad") => vec![Field::Pad],
        () if has("depth") => vec![Field::Depth],
        () if words(&["filters", "channels", "maps", "kernels", "units", "neurons"]) => vec![Field::Filters],
        () if ["type", "layer", "name", "layertype", "operation", "layername", "operator"]
            .contains(&squeezed.as_str()) =>
        {
            vec![Field::Type]
        }
        () => Vec::new(),
    }
}

impl Columns {
    fn column(&self, field: Field) -> Option<usize> {
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, column)| *column)
    }

    fn cell<'r, 'a>(&self, row: &'r GridRow<'a>, field: Field) -> Option<&'r Cell<'a>> {
        row.at(self.column(field)?)
    }

    fn kind(&self, plain: &str, row: &GridRow<'_>) -> Option<LayerKind> {
        Some(first_layer(plain, self.cell(row, Field::Type)?.place.clone())?.kind)
    }
}

/// Reads a row.
struct Reader<'r, 'a> {
    plain: &'a str,
    columns: &'r Columns,
    row: &'r GridRow<'a>,
    /// Some row states a padding, so that those that state none have none.
    states_pads: bool,
    /// It is the last fully connected layer.
    is_last: bool,
}

impl Reader<'_, '_> {
    fn read(&self, draft: &mut Draft) {
        let Some(cell) = self.columns.cell(self.row, Field::Type) else { return };
        let name = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let output = self.columns.cell(self.row, Field::Output).and_then(|cell| printed_size(self.plain, cell));
        let kind = self.columns.kind(self.plain, self.row);
        if kind == Some(LayerKind::Input) {
            draft.nets[0].input =
                output.or_else(|| printed_size(self.plain, cell)).and_then(|claim| match claim.value {
                    Printed::Shape(sizes, _) => Some(Stated::said(sizes, claim.place)),
                    _ => None,
                });
            return;
        }
        if kind.is_none() && self.total(cell, draft) {
            return;
        }
        match kind
            .ok_or_else(|| "a type of layer: convolution, max pool, inception, linear, softmax".to_string())
            .and_then(|kind| self.parts(kind, output.as_ref()))
        {
            Ok(parts) => {
                let claims = output.into_iter().chain(self.counts()).collect();
                let place = self.row.place.clone();
                draft.nets[0].rows.push(Row { name, place, parts, claims });
            }
            Err(expected) => {
                let rows = &draft.nets[0].rows;
                draft.unread.push(Unread {
                    line: super::line_of(self.plain, cell.place.start),
                    place: cell.place.clone(),
                    found: name,
                    expected,
                    read: super::layers_up_to(rows.len(), rows.last().map_or("", |row| &row.name)),
                });
            }
        }
    }

    /// Whether the row is of sums: `total | | | 6.8M | 1.5B`.
    fn total(&self, cell: &Cell<'_>, draft: &mut Draft) -> bool {
        let is_total = ["total", "sum", "all", "overall"].iter().any(|word| cell.text.to_lowercase().starts_with(word));
        if is_total {
            draft.nets[0].totals.extend(self.counts());
        }
        is_total
    }

    /// Its figures.
    fn counts(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        for (field, column) in &self.columns.fields {
            let Some(cell) = self.row.at(*column).filter(|cell| !cell.is_empty()) else { continue };
            let Some((number, length)) = Number::read(cell.text) else { continue };
            let place = cell.place.start..cell.place.start + length;
            let thousands = self.columns.thousands.iter().find(|(known, _)| known == column).map_or(0, |(_, n)| *n);
            match field {
                Field::Count(what, _) => {
                    let value = Printed::Number(number.in_thousands(thousands));
                    claims.push(Claim { what: *what, place, value });
                }
                Field::Depth => {
                    let value = Printed::Exact(number.value().unwrap_or(u128::MAX));
                    claims.push(Claim { what: What::Layers, place, value });
                }
                _ => {}
            }
        }
        claims
    }

    /// What it does; an error is what was expected of it.
    fn parts(&self, kind: LayerKind, output: Option<&Claim>) -> Result<Vec<Part>, String> {
        let word = |word: &str| Ok(vec![Part::Word(word.to_string())]);
        match kind {
            LayerKind::Conv | LayerKind::Deconv => self.convs(output, kind == LayerKind::Deconv),
            LayerKind::MaxPool | LayerKind::MeanPool => Ok(vec![self.pool(kind)]),
            LayerKind::Inception => self.inception(),
            LayerKind::Fc => {
                let units = self.filters(output).ok_or("how many units")?;
                let relu = (!self.is_last).then(relu);
                Ok(std::iter::once(Part::Fc(units)).chain(relu).collect())
            }
            LayerKind::Lrn => Ok(vec![Part::Lrn]),
            LayerKind::Bn => Ok(vec![Part::Bn]),
            LayerKind::Relu => word("relu"),
            LayerKind::Dropout => {
                let share = self.said(Field::Type).share.unwrap_or(0.5);
                Ok(vec![Part::Word(format!("dropout {share}"))])
            }
            LayerKind::Softmax => word("softmax"),
            LayerKind::Flatten | LayerKind::Input => Ok(Vec::new()),
        }
    }

    /// What a cell says.
    fn said(&self, field: Field) -> Described {
        self.columns
            .cell(self.row, field)
            .map_or_else(Described::default, |cell| described(self.plain, cell.place.clone()))
    }

    /// The only number of a cell.
    fn number(&self, field: Field) -> Option<Stated<usize>> {
        let cell = self.columns.cell(self.row, field)?;
        let number = tokens(self.plain, cell.place.clone()).into_iter().find(|token| token.number().is_some())?;
        Some(Stated::said(number.number()?, number.place))
    }

    /// How many filters: from their column, else from the size of the output.
    fn filters(&self, output: Option<&Claim>) -> Option<Stated<usize>> {
        let channels = || match &output?.value {
            Printed::Shape(sizes, _) if sizes.len() != 2 => sizes.last().copied().map(Stated::usual),
            _ => None,
        };
        self.number(Field::Filters).or_else(channels)
    }

    /// Window and stride: `7×7/2` in one cell, or in two.
    fn window(&self) -> [Option<Stated<Vec<usize>>>; 2] {
        let (window, stride) = (self.said(Field::Window), self.said(Field::Stride));
        let square =
            || self.number(Field::Window).map(|size| Stated { value: vec![size.value, size.value], place: size.place });
        let apart = self.columns.column(Field::Stride) != self.columns.column(Field::Window);
        let step = || {
            self.number(Field::Stride)
                .filter(|_| apart)
                .map(|step| Stated { value: vec![step.value], place: step.place })
        };
        [window.window.or_else(square), window.stride.or(stride.stride).or_else(step)]
    }

    fn pad(&self) -> Stated<Pad> {
        let said = self
            .said(Field::Pad)
            .pad
            .or_else(|| self.number(Field::Pad).map(|pad| Stated { value: Pad::By(pad.value), place: pad.place }));
        said.unwrap_or_else(|| Stated::usual(if self.states_pads { Pad::By(0) } else { Pad::Convention }))
    }

    /// A convolution, behind the 1×1 that reduces its channels where that has a column.
    fn convs(&self, output: Option<&Claim>, transposed: bool) -> Result<Vec<Part>, String> {
        let [window, stride] = self.window();
        let window = window.ok_or("the size of its filters: `3×3/1`")?;
        let branch = match window.value.first() {
            Some(3) => Some(2),
            Some(5) => Some(4),
            _ => None,
        };
        let own = branch.and_then(|branch| self.number(Field::Branch(branch)));
        let reduce = branch.and_then(|branch| self.number(Field::Branch(branch - 1)));
        let filters = own.or_else(|| self.filters(output)).ok_or("how many filters")?;
        let stride = stride.unwrap_or_else(|| Stated::usual(vec![1]));
        let conv = Conv { filters, window, stride, pad: self.pad(), groups: 1, bias: true, transposed };
        let mut parts: Vec<Part> = reduce.into_iter().flat_map(|filters| small(filters, 1)).collect();
        parts.extend([Part::Conv(conv), relu()]);
        Ok(parts)
    }

    fn pool(&self, kind: LayerKind) -> Part {
        let [window, stride] = self.window();
        let is_mean = kind == LayerKind::MeanPool;
        let window = window.unwrap_or_else(|| Stated::usual(vec![2, 2]));
        let stride = stride.unwrap_or_else(|| Stated::usual(window.value.clone()));
        // The mean over a whole map has no edge to pad.
        let pad = if is_mean && !self.states_pads { Stated::usual(Pad::By(0)) } else { self.pad() };
        Part::Pool(Pool { kind: if is_mean { PoolKind::Mean } else { PoolKind::Max }, window, stride, pad })
    }

    /// Four branches, joined: C. Szegedy et al., arXiv:1409.4842.
    fn inception(&self) -> Result<Vec<Part>, String> {
        let numbers: Vec<Option<Stated<usize>>> =
            (0..BRANCHES).map(|branch| self.number(Field::Branch(branch))).collect();
        let [one, before_three, three, before_five, five, projection] =
            <[_; BRANCHES]>::try_from(numbers).unwrap_or_default();
        let mut branches = Vec::new();
        branches.extend(one.map(|filters| small(filters, 1)));
        for (reduce, filters, window) in [(before_three, three, 3), (before_five, five, 5)] {
            let Some(filters) = filters else { continue };
            let reduce = reduce.map(|filters| small(filters, 1)).unwrap_or_default();
            branches.push([reduce, small(filters, window)].concat());
        }
        if let Some(filters) = projection {
            let pool = Pool {
                kind: PoolKind::Max,
                window: Stated::usual(vec![3, 3]),
                stride: Stated::usual(vec![1]),
                pad: Stated::usual(Pad::By(1)),
            };
            branches.push([vec![Part::Pool(pool)], small(filters, 1)].concat());
        }
        if branches.len() < 2 {
            return Err(
                "the filters of its branches, in columns #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj"
                    .to_string(),
            );
        }
        Ok(vec![Part::Concat(branches)])
    }
}

fn relu() -> Part {
    Part::Word("relu".to_string())
}

/// A convolution of a branch and its rectifier; the size stays.
fn small(filters: Stated<usize>, window: usize) -> Vec<Part> {
    let conv = Conv {
        filters,
        window: Stated::usual(vec![window, window]),
        stride: Stated::usual(vec![1]),
        pad: Stated::usual(Pad::By(window / 2)),
        groups: 1,
        bias: true,
        transposed: false,
    };
    vec![Part::Conv(conv), relu()]
}
