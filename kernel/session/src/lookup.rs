//! Finding nets and data by name, and whether they fit one another.

use std::sync::Arc;

use fovea_data::{ClassicSet, DataSpec};
use fovea_dsl::library;
use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, channels_last, resolve_unless};
use fovea_dsl::scope::nearest;
use fovea_dsl::syntax::Name;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;

use crate::classics::classic_spec;
use crate::display::number;
use crate::failure::Failure;
use crate::known::Known;
use crate::world::{Binding, Names};

/// A net, and what it is used on.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The net's name, where the statement says it.
    pub net: &'a Name,
    /// The data's.
    pub data: Option<&'a Name>,
    /// Which weights it has.
    pub weights: Weights,
}

/// Which weights a net has in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// The ones it has, which fix the shape of its input; its first ones where it has no others.
    Own,
    /// Its first ones, whatever it has.
    First,
}

impl Names {
    /// The net of this name, as far as its text goes: one of the session's, else one of the library's.
    pub fn resolved(&self, name: &Name) -> Result<Arc<Resolved>, Failure> {
        if let Some(mistake) = self.not_read(&name.text, name.span) {
            return Err(mistake.into());
        }
        if let Some(own) = self.nets.get(&name.text) {
            return Ok(Arc::clone(own));
        }
        if let Some(known) = self.used_of_library().get(&name.text) {
            return Ok(Arc::clone(known));
        }
        let Some(definition) = library::find(&name.text) else {
            return Err(unknown_net(name, self).into());
        };
        let resolved = Arc::new(resolve_unless(definition, &self.scope, None, None, &*self.interrupted)??);
        self.used_of_library().insert(name.text.clone(), Arc::clone(&resolved));
        Ok(resolved)
    }

    /// The data of this name, declared or built in.
    pub fn spec(&self, name: &Name) -> Result<DataSpec, Diagnostic> {
        let declared = self.data.get(&name.text).cloned();
        let spec = match declared.or_else(|| DataSpec::of_builtin(&name.text)) {
            Some(known) => known,
            None => classic_spec(&name.text, name.span).unwrap_or_else(|| Err(unknown_data(name, self)))?,
        };
        self.wanted.note(&spec, name.span);
        Ok(spec)
    }

    /// The net, every default filled in; what its text leaves open comes from its weights or the data.
    pub fn net(&self, of: &Use<'_>) -> Result<Net, Failure> {
        let net = self.whole(of)?;
        self.fits(of, &net)?;
        Ok(net)
    }

    /// The net for what it says of samples, which need no labels.
    pub fn net_to_predict(&self, of: &Use<'_>) -> Result<Net, Failure> {
        let net = self.whole(of)?;
        let is_labelled = of.data.map(|data| self.spec(data)).transpose()?.is_none_or(|spec| spec.is_labelled());
        if is_labelled {
            self.fits(of, &net)?
        } else {
            self.takes(of, &net)?
        }
        Ok(net)
    }

    /// The net for looking at what it makes of the data's pictures, whatever classes it tells.
    pub fn net_for_pictures(&self, of: &Use<'_>) -> Result<Net, Failure> {
        let net = self.whole(of)?;
        self.takes(of, &net)?;
        Ok(net)
    }

    /// The net, whatever data it is used on.
    pub fn whole(&self, of: &Use<'_>) -> Result<Net, Failure> {
        let (input, classes) = self.given(of)?;
        Ok(match &*self.resolved(of.net)? {
            Resolved::Net(net) => net.clone(),
            Resolved::Open(open) => open.complete_unless(input.as_deref(), classes, &*self.interrupted)??,
        })
    }

    /// All names, for an editor.
    pub fn known(&self) -> Known {
        let builtin =
            DataSpec::builtin_names().iter().copied().chain(ClassicSet::ALL.map(ClassicSet::name)).map(str::to_string);
        let mut data: Vec<String> = self.data.keys().cloned().chain(builtin).collect();
        data.sort();
        data.dedup();
        let library = library::list().into_iter().map(|(name, _)| name.to_string());
        let constants = self.scope.constants.iter().map(|(name, value)| (name.clone(), value.to_string()));
        Known {
            nets: self.nets.keys().cloned().chain(library).collect(),
            blocks: self.scope.blocks.keys().cloned().collect(),
            data,
            constants: constants.collect(),
            layers: self.known_layers(),
            last_run: None,
            theme: self.theme,
        }
    }

    /// Whether there is data of this name.
    pub fn has_data(&self, name: &str) -> bool {
        let is_builtin = || DataSpec::builtin(name).is_some() || ClassicSet::named(name).is_some();
        self.data.contains_key(name) || is_builtin()
    }

    /// Whether there is a net of this name.
    pub fn has_net(&self, name: &str) -> bool {
        self.nets.contains_key(name) || library::find(name).is_some()
    }

    /// What a net's own weights fix.
    pub fn binding(&self, of: &Use<'_>) -> Option<&Binding> {
        self.bound.get(&of.net.text).filter(|_| of.weights == Weights::Own)
    }

    /// The input's shape and the number of classes for a net whose text leaves them open: its weights', else the
    /// data's. What the text says holds, and [`Names::fits`] compares.
    pub fn given(&self, of: &Use<'_>) -> Result<(Option<Vec<usize>>, Option<usize>), Diagnostic> {
        if let Some(binding) = self.binding(of) {
            return Ok((Some(binding.input.clone()), binding.classes));
        }
        let Some(data) = of.data else { return Ok((None, None)) };
        let spec = self.spec(data)?;
        Ok((Some(spec.shape()), Some(spec.classes()).filter(|&classes| classes > 0)))
    }

    /// Whether the data's pictures are of the shape that the net takes.
    pub fn takes(&self, of: &Use<'_>, net: &Net) -> Result<(), Diagnostic> {
        let Some(data) = of.data else { return Ok(()) };
        let shape = self.spec(data)?.shape();
        if net.input() == shape { Ok(()) } else { Err(self.another_shape(of, net, data, &shape)) }
    }

    /// The mistake of a net on pictures of another shape.
    fn another_shape(&self, of: &Use<'_>, net: &Net, data: &Name, shape: &[usize]) -> Diagnostic {
        let takes = match self.binding(of) {
            Some(_) => format!("the weights of `{}` take", net.name),
            None => format!("`{}` takes", net.name),
        };
        let message = format!("{takes} {}, and the pictures of `{}` are {}", join(net.input()), data.text, join(shape));
        let mistake = Diagnostic::new(Stage::Shapes, data.span, message)
            .here(join(shape))
            .also(of.net.span, join(net.input()))
            .found(join(shape))
            .expected(join(net.input()));
        if channels_last(net.input()).as_deref() == Some(shape) && net.base.is_none() {
            let mistake = mistake.mend(net.layers[0].span, join(shape));
            return mistake.help(format!("channels stand last: let the net begin with `{}`", join(shape)));
        }
        match (net.input(), shape) {
            ([height, width, c], [_, _, d]) if c == d => {
                mistake.help(format!("`data {} size {height}x{width}` before this brings them to size", data.text))
            }
            ([.., c], [.., d]) if c != d => mistake.help(format!(
                "these pictures have {}: `{}` is what the net would have to take",
                number::of(*d, "channel"),
                join(shape)
            )),
            _ => mistake
                .help(format!("pictures are height x width x channels: let the net begin with `{}`", join(shape))),
        }
    }
}

/// The mistake of a net that nobody defined.
pub fn unknown_net(name: &Name, names: &Names) -> Diagnostic {
    if let Some(mistake) = names.not_read(&name.text, name.span) {
        return mistake;
    }
    let mistake = Diagnostic::new(Stage::Names, name.span, format!("there is no net called `{}`", name.text));
    if names.has_data(&name.text) {
        let help = "the net stands first, and its data behind `on`";
        return mistake.here("this is data").found(&name.text).expected("the name of a net").help(help);
    }
    // `lenet.conv1`, where the whole net is wanted.
    if let Some((net, _)) = name.text.split_once('.').filter(|(net, _)| names.has_net(net)) {
        return mistake.here("this is a layer of it").found(&name.text).expected(net).write(name.span, net);
    }
    let known = names.nets.keys().map(String::as_str).chain(library::list().into_iter().map(|(name, _)| name));
    let otherwise = format!("`net {} = …` defines it, `library` lists those that are there", name.text);
    suggest(mistake, (&name.text, name.span), known, otherwise)
}

/// The mistake of data that nobody declared.
pub fn unknown_data(name: &Name, names: &Names) -> Diagnostic {
    let mistake = Diagnostic::new(Stage::Names, name.span, format!("there is no data called `{}`", name.text));
    let builtin = DataSpec::builtin_names();
    let own = format!("`data {} = images \"folder/\"` declares your own", name.text);
    let classics = ClassicSet::ALL.map(ClassicSet::name);
    let otherwise = format!("built in: {}; fetched: {}; {own}", builtin.join(", "), classics.join(", "));
    if names.has_net(&name.text) {
        return mistake.here("this is a net").found(&name.text).expected("the name of data").help(otherwise);
    }
    if HANDWRITING.iter().any(|other| other.eq_ignore_ascii_case(&name.text)) {
        let mistake = mistake.found(&name.text).expected("digits").mend(name.span, "digits");
        return mistake.help(format!("the handwriting that is built in is `digits`; {otherwise}"));
    }
    let known = names.data.keys().map(String::as_str).chain(builtin.iter().copied()).chain(classics);
    suggest(mistake, (&name.text, name.span), known, otherwise)
}

/// What people call handwritten digits elsewhere.
const HANDWRITING: [&str; 4] = ["emnist", "usps", "optdigits", "load_digits"];

/// Offers the nearest known name in the word's place, or else says how a name becomes known.
pub fn suggest<'a>(
    mistake: Diagnostic,
    (word, place): (&str, Span),
    known: impl Iterator<Item = &'a str>,
    otherwise: String,
) -> Diagnostic {
    let mistake = mistake.found(word);
    let known: Vec<&str> = known.collect();
    // Of `resnet` the number is missing, and `lenet` is another net.
    let begun = known.iter().copied().find(|name| word.len() > 2 && name.starts_with(word));
    match begun.or_else(|| nearest(word, known.iter().copied())) {
        Some(near) => {
            mistake.expected(near).mend(place, near).help(format!("`{near}` is the nearest name that is known"))
        }
        None => mistake.help(otherwise),
    }
}
