//! The photograph and the painting: a file or a sample of data each, and the size that they are brought to.

use fovea_dsl::net::Net;
use fovea_dsl::resized::{Fixed, resized};
use fovea_dsl::verb::{Said, Samples, Side};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;

use crate::display::number::of;
use crate::failure::Failure;
use crate::loose::files;
use crate::samples::{Pick, pick};
use crate::verbs::segment::no_size;
use crate::world::Names;

/// The longer side of a photograph is brought to so many pixels where no size is said.
pub const LONGEST: usize = 256;

/// The longest side that is looked for where a net does not take a smaller one.
const LARGEST: usize = 4096;

/// The photograph, at the size that is said, or at its own where that is not too large.
pub fn photo(samples: Samples, net: &Net, size: Option<&Said<[usize; 2]>>, names: &Names) -> Result<Pick, Failure> {
    if let (Some(size), false) = (size, samples.side == Side::Files) {
        return Err(no_size(size).into());
    }
    at_size(samples, net, |own| size.map_or_else(|| within(own, LONGEST), |said| said.value), names)
}

/// The painting: a file's longer side is at most that of the photograph.
pub fn painting(samples: Samples, net: &Net, photo: &Pick, names: &Names) -> Result<Pick, Failure> {
    let longest = photo.spec.shape().iter().take(2).copied().max().unwrap_or(LONGEST);
    at_size(samples, net, |own| within(own, longest), names)
}

fn at_size(
    samples: Samples,
    net: &Net,
    size: impl Fn([usize; 2]) -> [usize; 2],
    names: &Names,
) -> Result<Pick, Failure> {
    let pick = match samples.side {
        Side::Files => {
            let own = files(samples.clone(), net.input(), None, names)?;
            let (height, width) = match own.spec.shape()[..] {
                [height, width, _] => (height, width),
                _ => return Err(own.no_picture("stylize").into()),
            };
            let wanted = size([height, width]);
            if wanted == [height, width] { own } else { files(samples, net.input(), Some(wanted), names)? }
        }
        _ => pick(samples, names)?.of_pictures("stylize")?,
    };
    one(&pick)?;
    channels(&pick, net)?;
    Ok(pick)
}

/// A size of the same form whose longer side is no longer than this.
pub fn within(own: [usize; 2], longest: usize) -> [usize; 2] {
    let side = own[0].max(own[1]);
    if side <= longest {
        return own;
    }
    own.map(|side_of| ((side_of as f64 * longest as f64 / side as f64).round() as usize).max(1))
}

/// One picture, not several.
fn one(pick: &Pick) -> Result<(), Diagnostic> {
    let count = pick.range.1 - pick.range.0;
    if count == 1 {
        return Ok(());
    }
    let (name, span) = (&pick.samples.data.text, pick.samples.span);
    let message = format!("`{name}` has {}, and one is wanted here", of(count, "picture"));
    let mistake = Diagnostic::new(Stage::Values, span, message).found(of(count, "picture")).expected("one picture");
    Err(match pick.samples.side {
        Side::Files => mistake.help("name a file in it"),
        _ if pick.samples.range.is_none() => mistake.put_behind(span, "[0]").help(format!("write `{name}[0]`, say")),
        _ => {
            let first = format!("{}[{}]", name, pick.range.0);
            mistake.mend(span, &first).help(format!("write `{first}`, say"))
        }
    })
}

/// The picture has the channels that the net takes.
fn channels(pick: &Pick, net: &Net) -> Result<(), Diagnostic> {
    let shape = pick.spec.shape();
    let (takes, has) = (net.input().last().copied().unwrap_or(1), shape.last().copied().unwrap_or(1));
    if takes == has {
        return Ok(());
    }
    let [takes, has] = [takes, has].map(|channels| of(channels, "channel"));
    let message = format!("`{}` takes {takes}, and this picture has {has}", net.name);
    let mistake = Diagnostic::new(Stage::Shapes, pick.samples.span, message).here(join(&shape));
    Err(mistake.found(has).expected(takes).help("a file of a picture is brought to the channels of the net"))
}

/// The net at the size of a picture, with more than one position in the maps of these layers.
pub fn fitted(net: &Net, layers: &[usize], pick: &Pick, names: &Names) -> Result<Result<Net, Unfit>, Failure> {
    let shape = pick.spec.shape();
    let fitted = match resized(net, &shape, &*names.interrupted)? {
        Ok(fitted) => fitted,
        Err(fixed) => return Ok(Err(Unfit::Fixed(fixed))),
    };
    let single = layers.iter().find(|&&at| fitted.layers[at].output.iter().take(2).product::<usize>() < 2);
    Ok(match single {
        Some(&at) => Err(Unfit::Single(fitted.layers[at].name.clone())),
        None => Ok(fitted),
    })
}

/// Why a net does not go with the size of a picture.
pub enum Unfit {
    /// A layer forbids it.
    Fixed(Fixed),
    /// Of this layer's maps a single position is left.
    Single(String),
}

impl Unfit {
    fn why(&self) -> String {
        match self {
            Self::Fixed(fixed) => fixed.to_string(),
            Self::Single(layer) => format!("`{layer}` would have a single position"),
        }
    }

    /// The mistake of a picture that is too small, and the size that works.
    pub fn mistake(
        &self,
        net: &Net,
        layers: &[usize],
        pick: &Pick,
        size: Option<Span>,
        names: &Names,
    ) -> Result<Diagnostic, Failure> {
        let shape = pick.spec.shape();
        let own = [shape[0], shape[1]];
        let message = format!("`{}` does not take pictures of {}: {}", net.name, join(&own), self.why());
        let place = size.unwrap_or(pick.samples.span);
        let mistake = Diagnostic::new(Stage::Shapes, place, message).found(join(&own));
        let Some(works) = working(net, layers, &shape, names)? else { return Ok(mistake.expected("a larger picture")) };
        let works = join(&works);
        Ok(match size {
            Some(size) => mistake.expected(works.clone()).write(size, format!("size {works}")),
            None => mistake.expected(format!("a picture of at least {works}, say")),
        })
    }
}

/// A size of about the same form that the net takes: twice as large, four times, and so on.
fn working(net: &Net, layers: &[usize], shape: &[usize], names: &Names) -> Result<Option<[usize; 2]>, Failure> {
    let mut size = [shape[0], shape[1]];
    while size[0].max(size[1]) < LARGEST {
        size = size.map(|side| side * 2);
        let takes = resized(net, &[size[0], size[1], shape[2]], &*names.interrupted)?;
        let has_maps = |net: &Net| layers.iter().all(|&at| net.layers[at].output.iter().take(2).product::<usize>() > 1);
        if takes.is_ok_and(|net| has_maps(&net)) {
            return Ok(Some(size));
        }
    }
    Ok(None)
}
