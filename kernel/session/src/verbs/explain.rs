//! `explain lenet`: the net with every default filled in, its graph and its plan.

use fovea_dsl::net::Net;
use fovea_dsl::verb;
use fovea_train::{Question, Route};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::Page;
use crate::event::Output;
use crate::failure::Failure;
use crate::lookup::{Use, Weights};
use crate::route::route;
use crate::world::{Names, World};

struct Explain {
    net: Net,
    route: Route,
}

/// Follows the net's route to the plan of one picture.
pub fn check(said: &verb::Explain, names: &Names) -> Checked {
    let of = Use { net: &said.net, data: said.on.as_ref().map(|on| &on.value), weights: Weights::Own };
    let (net, route) = route(&of, &Question::result(), 1, names)?;
    Ok(Box::new(Explain { net, route }))
}

impl Job for Explain {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let (net, Route { forward: graph, plan }) = (&self.net, &self.route);
        let defaults: Vec<String> = net.to_string().lines().map(str::to_string).collect();
        let (graph, plan) = (graph.to_string(), plan.to_string());
        let code = |text: &str| Page::default().code(indent(text));
        let page = Page::default()
            .section("The net, every default filled in:", code(&defaults.join("\n")))
            .fold("Its graph, for one picture:", code(&graph))
            .fold("Its plan, fused:", code(&plan));
        let data = json!({ "net": net.name, "layers": defaults, "graph": graph, "plan": plan });
        Ok(Output::page("explain", &page, data))
    }
}

/// Four spaces before every line.
fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
