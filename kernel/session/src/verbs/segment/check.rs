//! Whether a net tells a class at every position of these pictures, whatever their size.

use std::path::Path;
use std::sync::Arc;

use fovea_dsl::net::Net;
use fovea_dsl::resized::{Fixed, resized};
use fovea_dsl::verb::{self, Said, Side};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;
use fovea_train::Question;

use super::Segment;
use crate::classes::{class_names, tells_classes};
use crate::display::number::of;
use crate::failure::Failure;
use crate::lookup::{Use, Weights};
use crate::loose::files;
use crate::memory;
use crate::route::route_of;
use crate::samples::{Pick, pick};
use crate::verbs::Checked;
use crate::verbs::weights::destination;
use crate::world::Names;

/// How many samples are looked at where the statement says no numbers, and at most.
const SAMPLES: usize = 4;
const MOST: usize = 64;

/// So many classes are told apart by a byte.
pub const BYTES: usize = 256;

/// Checks net, pictures, their size and the file's folder.
pub fn check(said: verb::Segment, names: &Names) -> Checked {
    let verb::Segment { net, samples, size, save } = said;
    let (is_of_files, data) = (samples.side == Side::Files, samples.data.clone());
    let of = Use { net: &net, data: (!is_of_files).then_some(&data), weights: Weights::Own };
    let net = names.whole(&of)?;
    of_positions(&net, of.net.span)?;
    if let Some(size) = size.as_ref().filter(|_| !is_of_files) {
        return Err(no_size(size).into());
    }
    let all = samples.range.is_none();
    let mut pick = if is_of_files {
        files(samples, net.input(), size.as_ref().map(|size| size.value), names)?
    } else {
        pick(samples, names)?.of_pictures("segment")?
    };
    if all {
        pick.range.1 = pick.range.1.min(SAMPLES);
    }
    pick.few(MOST)?;
    let net = at_size(&net, &pick, of.net.span, size.as_ref(), names)?;
    let route = route_of(&net, &of, &Question::result(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let classes = class_names(&net, pick.spec.class_names(), names);
    let save = save.map(|path| destination(&path.value)).transpose()?;
    if let Some((path, span)) = save.as_ref().filter(|(path, _)| is_png(path)) {
        one_mask(path, *span, &pick, classes.len())?;
    }
    let device = Arc::clone(&names.device);
    Ok(Box::new(Segment { net, device, seed: names.seed, theme: names.theme, pick, classes, save }))
}

/// Whether a file is to be a png.
pub fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// A net that tells a class at every position of a plane.
fn of_positions(net: &Net, span: Span) -> Result<(), Diagnostic> {
    let is_classifier = tells_classes(net);
    if is_classifier && net.output().len() == 3 {
        return Ok(());
    }
    let expected = "a net that tells a class at every position, with `- softmax` behind a map";
    let (message, found) = match net.output() {
        [classes] if is_classifier => (format!("`{}` tells one class a picture", net.name), of(*classes, "class")),
        output => (format!("`{}` gives {}, and tells no classes of a plane", net.name, join(output)), join(output)),
    };
    let help = "`- softmax` in place of `, softmax` tells a class at every position of the map before it";
    Err(Diagnostic::new(Stage::Shapes, span, message).found(found).expected(expected).help(help))
}

/// The pictures of data have their size.
pub fn no_size(size: &Said<[usize; 2]>) -> Diagnostic {
    let size_in_words = join(&size.value);
    let mistake =
        Diagnostic::new(Stage::Verbs, size.span, "`size` brings files to size, and these are samples of data");
    let help = format!("`data … size {size_in_words}` brings those of data to size");
    mistake.found(format!("size {size_in_words}")).expected("no `size`").mend(size.cut(), "").help(help)
}

/// The net at the size of the pictures.
fn at_size(net: &Net, pick: &Pick, span: Span, size: Option<&Said<[usize; 2]>>, names: &Names) -> Result<Net, Failure> {
    let shape = pick.spec.shape();
    if shape == net.input() {
        return Ok(net.clone());
    }
    let (takes, has) = (net.input().last().copied().unwrap_or(1), shape.last().copied().unwrap_or(1));
    if takes != has {
        let [takes, has] = [takes, has].map(|channels| of(channels, "channel"));
        let message = format!("`{}` takes {takes}, and these pictures have {has}", net.name);
        let mistake = Diagnostic::new(Stage::Shapes, pick.samples.span, message).here(join(&shape));
        return Err(mistake.also(span, join(net.input())).found(has).expected(takes).into());
    }
    match resized(net, &shape, &*names.interrupted)? {
        Ok(net) => Ok(net),
        Err(fixed) => Err(forbidden(net, &fixed, pick, size, names)?.into()),
    }
}

/// The mistake of a size that a layer does not go with, and the nearest one that works.
fn forbidden(
    net: &Net,
    fixed: &Fixed,
    pick: &Pick,
    size: Option<&Said<[usize; 2]>>,
    names: &Names,
) -> Result<Diagnostic, Failure> {
    let shape = pick.spec.shape();
    let works = working(net, &shape, names)?;
    let sides = join(&works);
    let message = format!("`{}` does not take pictures of {}: {fixed}", net.name, join(&shape[..2]));
    let place = size.map_or(pick.samples.span, |size| size.span);
    let mistake = Diagnostic::new(Stage::Shapes, place, message).found(join(&shape[..2])).expected(sides.clone());
    let data = &pick.samples.data.text;
    Ok(match (size, pick.samples.side) {
        (Some(size), _) => mistake.write(size.span, format!("size {sides}")),
        (None, Side::Files) => {
            let mistake = mistake.put_behind(pick.samples.span, format!(" size {sides}"));
            mistake.help(format!("write `size {sides}` behind it"))
        }
        _ => mistake.help(format!("`data {data} … size {sides}` before this brings its pictures to size")),
    })
}

/// A size near that of the pictures that the net takes: rounded down to a multiple of 2, 4, 8 and so on, or else its own.
fn working(net: &Net, shape: &[usize], names: &Names) -> Result<[usize; 2], Failure> {
    for step in (1..=7).map(|power| 1usize << power) {
        let [height, width] = [shape[0], shape[1]].map(|side| side / step * step);
        let near = [height, width, shape[2]];
        if height > 0 && width > 0 && resized(net, &near, &*names.interrupted)?.is_ok() {
            return Ok([height, width]);
        }
    }
    Ok([net.input()[0], net.input()[1]])
}

/// A png holds one mask, of as many classes as a byte tells apart.
fn one_mask(path: &Path, span: Span, pick: &Pick, classes: usize) -> Result<(), Diagnostic> {
    let count = pick.range.1 - pick.range.0;
    let (found, expected) = match (count, classes) {
        (1, ..=BYTES) => return Ok(()),
        (1, classes) => (of(classes, "class"), of(BYTES, "class")),
        (count, _) => (of(count, "picture"), of(1, "picture")),
    };
    let message = format!("a png holds the mask of one picture, of at most {}: here are {found}", of(BYTES, "class"));
    let npy = format!("\"{}\"", path.with_extension("npy").display());
    Err(Diagnostic::new(Stage::Values, span, message).found(found).expected(expected).write(span, npy))
}
