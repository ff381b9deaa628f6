//! `pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4]`: one pooling of an image, every window shown.

use std::sync::Arc;

use fovea_dsl::net::{Kind, Net};
use fovea_dsl::verb::{Padding, Pixels, Pool, PoolForm};
use fovea_graph::op;
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};
use fovea_graph::{Backend, Span};
use serde_json::json;

use super::slide::{Misfit, Pictured, bearable, compute, extents, figures, one_layer, windows};
use super::{Checked, Events, Job};
use crate::display::{Makes, Slide};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{Theme, convolution};
use crate::world::{Names, World};

struct Pooling {
    image: Pictured,
    form: PoolForm,
    /// Down and across.
    windows: [Window; 2],
    /// The net of one pooling that computes it.
    net: Net,
    device: Arc<dyn Backend>,
    theme: Theme,
    title: String,
    span: Span,
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
    let image = Pictured::of(Pixels::Matrix(said.image), "pool", names)?;
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
    let device = Arc::clone(&names.device);
    Ok(Box::new(Pooling { image, form, windows, net, device, theme: names.theme, title, span }))
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
        let image = self.image.pixels(world, self.span)?;
        let result = compute(&self.net, &self.device, &image, None, &world.interrupted);
        world.go_on()?;
        let result = result.at(self.span)?;
        let makes = match self.form {
            PoolForm::Max => Makes::Max,
            PoolForm::Avg => Makes::Mean,
        };
        let drawn = Slide { image: &image, makes, result: &result, windows: &self.windows };
        let picture = convolution(&self.title, &drawn, self.theme).at(self.span)?;
        let mut data = figures(&drawn);
        data["window"] = json!(drawn.size());
        data["takes"] = json!(word(self.form));
        Ok(Output::page("pool", &drawn.page(&self.title), data).picture(picture))
    }
}
