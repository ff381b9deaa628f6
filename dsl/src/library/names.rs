//! What other people's files of weights call the layers of the library's nets: a table a family, `library/vgg.names`.
//!
//! ```text
//! net vgg11 by torchvision
//!     layers features.{0,3,6,8} classifier.{0..2}
//!     without aux1
//!     pictures imagenet
//! ```
//!
//! `layers` names each layer with weights, in the net's order; braces stand for several names, as in a shell, and `{n}`
//! for any number. `without` are layers of the file that the net does not have, `pictures` what the published weights
//! expect of them. `*` is any net. `#` begins a comment.

use std::sync::OnceLock;

const TABLES: [&str; 5] = [
    include_str!("../../library/alexnet.names"),
    include_str!("../../library/vgg.names"),
    include_str!("../../library/googlenet.names"),
    include_str!("../../library/resnet.names"),
    include_str!("../../library/numbered.names"),
];

/// The names of a net's layers in somebody's files.
#[derive(Clone, Debug, PartialEq)]
pub struct Naming {
    /// Which net of the library; `None`: any whose layers are these.
    pub net: Option<&'static str>,
    /// Whose names they are: `torchvision`, `timm`, or `number`.
    pub by: &'static str,
    /// The layers with weights, in the net's order; `{n}` in one stands for any number.
    pub layers: Vec<String>,
    /// Layers of the file that the net does not have.
    pub without: Vec<&'static str>,
    /// What pictures are brought to before the published weights see them, where that is known.
    pub pictures: Option<Pictures>,
}

/// What values of pictures are brought to.
#[derive(Clone, Debug, PartialEq)]
pub enum Pictures {
    /// By the mean and deviation of ImageNet's.
    Imagenet,
    /// By these, a number a channel.
    By {
        /// What is taken off.
        mean: Vec<f32>,
        /// What the rest is divided by.
        deviation: Vec<f32>,
    },
}

/// All that is known, in the order of the tables.
pub fn namings() -> &'static [Naming] {
    static READ: OnceLock<Vec<Naming>> = OnceLock::new();
    READ.get_or_init(|| TABLES.iter().flat_map(|table| read(table)).collect())
}

/// The nets that somebody's names are known of.
pub fn nets_by(by: &str) -> Vec<&'static str> {
    namings().iter().filter(|naming| naming.by == by).filter_map(|naming| naming.net).collect()
}

/// The namings of a table; what cannot be read is passed over, and a test finds it.
fn read(table: &'static str) -> Vec<Naming> {
    let mut namings: Vec<Naming> = Vec::new();
    for line in table.lines() {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match (&words[..], namings.last_mut()) {
            (["net", net, "by", by], _) => {
                let net = Some(*net).filter(|net| *net != "*");
                namings.push(Naming { net, by, layers: Vec::new(), without: Vec::new(), pictures: None });
            }
            (["layers", patterns @ ..], Some(naming)) => {
                naming.layers.extend(patterns.iter().flat_map(|pattern| expand(pattern)));
            }
            (["without", layers @ ..], Some(naming)) => naming.without.extend(layers),
            (["pictures", said @ ..], Some(naming)) => naming.pictures = pictures(said),
            _ => debug_assert!(words.is_empty() || words[0].starts_with('#'), "{line}"),
        }
    }
    namings
}

/// `imagenet`, or `mean 0.5 0.5 0.5 deviation 0.5 0.5 0.5`.
fn pictures(said: &[&str]) -> Option<Pictures> {
    match said {
        ["imagenet"] => Some(Pictures::Imagenet),
        ["mean", figures @ ..] => {
            let at = figures.iter().position(|word| *word == "deviation")?;
            let numbers = |words: &[&str]| words.iter().map(|word| word.parse().ok()).collect::<Option<Vec<f32>>>();
            Some(Pictures::By { mean: numbers(&figures[..at])?, deviation: numbers(&figures[at + 1..])? })
        }
        _ => None,
    }
}

/// Every name that a pattern stands for, in a shell's order: `a{1,2}{x..z}`.
fn expand(pattern: &str) -> Vec<String> {
    let Some((open, close)) = braces(pattern) else { return vec![pattern.to_string()] };
    let (before, inside, behind) = (&pattern[..open], &pattern[open + 1..close], &pattern[close + 1..]);
    let behind = expand(behind);
    let names = choices(inside)
        .into_iter()
        .flat_map(|choice| behind.iter().map(move |behind| format!("{before}{choice}{behind}")).collect::<Vec<_>>());
    names.collect()
}

/// Where the first brace opens, and where that closes.
fn braces(pattern: &str) -> Option<(usize, usize)> {
    let open = pattern.find('{')?;
    let mut depth = 0;
    for (at, sign) in pattern[open..].char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((open, open + at));
        }
    }
    None
}

/// What stands between two braces: several, a range of numbers or of letters, or itself.
fn choices(inside: &str) -> Vec<String> {
    let mut depth = 0;
    let parts = inside.split(|sign| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        sign == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.collect();
    if parts.len() > 1 {
        return parts.into_iter().flat_map(expand).collect();
    }
    let ends = inside.split_once("..");
    if let Some((Ok(first), Ok(last))) = ends.map(|(first, last)| (first.parse::<u32>(), last.parse::<u32>())) {
        return (first..=last).map(|number| number.to_string()).collect();
    }
    if let Some((Ok(first), Ok(last))) = ends.map(|(first, last)| (first.parse::<char>(), last.parse::<char>())) {
        return (first..=last).map(String::from).collect();
    }
    vec![format!("{{{inside}}}")]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::library::texts;

    #[test]
    fn braces_are_a_shells() {
        assert_eq!(expand("conv"), ["conv"]);
        assert_eq!(expand("features.{0,3,10}"), ["features.0", "features.3", "features.10"]);
        assert_eq!(
            expand("l{1..2}.{0.{a,d.{0,1}},1.a}"),
            ["l1.0.a", "l1.0.d.0", "l1.0.d.1", "l1.1.a", "l2.0.a", "l2.0.d.0", "l2.0.d.1", "l2.1.a"]
        );
        assert_eq!(expand("i{3{a,b},4{a..c}}"), ["i3a", "i3b", "i4a", "i4b", "i4c"]);
        assert_eq!(expand("features.{n}"), ["features.{n}"]);
        assert_eq!(expand("open{a,b"), ["open{a,b"]);
    }

    #[test]
    fn the_tables_are_of_nets_of_the_library() {
        for table in TABLES {
            assert!(!read(table).is_empty(), "{table}");
        }
        for naming in namings() {
            assert!(naming.net.is_none_or(texts::has), "{naming:?}");
            assert!(!naming.layers.is_empty() && naming.pictures.is_some() == naming.net.is_some(), "{naming:?}");
        }
        let by_torchvision = nets_by("torchvision");
        assert_eq!(by_torchvision.len(), 11, "{by_torchvision:?}");
    }
}
