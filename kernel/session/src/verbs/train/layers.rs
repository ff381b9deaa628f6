//! Which layers a `freeze` or an `lr … at` means.

use fovea_dsl::net::Net;
use fovea_dsl::verb::{LayerRate, Said, Stretch, Train};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Graph, Role};
use fovea_train::Recipe;

use crate::failure::Failure;
use crate::layers::own_layer;

/// Fills in the layers that a recipe freezes, and those with a rate of their own; `graph` is the net's. Of the layers that
/// are named those count that have something to train.
pub fn adjust(train: &Train, net: &Net, graph: &Graph, recipe: &mut Recipe) -> Result<(), Failure> {
    if let Some(freeze) = &train.freeze {
        recipe.adjustments.frozen = frozen(freeze, net, graph)?;
    }
    if let Some(rates) = &train.lr {
        recipe.adjustments.factors = factors(rates, net, graph, recipe)?;
    }
    Ok(())
}

fn frozen(freeze: &Said<Vec<Stretch>>, net: &Net, graph: &Graph) -> Result<Vec<String>, Diagnostic> {
    let mut layers: Vec<String> = Vec::new();
    for stretch in &freeze.value {
        let more = trained(stretch, net, graph)?.into_iter().filter(|layer| !layers.contains(layer));
        layers.extend(more.collect::<Vec<_>>());
    }
    let mut parameters = graph.parameters().map(|(_, state)| layer_of(&state.name));
    if parameters.all(|layer| layers.iter().any(|frozen| frozen == layer)) {
        let message = format!("every layer of `{}` that has parameters is frozen", net.name);
        let mistake = Diagnostic::new(Stage::Verbs, freeze.span, message).found("nothing left to train");
        return Err(mistake.expected("a layer that is trained").help("freeze fewer layers"));
    }
    Ok(layers)
}

/// Each layer with its factor of the optimizer's rate.
fn factors(
    rates: &Said<Vec<LayerRate>>,
    net: &Net,
    graph: &Graph,
    recipe: &Recipe,
) -> Result<Vec<(String, f64)>, Diagnostic> {
    let mut factors: Vec<(String, f64)> = Vec::new();
    for LayerRate { rate, at } in &rates.value {
        for stretch in at {
            for layer in trained(stretch, net, graph)? {
                let wrong = |message: String| Diagnostic::new(Stage::Verbs, stretch.span, message).found(&layer);
                if recipe.adjustments.frozen.contains(&layer) {
                    let mistake = wrong(format!("`{layer}` is frozen, and has no rate"));
                    return Err(mistake.help(format!("leave `{layer}` out here, or in `freeze`")));
                }
                if factors.iter().any(|(other, _)| *other == layer) {
                    let mistake = wrong(format!("`{layer}` has a rate already"));
                    return Err(mistake.help("name each layer once"));
                }
                factors.push((layer, rate / recipe.rate));
            }
        }
    }
    Ok(factors)
}

/// The layer of a state.
fn layer_of(state: &str) -> &str {
    state.rsplit_once('.').map_or("", |(layer, _)| layer)
}

/// Those of the layers from the first to the last of a stretch that have parameters or statistics.
fn trained(stretch: &Stretch, net: &Net, graph: &Graph) -> Result<Vec<String>, Diagnostic> {
    let (first, last) = ends(stretch, net)?;
    let has_states = |layer: &str| {
        let own = |role| matches!(role, Role::Parameter | Role::Running);
        graph.states.iter().any(|state| own(state.role) && layer_of(&state.name) == layer)
    };
    let layers = net.layers[first..=last].iter().map(|layer| layer.name.clone());
    let layers: Vec<String> = layers.filter(|layer| has_states(layer)).collect();
    if layers.is_empty() {
        let found = match &stretch.last {
            None => format!("`{}` has no parameters", stretch.first),
            Some(last) => format!("nothing from `{}` to `{last}` has parameters", stretch.first),
        };
        let mistake = Diagnostic::new(Stage::Verbs, stretch.span, found).found("no parameters");
        return Err(mistake
            .expected("layers that are trained")
            .help(format!("`summary {}` lists its layers with their parameters", net.name)));
    }
    Ok(layers)
}

/// Where a stretch begins and ends in the net.
fn ends(stretch: &Stretch, net: &Net) -> Result<(usize, usize), Diagnostic> {
    let base = net.base.as_ref().filter(|base| stretch.last.is_none() && base.net == stretch.first.text);
    if let Some(base) = base.filter(|base| base.layers > 1) {
        return Ok((1, base.layers - 1));
    }
    let first = own_layer(&stretch.first, net)?;
    let Some(name) = &stretch.last else { return Ok((first, first)) };
    let last = own_layer(name, net)?;
    if first > last {
        let message = format!("in `{}` `{}` stands behind `{name}`", net.name, stretch.first);
        let mend = format!("{name}..{}", stretch.first);
        let mistake = Diagnostic::new(Stage::Verbs, stretch.span, message).found(format!("{}..{name}", stretch.first));
        return Err(mistake.expected(mend.clone()).write(stretch.span, mend));
    }
    Ok((first, last))
}
