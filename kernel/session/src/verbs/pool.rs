//! `pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4]`: one pooling of an image, every window shown, and another image that pools to the
//! same.

mod alike;

use std::sync::Arc;

use fovea_dsl::net::Kind;
use fovea_dsl::verb::{Padding, Pixels, Pool, PoolForm};
use fovea_graph::Span;
use fovea_graph::op;
use fovea_graph::shape::join;
use fovea_graph::window::Rounding;
use serde_json::Value;

use super::sliding::Sliding;
use super::windowed::{Misfit, Pictured, bearable, extents, nested, one_layer, windows};
use super::{Checked, Events, Job};
use crate::display::{Makes, Page};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture;
use crate::world::{Names, World};

struct Pooling {
    sliding: Sliding,
    form: PoolForm,
}

/// Checks that the window slides over the image. As the layer: 2x2 unless it says otherwise, its stride the window.
pub fn check(said: Pool, span: Span, names: &Names) -> Checked {
    let form = said.form().unwrap_or(PoolForm::Max);
    let size = said.size.map_or([2; 2], |size| size.value);
    let stride = said.stride.map_or(size, |stride| stride.value);
    let padding = match (said.pad, said.same) {
        (Some(pad), _) => Padding::Zeros(pad.value),
        (None, Some(_)) => Padding::Same,
        (None, None) => Padding::Valid,
    };
    let rounding = if said.ceil.is_some() { Rounding::Ceil } else { Rounding::Floor };
    let image = Pictured::of(Pixels::Planes(vec![said.image]), "pool", names)?;
    let shape = image.shape;
    let at = said.size.map_or(span, |size| size.span);
    let misfit = |misfit: Misfit| misfit.at("window", size, shape, at);
    let windows = windows(padding, [stride, [1; 2]], size, shape, rounding).map_err(misfit)?;
    let extent = extents(&windows, shape).map_err(misfit)?;
    bearable(&extent, size, shape[2], shape[2], span)?;
    let kind = Kind::Pool(op::Pool {
        kind: match form {
            PoolForm::Max => op::PoolKind::Max,
            PoolForm::Avg => op::PoolKind::Avg,
        },
        size: size.to_vec(),
        stride: stride.to_vec(),
        pad: windows.iter().map(|window| window.pad).collect(),
        rounding,
    });
    let net = one_layer("pool", shape, "pool1", kind, [&extent[..], &shape[2..]].concat(), span);
    let word = word(form);
    let title = format!("{}, {word} pooled by {}", image.name, join(&size));
    let (device, theme) = (Arc::clone(&names.device), names.theme);
    let sliding = Sliding { verb: "pool", image, windows, net, device, theme, title, span };
    Ok(Box::new(Pooling { sliding, form }))
}

/// The word for what is taken of a window.
fn word(form: PoolForm) -> &'static str {
    match form {
        PoolForm::Max => "max",
        PoolForm::Avg => "avg",
    }
}

impl Job for Pooling {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let Self { sliding, form } = self;
        let makes = match form {
            PoolForm::Max => Makes::Max,
            PoolForm::Avg => Makes::Mean,
        };
        let image = sliding.image.pixels(world)?;
        let other = alike::other(&image, &sliding.windows);
        let more = |page: Page| match &other {
            Some(other) => {
                page.fold("another picture that pools to the same", Page::default().code(alike::rows(other)))
            }
            None => page,
        };
        let pooled = sliding.result(&image, None, world)?;
        let mut output = sliding.output([&image, &pooled], makes, more)?;
        output.data["window"] = sliding.windows.iter().map(|window| window.size).collect();
        output.data["takes"] = word(*form).into();
        output.data["alike"] = other.as_ref().map_or(Value::Null, nested);
        let Some(other) = other else { return Ok(output) };
        let title = format!("{}: two pictures, one map", sliding.title);
        let windows = alike::places(&sliding.windows, [0, 1].map(|axis| image.shape()[axis]));
        let picture = picture::alike(&title, [&image, &other, &pooled], &windows, sliding.theme).at(sliding.span)?;
        Ok(output.picture(picture))
    }
}
