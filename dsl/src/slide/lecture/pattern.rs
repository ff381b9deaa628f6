//! A pattern of layers, `[(CONV-RELU)^N - POOL]^M - (FC-RELU)^K, SOFTMAX`, and the ranges of its counts: read by the
//! language itself, and held against the lecture's own networks.

use std::collections::BTreeMap;
use std::ops::Range;

use super::layers;
use super::ranges::{Bound, bounds};
use super::sheet::Sheet;
use super::split::Line;
use crate::net::{Kind, Net};
use crate::slide::figure::{Audit, SlideNet, Verdict, What};

/// What a pattern is tried on.
const INPUT: &str = "224x224x3";
/// The same, as people write it.
const IMAGE: &str = "224×224×3";
/// The classes that it is tried with.
const CLASSES: usize = 10;
/// The largest count that is tried.
const MOST: usize = 16;

/// A pattern and where it stands.
struct Pattern {
    text: String,
    place: Range<usize>,
    /// The names of its counts, in order.
    counts: Vec<String>,
}

/// A network as a pattern has it.
struct Stages {
    name: String,
    /// The least and the most convolutions before a pool, pools, and fully connected layers before the classifier.
    convolutions: (usize, usize),
    pools: usize,
    hidden: usize,
}

/// Reads the patterns of a slide; `audits` are the lecture's networks.
pub(super) fn read(sheet: &mut Sheet<'_>, audits: &[&Audit]) {
    /// Lines behind a pattern that may say the ranges of its counts.
    const NEAR: usize = 6;
    let patterns: Vec<_> = sheet.free_lines().filter_map(|(at, line)| Some((at, pattern(line)?))).take(8).collect();
    for (at, pattern) in patterns {
        let ones = pattern.counts.iter().map(|count| (count.as_str(), 1)).collect();
        let Some(definition) = layers::definition(&pattern.chain(&ones)) else {
            let why = if pattern.text.contains('?') {
                "a pattern in which layers may be left out, `?`: it stands for several, each to be written by itself"
            } else {
                "a pattern of layers that the language does not read"
            };
            sheet.say(pattern.place.clone(), why);
            continue;
        };
        let mut chain = definition.chain.to_string();
        chain = chain.strip_prefix(INPUT).map_or(chain.clone(), |rest| rest.trim_start_matches([' ', '-']).to_string());
        let because = pattern.example().unwrap_or_default();
        sheet.judge(pattern.place.clone(), What::Pattern, chain, Verdict::Agrees, because);
        let nets: Vec<&SlideNet> = audits.iter().flat_map(|audit| &audit.nets).collect();
        let (stages, others) = stages(&nets);
        let end = (at + NEAR).min(sheet.lines.len());
        for bound in bounds(&sheet.lines[at + 1..end], &pattern.counts) {
            judge(sheet, &pattern, &bound, &stages);
        }
        say_nets(sheet, &pattern, &stages, &others);
    }
}

/// The pattern on a line: layers, and a group that is repeated by a name.
fn pattern(line: &Line<'_>) -> Option<Pattern> {
    let lower = line.plain.to_ascii_lowercase();
    if !lower.contains("conv") || line.plain.len() > 2_000 {
        return None;
    }
    let counts = repeated(line.plain);
    if counts.is_empty() {
        return None;
    }
    let first = line.plain.find(['[', '(']).into_iter().chain(lower.find("input")).min()?;
    // The dollars and the commands before the first bracket belong to it.
    let raw = line.text.get(..first)?;
    let skip = raw.rfind('$').map_or(first, |_| raw.trim_end_matches('$').len());
    let until = lower.find(" where ").unwrap_or(line.plain.len());
    let text = line.text.get(skip..until)?.trim_end_matches(['.', ',', ' ']);
    let mut pattern = text;
    if let Some(rest) = lower.get(first..).and_then(|rest| rest.strip_prefix("input")) {
        let rest = rest.trim_start_matches([' ', '-', '>']);
        pattern = line.text.get(line.text.len().min(lower.len() - rest.len())..until)?;
    }
    let place = line.place.start + skip..line.place.start + skip + text.len();
    Some(Pattern { text: pattern.trim_matches(['$', ' ']).to_string(), place, counts })
}

/// The names by which groups are repeated: `)^N`, `]*M`.
fn repeated(plain: &str) -> Vec<String> {
    let bytes = plain.as_bytes();
    let mut names: Vec<String> = Vec::new();
    for at in 0..bytes.len() {
        if !matches!(bytes[at], b')' | b']') {
            continue;
        }
        let mut behind = bytes[at + 1..].iter().copied().enumerate().filter(|(_, b)| *b != b' ' && *b != b'{');
        let Some((_, b'^' | b'*')) = behind.next() else { continue };
        let Some((first, letter)) = behind.next().filter(|(_, letter)| letter.is_ascii_alphabetic()) else { continue };
        let is_single = !bytes.get(at + 1 + first + 1).is_some_and(u8::is_ascii_alphanumeric);
        let name = char::from(letter).to_string();
        if is_single && !names.contains(&name) && names.len() < 8 {
            names.push(name);
        }
    }
    names
}

impl Pattern {
    /// The pattern in the language, behind an input, with these counts.
    fn chain(&self, counts: &BTreeMap<&str, usize>) -> String {
        let bindings: Vec<String> = counts.iter().map(|(name, count)| format!("{name}={count}")).collect();
        format!("{INPUT} - {} where {}", self.text, bindings.join(", "))
    }

    /// The network with one count at this and the others at 1.
    fn net(&self, name: &str, count: usize) -> Option<Net> {
        let count_of = |other: &String| if other == name { count } else { 1 };
        let counts = self.counts.iter().map(|other| (other.as_str(), count_of(other))).collect();
        layers::net(&self.chain(&counts), Some(CLASSES))
    }

    /// An example: its counts, and its parameters.
    fn example(&self) -> Option<String> {
        let counts = self.counts.iter().map(|name| (name.as_str(), 2)).collect();
        let net = layers::net(&self.chain(&counts), Some(CLASSES))?;
        let parameters = crate::slide::number::grouped(layers::parameters(&net)? as u128);
        let all = self.counts.join(" = ");
        Some(format!("a net as it stands: {all} = 2 behind {IMAGE}, {CLASSES} classes, has {parameters} parameters"))
    }
}

/// Judges what is said of a count's range.
fn judge(sheet: &mut Sheet<'_>, pattern: &Pattern, bound: &Bound, stages: &[Stages]) {
    let name = &bound.name;
    let said = sheet.text.get(bound.place.clone()).unwrap_or_default().to_string();
    let own: Vec<_> = stages.iter().filter_map(|net| Some((net.range(pattern, name)?, net.name.as_str()))).collect();
    let most = own.iter().max_by_key(|((_, most), _)| *most);
    let nets = most.map_or(String::new(), |((_, most), net)| format!("; the most on these slides is {most}, {net}"));
    let wrong = match (bound.is_large, bound.most) {
        (true, _) => large(pattern, name, &nets),
        (false, Some(most)) => beyond(pattern, bound, most, &own),
        (false, None) => beyond(pattern, bound, bound.least.unwrap_or(1), &[]),
    };
    let (computed, verdict, because) = wrong.unwrap_or_else(|| {
        let range = match (bound.least, bound.most) {
            (Some(least), Some(most)) => format!("{name} from {least} to {most}: networks"),
            (Some(least), None) => format!("{name} from {least}: networks"),
            (None, Some(most)) => format!("{name} up to {most}: networks"),
            (None, None) => format!("{name} can be {MOST} and more"),
        };
        (said, Verdict::Agrees, format!("{range}{nets}"))
    });
    sheet.judge(bound.place.clone(), What::Pattern, computed, verdict, because).layer = Some(name.clone());
}

/// What is to be said of a count that is called large: how large it can be.
fn large(pattern: &Pattern, name: &str, nets: &str) -> Option<(String, Verdict, String)> {
    let limit = (1..=MOST).take_while(|&count| pattern.net(name, count).is_some()).last().unwrap_or(0);
    let because = format!("an image of {IMAGE} allows {name} up to {limit}: every pool halves it{nets}");
    (limit < MOST).then(|| (format!("{name} ≤ {limit}"), Verdict::Remark, because))
}

/// What is wrong with a count that goes up to `most`: it is no network, or one of these is beyond.
fn beyond(
    pattern: &Pattern,
    bound: &Bound,
    most: usize,
    own: &[((usize, usize), &str)],
) -> Option<(String, Verdict, String)> {
    let name = &bound.name;
    let least = bound.least.unwrap_or(1);
    if let Some(count) = (least..=most.min(MOST)).find(|&count| pattern.net(name, count).is_none()) {
        return Some((String::new(), Verdict::Disagrees, format!("{name} = {count} is no network behind {IMAGE}")));
    }
    let is_beyond = |(low, high): (usize, usize)| high > most || bound.least.is_some_and(|least| low < least);
    let ((low, high), net) = own.iter().find(|(range, _)| is_beyond(*range))?;
    let verdict = if bound.is_usual { Verdict::Remark } else { Verdict::Disagrees };
    let range = if low == high { high.to_string() } else { format!("{low} to {high}") };
    let furthest = own.iter().map(|((_, high), _)| *high).max().unwrap_or(*high).max(most);
    let lowest = own.iter().map(|((low, _), _)| *low).min().filter(|_| bound.least.is_some());
    let lowest = lowest.map_or(String::new(), |lowest| format!("{} ≤ ", lowest.min(least)));
    Some((format!("{lowest}{name} ≤ {furthest}"), verdict, format!("{net} on these slides has {name} = {range}")))
}

impl Stages {
    /// The least and the most that the count of this name is: the first is of convolutions, the second of pools, the
    /// third of hidden layers.
    fn range(&self, pattern: &Pattern, name: &str) -> Option<(usize, usize)> {
        match pattern.counts.iter().position(|count| count == name)? {
            0 => Some(self.convolutions),
            1 => Some((self.pools, self.pools)),
            2 => Some((self.hidden, self.hidden)),
            _ => None,
        }
    }
}

/// The networks that are stages of convolutions and pools and then fully connected, and the names of the others.
fn stages(nets: &[&SlideNet]) -> (Vec<Stages>, Vec<String>) {
    /// The most networks that are looked at.
    const MOST_NETS: usize = 64;
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for net in nets.iter().take(MOST_NETS) {
        match layers::completed(&net.definition, Some(CLASSES)).as_ref().and_then(|resolved| stage(&net.name, resolved))
        {
            Some(stages) => found.push(stages),
            None => others.push(net.name.clone()),
        }
    }
    (found, others)
}

fn stage(name: &str, net: &Net) -> Option<Stages> {
    let is_chain = net.layers.iter().enumerate().skip(1).all(|(at, layer)| layer.inputs == [at - 1]);
    let (mut before_pools, mut convolutions, mut full) = (Vec::new(), 0, 0usize);
    for layer in net.layers.iter().filter(|_| is_chain) {
        match layer.kind {
            Kind::Conv { .. } if full == 0 => convolutions += 1,
            Kind::Conv { .. } => return None,
            Kind::Pool(_) => before_pools.push(std::mem::take(&mut convolutions)),
            Kind::Fc { .. } => full += 1,
            _ => {}
        }
    }
    let least = *before_pools.iter().min().filter(|&&least| least > 0 && convolutions == 0)?;
    let most = *before_pools.iter().max()?;
    let hidden = full.saturating_sub(1);
    Some(Stages { name: name.to_string(), convolutions: (least, most), pools: before_pools.len(), hidden })
}

/// Says which of the lecture's networks a pattern of three counts is.
fn say_nets(sheet: &mut Sheet<'_>, pattern: &Pattern, stages: &[Stages], others: &[String]) {
    let [n, m, k] = pattern.counts.as_slice() else { return };
    if stages.is_empty() {
        return;
    }
    let describe = |net: &Stages| {
        let (least, most) = net.convolutions;
        let range = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        format!("{} ({n} = {range}, {m} = {}, {k} = {})", net.name, net.pools, net.hidden)
    };
    let found = stages.iter().map(describe).collect::<Vec<_>>().join(", ");
    let rest = if others.is_empty() { String::new() } else { format!("; not {}", others.join(", ")) };
    sheet.say(pattern.place.clone(), format!("of these slides' networks it is {found}{rest}"));
}
