//! Finding a layer of a net by its path, `lenet.conv1`, and which of its channels are meant.

use fovea_dsl::lower::{Mode, lower_unless};
use fovea_dsl::net::{Layer, Net};
use fovea_dsl::resolve::Resolved;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::LayerRef;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::fuse::fuse_unless;
use fovea_graph::plan::plan_unless;
use fovea_graph::{Span, Stop, counted};

use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights, suggest, unknown_net};
use crate::memory;
use crate::world::{Names, World};

/// A layer of a net.
#[derive(Clone, Debug)]
pub struct Place {
    /// The net, every default filled in.
    pub net: Net,
    /// The layer's place in it.
    pub at: usize,
    /// What it is called in messages: `lenet.conv1`, as it was written.
    pub path: String,
    /// Where it stands in the program.
    pub span: Span,
}

impl Names {
    /// The layers of the session's nets and of the library's that were used, for an editor; those of a net that waits for
    /// its data are not known.
    pub fn known_layers(&self) -> Vec<String> {
        let library = self.used_of_library();
        let own = self.nets.iter().chain(library.iter().filter(|(name, _)| !self.nets.contains_key(*name)));
        let layers = own.filter_map(|(name, resolved)| match &**resolved {
            Resolved::Net(net) => Some(net.layers.iter().skip(1).map(move |layer| format!("{name}.{}", layer.name))),
            Resolved::Open(_) => None,
        });
        layers.flatten().collect()
    }

    /// The layer of a path. Nets and layers may have dots in their names: the longest name of a net that has such a layer
    /// counts. What the net's text leaves open comes from its weights or from `data`, whose pictures it must take.
    pub fn layer(&self, of: &LayerRef, data: Option<&Name>) -> Result<Place, Failure> {
        let path = &of.path.text;
        let net_of = |end: usize| {
            let span = Span { end: of.path.span.start + end as u32, ..of.path.span };
            Name { text: path[..end].to_string(), span }
        };
        let dots: Vec<usize> = path.match_indices('.').map(|(at, _)| at).collect();
        let mut missing: Option<Diagnostic> = None;
        for &end in dots.iter().rev().filter(|&&end| self.has_net(&path[..end])) {
            let name = net_of(end);
            let net = self.net_for_pictures(&Use { net: &name, data, weights: Weights::Own })?;
            match net.find(&path[end + 1..]) {
                Some(0) => return Err(the_picture(of, &name).into()),
                Some(at) => return Ok(Place { net, at, path: path.clone(), span: of.path.span }),
                None => drop(missing.get_or_insert_with(|| no_layer(of, &net, &name))),
            }
        }
        let whole = || which_layer(of);
        let unknown = || unknown_net(&net_of(dots.first().copied().unwrap_or(path.len())), self);
        Err(missing.unwrap_or_else(|| if self.has_net(path) { whole() } else { unknown() }).into())
    }
}

impl Place {
    /// The layer.
    pub fn layer(&self) -> &Layer {
        &self.net.layers[self.at]
    }

    /// Refuses a net that the device has no room for.
    pub fn fits(&self, names: &Names) -> Result<(), Failure> {
        let net = if names.bound.contains_key(&self.net.name) { &self.net } else { &self.up_to() };
        let stop: &dyn Stop = &*names.interrupted;
        let graph = lower_unless(net, 1, Mode::Infer, stop)?.at(self.span)?;
        memory::net_fits(&plan_unless(fuse_unless(graph, stop)?, &*names.device, stop)?, &*names.device, self.span)
    }

    /// Which channels are meant, of `count` that there are; `what` names one of them in messages (`filter`).
    pub fn range(&self, of: &LayerRef, count: usize, what: &str) -> Result<(usize, usize), Diagnostic> {
        let (first, end) = of.range.unwrap_or((0, count));
        if end <= count {
            return Ok((first, end));
        }
        let message = format!("`{}` has {}, and none with number {}", self.path, counted(count, what), end - 1);
        let found = if end == first + 1 { first.to_string() } else { format!("{first}..{end}") };
        let expected = format!("numbers from 0 to {}", count.saturating_sub(1));
        Err(Diagnostic::new(Stage::Values, of.span, message).found(found).expected(expected))
    }

    /// The net up to the layer, which gives its result.
    pub fn up_to(&self) -> Net {
        let layers = self.net.layers[..=self.at].to_vec();
        Net { name: self.net.name.clone(), layers, named: Vec::new(), base: self.net.base.clone() }
    }

    /// The net to ask for weights: the whole one where it has any. Of first weights only those up to the layer are drawn,
    /// and they are the same.
    pub fn weighty(&self, world: &World) -> Net {
        if world.trained.contains_key(&self.net.name) { self.net.clone() } else { self.up_to() }
    }
}

fn no_layer(of: &LayerRef, net: &Net, name: &Name) -> Diagnostic {
    let layer = &of.path.text[name.text.len() + 1..];
    let message = format!("`{}` has no layer `{layer}`", name.text);
    let named = net.named.iter().map(|(name, _)| name.as_str());
    let known = net.layers.iter().skip(1).map(|layer| layer.name.as_str()).chain(named);
    let otherwise = format!("`summary {}` lists its layers", name.text);
    let place = Span { start: of.path.span.start + name.text.len() as u32 + 1, ..of.path.span };
    suggest(Diagnostic::new(Stage::Names, of.path.span, message), (layer, place), known, otherwise)
}

/// The input has nothing to look into.
fn the_picture(of: &LayerRef, net: &Name) -> Diagnostic {
    let message = format!("`{}` is the picture itself", of.path.text);
    Diagnostic::new(Stage::Verbs, of.path.span, message)
        .found("input")
        .expected("a layer")
        .help(format!("`summary {}` lists its layers", net.text))
}

/// The whole path is a net's name: `small.wide`.
fn which_layer(of: &LayerRef) -> Diagnostic {
    let net = &of.path.text;
    Diagnostic::new(Stage::Verbs, of.path.span, format!("which layer of `{net}`?"))
        .found(net)
        .put_behind(of.path.span, ".conv1")
        .expected("a net and a layer of it, with a dot between them")
        .help(format!("write `{net}.conv1`, say; `summary {net}` lists its layers"))
}

/// The place of a layer of a net that the statement names, `conv1`: its name stands without the net's.
pub fn own_layer(name: &Name, net: &Net) -> Result<usize, Diagnostic> {
    match net.find(&name.text) {
        Some(0) => {
            let message = format!("`{name}` is the picture itself");
            let mistake = Diagnostic::new(Stage::Verbs, name.span, message).found(&name.text).expected("a layer");
            Err(mistake.help(format!("`summary {}` lists its layers", net.name)))
        }
        Some(at) => Ok(at),
        None => Err(no_own_layer(name, net)),
    }
}

fn no_own_layer(name: &Name, net: &Net) -> Diagnostic {
    let own = name.text.strip_prefix(&net.name).and_then(|rest| rest.strip_prefix('.'));
    if let Some(own) = own.filter(|own| net.find(own).is_some()) {
        let message = format!("layers of `{}` stand without its name here", net.name);
        return Diagnostic::new(Stage::Names, name.span, message).found(&name.text).expected(own).write(name.span, own);
    }
    let message = format!("`{}` has no layer `{name}`", net.name);
    let known = net.layers.iter().skip(1).map(|layer| layer.name.as_str());
    let known = known.chain(net.named.iter().map(|(name, _)| name.as_str()));
    let otherwise = format!("`summary {}` lists its layers", net.name);
    suggest(Diagnostic::new(Stage::Names, name.span, message), (&name.text, name.span), known, otherwise)
}
