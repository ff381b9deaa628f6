//! A window on its way over an image, checked: what `convolve` and `pool` do alike once they run.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_dsl::net::Net;
use fovea_graph::window::Window;
use fovea_graph::{Backend, Outcome, Span, Tensor};
use fovea_train::{Numbers, Question, Task, TrainError};
use ndarray::Axis;
use serde_json::{Value, json};

use super::windowed::{Pictured, nested};
use crate::display::{Makes, Page, SlidingWindow};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{Theme, convolution};
use crate::world::{World, forward};

/// A window on its way over an image.
pub struct Sliding {
    pub verb: &'static str,
    pub image: Pictured,
    /// Down and across.
    pub windows: [Window; 2],
    /// The net of one layer that computes it.
    pub net: Net,
    pub device: Arc<dyn Backend>,
    pub theme: Theme,
    pub title: String,
    pub span: Span,
}

impl Sliding {
    /// What comes of an image; `filter` is that of a convolution.
    pub fn result(&self, image: &Tensor, filter: Option<&Tensor>, world: &World) -> Result<Tensor, Failure> {
        let result = compute(&self.net, &self.device, image, filter, &world.interrupted);
        world.go_on()?;
        result.at(self.span)
    }

    /// Draws it step by step; `makes` says what becomes of the elements under the window, and `more` what is said besides,
    /// below the result.
    pub fn output(
        &self,
        [image, result]: [&Tensor; 2],
        makes: Makes<'_>,
        more: impl FnOnce(Page) -> Page,
    ) -> Result<Output, Failure> {
        let drawn = SlidingWindow { image, makes, result, windows: &self.windows };
        let picture = convolution(&self.title, &drawn, self.theme).at(self.span)?;
        Ok(Output::page(self.verb, &more(drawn.page(&self.title)), figures(&drawn)).picture(picture))
    }
}

/// What a net with one layer that has weights, at most, makes of an image, by the route of every net.
pub fn compute(
    net: &Net,
    device: &Arc<dyn Backend>,
    image: &Tensor,
    weights: Option<&Tensor>,
    interrupted: &Arc<AtomicBool>,
) -> Result<Tensor, TrainError> {
    let plan = Question::result().route_unless(&forward(net, interrupted), 1, &**device, &**interrupted)?.plan;
    let state = plan.graph.states.first().cloned();
    let mut task = Task::new_unless(device, plan, 0, &**interrupted)?;
    if let Some((state, weights)) = state.zip(weights) {
        let weights = weights.broadcast(state.shape.dims());
        let weights = weights.ok_or_else(|| TrainError::Inconsistent("the filter is of another shape".into()))?;
        task.set(&state.name, &weights.as_standard_layout().into_owned())?;
    }
    let images = image.view().insert_axis(Axis(0)).as_standard_layout().into_owned();
    match task.step(&[("images", &images)], Numbers::default(), interrupted)? {
        Outcome::Interrupted => Err(TrainError::Interrupted),
        Outcome::Done | Outcome::NotFinite(_) => Ok(task.answer()?.take("result")?.index_axis_move(Axis(0), 0)),
    }
}

/// Image, result and how the window slid, as data.
fn figures(drawn: &SlidingWindow<'_>) -> Value {
    let (position, channel) = drawn.strongest();
    json!({
        "image": nested(drawn.image),
        "output": nested(drawn.result),
        "stride": drawn.windows.iter().map(|window| window.stride).collect::<Vec<_>>(),
        "padding": drawn.windows.iter().map(|window| window.pad).collect::<Vec<_>>(),
        "strongest": { "row": position[0], "column": position[1], "channel": channel,
            "value": drawn.value(position, channel) },
    })
}
