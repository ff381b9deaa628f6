//! `data digits size 28x28`, `data pets = images "pets/" size 64x64 split 80/20`

mod look;
mod page;
mod places;
mod seen;
mod source;

use fovea_cuda::cache_folder;
use fovea_data::{DataSource, DataSpec, Room};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{Basis, Data, Theme};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use serde_json::json;

use super::{Checked, Events, Job};
use crate::classics::classic;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::unknown_data;
use crate::memory;
use crate::world::{Names, World};
use look::{Looked, sheet};
use page::{Class, by_class, head, page};
use places::Places;
use seen::seen;
use source::{part, source};

/// The cache folder of decoded pictures.
const PICTURES: &str = "pictures";

struct Declare {
    name: Name,
    spec: DataSpec,
    places: Places,
    say: Say,
    theme: Theme,
}

/// What a statement says of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Say {
    /// How many there are.
    Counts,
    /// What it looks like, too: it was known already.
    Looks,
}

/// Declares data under its name. Of people's own, folders and the heads of files are looked at, no pixels.
pub fn check(data: Data, names: &mut Names, world: &World) -> Checked {
    let places = Places::of(&data);
    let source = source(&data);
    let spec = match (&data.basis.data, source.clone()) {
        (Some(other), _) if data.basis.folder.is_none() => {
            is_free(&data.name, names)?;
            part(&data, other, &places, names)?
        }
        (_, Some(source)) => {
            is_free(&data.name, names)?;
            open(&data, source, &places, names)?
        }
        (_, None) => declared(&data, &places, names)?,
    };
    let spec = seen(&data, spec)?;
    let device = &*names.device;
    memory::data_fits(&spec, world.held(&spec, device), device, places.samples)?;
    names.wanted.note(&spec, places.samples);
    let is_alone = source.is_none() && data.basis == Basis::default() && data.size.is_none();
    let is_known = names.data.get(&data.name.text) == Some(&spec);
    let say = if is_alone && is_known { Say::Looks } else { Say::Counts };
    names.data.insert(data.name.text.clone(), spec.clone());
    Ok(Box::new(Declare { name: data.name, spec, places, say, theme: names.theme }))
}

/// Data that has its name already: built in, or declared before.
fn declared(data: &Data, places: &Places, names: &Names) -> Result<DataSpec, Failure> {
    let known = names.data.get(&data.name.text).filter(|spec| spec.is_own());
    match (known, data.size) {
        (Some(known), None) => Ok(known.clone()),
        (Some(known), Some(_)) => {
            let sized = open(data, known.source().clone(), places, names)?;
            Ok(sized.seen(known.augment().clone(), known.normalize()))
        }
        (None, _) => match DataSpec::builtin(&data.name.text).or_else(|| classic(&data.name.text)) {
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
    spec.and_then(|spec| spec.within(room())).map_err(|error| places.failure(error))
}

/// What data may take of memory and disk.
fn room() -> Room {
    cache_folder(PICTURES).map_or_else(Room::default, Room::with_folder)
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

impl Job for Declare {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.read(&self.spec).map_err(|error| self.places.failure(error))?;
        let name = &self.name.text;
        let (shape, by_class) = (data.shape(), by_class(&data));
        let mut figures = json!({
            "data": name, "shape": shape, "classes": data.classes,
            "train": data.train.len(), "validation": data.validation.len(), "test": data.test.len(),
            "by_class": by_class.iter().map(Class::as_data).collect::<Vec<_>>(),
            "fingerprint": self.spec.fingerprint(),
        });
        let (head, is_own) = (head(name, &data), self.spec.is_own());
        if is_own {
            figures["left_out"] = json!(data.left_out);
        }
        if !is_own && self.say == Say::Counts {
            return Ok(Output::new("data", head, figures));
        }
        let page = page(head, &data, &by_class);
        if self.say == Say::Counts {
            return Ok(Output::page("data", &page, figures));
        }
        let looked = Looked::at(&data, &self.spec, &*world.interrupted);
        let looked = looked.map_err(|error| self.places.failure(error))?;
        looked.figures(&mut figures);
        let page = looked.lines().into_iter().fold(page, |page, line| page.text(line));
        let output = Output::page("data", &page, figures);
        Ok(match sheet(name, &data, self.theme).at(self.places.name)? {
            Some(picture) => output.picture(picture),
            None => output,
        })
    }
}
