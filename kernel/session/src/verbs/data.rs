//! `data digits size 28x28`, `data pets = images "pets/" size 64x64 split 80/20`

use std::path::PathBuf;

use fovea_cuda::cache_folder;
use fovea_data::{
    Arrays, Broken, Clause, DataError, DataSource, DataSpec, Dataset, Images, Labels, ReadAs, Room, Split,
};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Data};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Span, counted};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::{Column, Page, Table, number};
use crate::event::Output;
use crate::failure::{Failure, placed};
use crate::lookup::unknown_data;
use crate::memory;
use crate::samples::labelled;
use crate::world::{Names, World};

/// The cache folder of decoded pictures.
const PICTURES: &str = "pictures";

/// So many classes, or files that were left out, are listed.
const LISTED: usize = 40;

struct Declare {
    name: Name,
    spec: DataSpec,
    places: Places,
}

/// Declares data under its name. Of people's own, folders and the heads of files are looked at, no pixels.
pub fn check(data: Data, names: &mut Names, world: &World) -> Checked {
    let places = Places::of(&data);
    let spec = match source(&data) {
        Some(source) => {
            is_free(&data.name, names)?;
            open(&data, source, &places, names)?
        }
        None => declared(&data, &places, names)?,
    };
    let device = &*names.device;
    memory::data_fits(&spec, world.held(&spec, device), device, places.samples)?;
    names.data.insert(data.name.text.clone(), spec.clone());
    Ok(Box::new(Declare { name: data.name, spec, places }))
}

/// Where people's own data comes from; none for what has its name already.
fn source(data: &Data) -> Option<DataSource> {
    let path = |name: &Name| PathBuf::from(&name.text);
    let split = data.split.map(|said| Split { test: said.value.test as u8, ..Split::default() });
    if let Some(folder) = &data.images {
        let broken = if data.skip.is_some() { Broken::Skip } else { Broken::Refuse };
        return Some(DataSource::Images(Images { folder: path(&folder.value), broken, split }));
    }
    let samples = data.npy.as_ref()?;
    let labels = data.labels.as_ref().map(|said| path(&said.value));
    Some(DataSource::Arrays(Arrays {
        images: path(&samples.value),
        labels,
        read_as: data.read_as.map(|said| match said.value {
            verb::ReadAs::Classes => ReadAs::Classes,
            verb::ReadAs::Numbers => ReadAs::Numbers,
        }),
        shape: data.shape.as_ref().map(|said| said.value.clone()),
        split,
    }))
}

/// Data that has its name already: built in, or declared before.
fn declared(data: &Data, places: &Places, names: &Names) -> Result<DataSpec, Failure> {
    let known = names.data.get(&data.name.text).filter(|spec| spec.is_own());
    match (known, data.size) {
        (Some(known), None) => Ok(known.clone()),
        (Some(known), Some(_)) => open(data, known.source().clone(), places, names),
        (None, _) => match DataSpec::builtin(&data.name.text) {
            Some(source) => open(data, source, places, names),
            None => Err(unknown_data(&data.name, names).into()),
        },
    }
}

fn open(data: &Data, source: DataSource, places: &Places, names: &Names) -> Result<DataSpec, Failure> {
    if let Some(size) = data.size {
        sizes(size.value, size.what)?;
    }
    let size = data.size.map(|said| said.value);
    let spec = DataSpec::open_unless(&data.name.text, source, size, &*names.interrupted);
    let room = cache_folder(PICTURES).map_or_else(Room::default, Room::with_folder);
    spec.and_then(|spec| spec.within(room)).map_err(|error| places.failure(error))
}

/// Sides that pictures can be brought to.
fn sizes([height, width]: [usize; 2], span: Span) -> Result<(), Diagnostic> {
    let allowed = 1..=DataSpec::MAX_SIDE;
    if allowed.contains(&height) && allowed.contains(&width) {
        return Ok(());
    }
    let message = format!("pictures cannot be brought to {height}x{width}");
    Err(Diagnostic::new(Stage::Values, span, message)
        .found(format!("{height}x{width}"))
        .expected(format!("sides of 1 to {} pixels", DataSpec::MAX_SIDE)))
}

/// Refuses a name for people's own data that is taken.
fn is_free(name: &Name, names: &Names) -> Result<(), Diagnostic> {
    let text = &name.text;
    let message = if DataSpec::builtin(text).is_some() {
        format!("`{text}` is built in, so no other data can be called so")
    } else if names.has_net(text) {
        format!("`{text}` is a net, so no data can be called so")
    } else {
        return Ok(());
    };
    let mistake = Diagnostic::new(Stage::Names, name.span, message).found(text).expected("another name");
    Err(mistake.mend(name.span, format!("my_{text}")).help(format!("`my_{text}` would do")))
}

/// Where a statement speaks of what.
struct Places {
    name: Span,
    samples: Span,
    labels: Span,
    shape: Span,
    size: Option<Place>,
    split: Option<Place>,
}

/// What a clause says, and what to take out of the text to leave it out.
#[derive(Clone, Copy)]
struct Place {
    what: Span,
    cut: Span,
}

impl Places {
    fn of(data: &Data) -> Self {
        let source = data.images.as_ref().or(data.npy.as_ref());
        let samples = source.map_or(data.name.span, |said| said.what);
        Self {
            name: data.name.span,
            samples,
            labels: data.labels.as_ref().map_or(samples, |said| said.what),
            shape: data.shape.as_ref().map_or(samples, |said| said.what),
            size: data.size.map(|said| Place { what: said.what, cut: said.cut() }),
            split: data.split.map(|said| Place { what: said.what, cut: said.cut() }),
        }
    }

    /// A mistake of data at the words that it is about.
    fn failure(&self, error: DataError) -> Failure {
        let clause = match &error {
            DataError::Unfit(unfit) => unfit.clause,
            DataError::Size { .. } => Clause::Size,
            DataError::Builtin { .. } | DataError::Interrupted(_) => return placed(&error, self.name),
        };
        let needless = match clause {
            Clause::Samples => return placed(&error, self.samples),
            Clause::Shape => return placed(&error, self.shape),
            Clause::Labels => return placed(&error, self.labels),
            Clause::Size => self.size,
            Clause::Split => self.split,
        };
        let Some(Place { what, cut }) = needless else { return placed(&error, self.samples) };
        match placed(&error, what) {
            // Such files have a size, or parts, already.
            Failure::Mistakes(mistakes) => {
                mistakes.into_iter().map(|mistake| mistake.mend(cut, "")).collect::<Vec<_>>().into()
            }
            Failure::Interrupted => Failure::Interrupted,
        }
    }
}

impl Job for Declare {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.read(&self.spec).map_err(|error| self.places.failure(error))?;
        let (train, test) = (data.train.len(), data.test.len());
        let name = &self.name.text;
        let (shape, by_class) = (data.shape(), by_class(&data));
        let what = if shape.len() == 3 { "picture" } else { "sample" };
        let head = format!(
            "{name}: {} to train on and {test} to test, {}, {}",
            counted(train, what),
            join(shape),
            labelled(&data)
        );
        let mut figures = json!({
            "data": name, "shape": shape, "classes": data.classes, "train": train, "test": test,
            "by_class": by_class.iter().map(Class::as_data).collect::<Vec<_>>(),
        });
        if !self.spec.is_own() {
            return Ok(Output::new("data", head, figures));
        }
        figures["left_out"] = json!(data.left_out);
        Ok(Output::page("data", &page(head, &data, &by_class), figures))
    }
}

/// A class, and how many of it there are.
struct Class<'a> {
    name: &'a str,
    train: usize,
    test: usize,
}

impl Class<'_> {
    fn as_data(&self) -> Value {
        json!({ "class": self.name, "train": self.train, "test": self.test })
    }
}

/// How many there are of each class; none where a class is not a sample's.
fn by_class(data: &Dataset) -> Vec<Class<'_>> {
    if !matches!(data.labels, Labels::Class(_)) {
        return Vec::new();
    }
    let mut counts = vec![[0, 0]; data.classes.len()];
    for (part, indices) in [&data.train, &data.test].into_iter().enumerate() {
        let classes = indices.iter().filter_map(|&index| data.labels.class(index));
        classes.for_each(|class| counts[class as usize][part] += 1);
    }
    data.classes.iter().zip(counts).map(|(name, [train, test])| Class { name, train, test }).collect()
}

/// What is said of people's own data: how many, of which class, and what was left out.
fn page(head: String, data: &Dataset, by_class: &[Class<'_>]) -> Page {
    let mut table = Table::new([Column::left("class").at_most(40), Column::right("train"), Column::right("test")]);
    for class in by_class.iter().take(LISTED) {
        table.row([class.name.to_string(), number::count(class.train as u64), number::count(class.test as u64)]);
    }
    let mut page = Page::default().text(head);
    if !by_class.is_empty() {
        page = page.table(table);
    }
    if by_class.len() > LISTED {
        page = page.text(format!("… and {} more", counted(by_class.len() - LISTED, "class")));
    }
    if !data.left_out.is_empty() {
        let mut lines = data.left_out.iter().take(LISTED).cloned().collect::<Vec<_>>();
        if data.left_out.len() > LISTED {
            lines.push(format!("… and {} more", data.left_out.len() - LISTED));
        }
        page = page.section(
            format!("{} left out:", counted(data.left_out.len(), "file")),
            Page::default().code(lines.join("\n")),
        );
    }
    data.remarks.iter().fold(page, |page, remark| page.text(remark))
}
