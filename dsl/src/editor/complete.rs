//! How a text can go on: the words and names that fit at the cursor.

use super::nameless;
use super::pages::sentence;
use super::tokens::{Look, tokens};
use crate::options;
use crate::parse::dashes::ends_in_link;
use crate::parse::lines;
use crate::parse::words::{self, ChainWord, chain_word};
use crate::syntax::LayerWord;
use crate::verb::clause::{
    ATTACKS, ATTRIBUTIONS, LAYOUTS, OPTIMIZERS, REGULARISERS, SCHEDULES, every_named, is_gradcam,
};
use crate::verb::{About, ClauseAbout, Offer, words as verbs};

/// The names that a session knows.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Nets, the library's too.
    pub nets: Vec<String>,
    /// Blocks.
    pub blocks: Vec<String>,
    /// Data.
    pub data: Vec<String>,
    /// Constants.
    pub constants: Vec<String>,
    /// Layers of nets, each behind its net's name and a dot.
    pub layers: Vec<String>,
}

/// Something that fits at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The whole word; it replaces the bytes from `start` to the cursor.
    pub text: String,
    /// Where the word begins that it completes.
    pub start: usize,
    /// What it is.
    pub kind: CompletionKind,
    /// What it means, in a few words; empty for names.
    pub doc: String,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// The word of a statement.
    Statement,
    /// A layer, or a word that stands where a layer stands.
    Layer,
    /// A layer's option, or a number of an optimizer's or a schedule's.
    Option,
    /// A clause's word, or one that belongs to a clause.
    Clause,
    /// A net.
    Net,
    /// A block.
    Block,
    /// Data.
    Data,
    /// A constant, a parameter.
    Constant,
    /// A layer that the net names.
    LayerName,
}

use CompletionKind as Kind;

/// What fits at byte `cursor` of `text`: nothing inside a comment or a string.
pub fn complete(text: &str, cursor: usize, context: &Context) -> Vec<Completion> {
    let cursor = (0..=cursor.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let before = &text[..cursor];
    let open_text = |(range, look): &(std::ops::Range<usize>, Look)| match look {
        Look::Comment => range.end == cursor,
        Look::Text => range.end == cursor && !(range.len() > 1 && before.ends_with('"')),
        _ => false,
    };
    if tokens(before).last().is_some_and(open_text) {
        return Vec::new();
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '%');
    let start =
        before.rfind(|c| !is_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    // `conv1..pool2` is two words.
    let start = before[start..].rfind("..").map_or(start, |dots| start + dots + "..".len());
    let prefix = before[start..].to_lowercase();
    let typed = &before[..start];
    let mut found = candidates(typed, context);
    // Where a net may stand, behind its dot a layer of it.
    if prefix.contains('.') && found.iter().any(|(_, kind)| *kind == Kind::Net) {
        found.extend(names(&context.layers, Kind::LayerName));
    }
    found.retain(|(word, _)| word.to_lowercase().starts_with(&prefix) && !word.is_empty());
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|(word, _)| seen.insert(word.clone()));
    let completion = |(text, kind): (String, Kind)| {
        let is_name = matches!(kind, Kind::Net | Kind::Block | Kind::Data | Kind::Constant | Kind::LayerName);
        let doc = if is_name { String::new() } else { sentence(topic(typed, &text)).to_string() };
        Completion { text, start, kind, doc }
    };
    found.into_iter().map(completion).collect()
}

/// The word whose page explains this one where it stands behind `before`: a number of an optimizer, a schedule and the like
/// is explained by what it is a number of.
pub fn topic<'t>(before: &'t str, word: &'t str) -> &'t str {
    let pieces: Vec<&str> = tokens(before).into_iter().map(|(range, _)| &before[range]).collect();
    let is_its = |of: &&str| numbers(of).iter().any(|(key, _)| key.eq_ignore_ascii_case(word));
    opener(&pieces).filter(is_its).unwrap_or(word)
}

type Found = Vec<(String, Kind)>;

fn all<'a>(words: impl IntoIterator<Item = &'a str>, kind: Kind) -> Found {
    words.into_iter().map(|word| (word.to_string(), kind)).collect()
}

fn names(names: &[String], kind: Kind) -> Found {
    all(names.iter().map(String::as_str), kind)
}

/// What may stand behind `before`.
fn candidates(before: &str, context: &Context) -> Found {
    // A word in the cursor's place tells whether a statement begins there or goes on.
    let probe = format!("{before}q");
    let plain = lines::plain(&probe);
    let start = lines::statements(&nameless(&probe), &plain).last().map_or(0, |chunk| chunk.start);
    if start >= before.len() {
        return all(verbs::statements(), Kind::Statement);
    }
    let statement = plain.get(start..before.len()).unwrap_or_default();
    let pieces: Vec<&str> = tokens(statement).into_iter().map(|(range, _)| &statement[range]).collect();
    let Some((word, rest)) = pieces.split_first() else { return Vec::new() };
    match word.to_lowercase().as_str() {
        "net" | "block" if rest.contains(&"=") => in_chain(rest, context),
        "net" | "block" => Vec::new(),
        "let" => match rest.last() {
            None | Some(&",") => Vec::new(),
            _ => names(&context.constants, Kind::Constant),
        },
        verb => in_verb(verb, rest, context),
    }
}

/// In a chain, behind `pieces`.
fn in_chain(pieces: &[&str], context: &Context) -> Found {
    let mut constants = names(&context.constants, Kind::Constant);
    constants.extend(all(parameters(pieces), Kind::Constant));
    let is = |piece: &str, word: &str| piece.eq_ignore_ascii_case(word);
    if let Some(at) = pieces.iter().position(|piece| is(piece, "where")) {
        let after_equals = pieces[at..].last().is_some_and(|last| !matches!(*last, "," | "where"));
        return if after_equals { constants } else { Vec::new() };
    }
    let Some((&last, earlier)) = pieces.split_last() else { return Vec::new() };
    let behind = earlier.last().copied().unwrap_or_default();
    match last {
        "," | "=" if is_call(earlier) => constants,
        "," => all(["softmax"], Kind::Layer),
        "(" | "[" | "{" | "^" | "*" | "/" | "×" if last == "(" && is_joiner(behind) => items(pieces, context),
        "(" | "[" if !is_value(behind) => items(pieces, context),
        "(" | "[" | "{" | "^" | "*" | "/" | "×" | "+" => constants,
        "=" | "|" => items(pieces, context),
        sign if ends_in_link(sign) => items(pieces, context),
        word if is(word, "as") => Vec::new(),
        word if is(word, "to") => {
            let mut found = all(["input"], Kind::Layer);
            found.extend(all(aliases(pieces), Kind::LayerName));
            found
        }
        ")" | "]" => all(["as", "where"], Kind::Clause),
        _ => {
            let is_start = |piece: &&str| ends_in_link(piece) || matches!(*piece, "|" | "(" | "[" | "=");
            let begins = pieces.iter().rposition(is_start);
            let Some(layer) = begins.and_then(|at| layer_of(&pieces[at + 1..])) else {
                return all(["as", "where"], Kind::Clause);
            };
            if layer == LayerWord::Unpool && matches!(chain_word(last), ChainWord::Layer(..)) {
                return all(aliases(pieces), Kind::LayerName);
            }
            if words::key_of(layer, last).is_some() {
                return constants;
            }
            let mut found = all(options::of_layer(layer).iter().copied(), Kind::Option);
            found.append(&mut constants);
            found.extend(all(["as", "where"], Kind::Clause));
            found
        }
    }
}

/// What may begin an item.
fn items(pieces: &[&str], context: &Context) -> Found {
    let mut found =
        all(words::layer_words().chain(["concat", "add", "id", "aux", "transposed conv", "input"]), Kind::Layer);
    if is_joiner_open(pieces) {
        found.extend(all(["shortcut"], Kind::Layer));
    }
    found.extend(names(&context.blocks, Kind::Block));
    found.extend(all(aliases(pieces), Kind::LayerName));
    if pieces.last() == Some(&"=") {
        found.extend(names(&context.nets, Kind::Net));
    }
    found
}

fn is_joiner(word: &str) -> bool {
    word.eq_ignore_ascii_case("concat") || word.eq_ignore_ascii_case("add")
}

/// Whether the innermost bracket that is open is an `add`'s.
fn is_joiner_open(pieces: &[&str]) -> bool {
    opener(pieces).is_some_and(|before| before.eq_ignore_ascii_case("add"))
}

/// Whether the innermost bracket that is open is a block's.
fn is_call(pieces: &[&str]) -> bool {
    opener(pieces).is_some_and(|before| words::is_free(before) && is_value(before))
}

/// What stands before the innermost bracket that is open.
fn opener<'a>(pieces: &[&'a str]) -> Option<&'a str> {
    let mut depth = 0;
    for (at, piece) in pieces.iter().enumerate().rev() {
        match *piece {
            ")" | "]" => depth += 1,
            "(" | "[" if depth == 0 => return at.checked_sub(1).map(|before| pieces[before]),
            "(" | "[" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a bracket behind this holds a value: a block's arguments, arithmetic, an index.
fn is_value(word: &str) -> bool {
    word == "}" || word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The layer that an item's pieces begin with.
fn layer_of(item: &[&str]) -> Option<LayerWord> {
    item.iter().find_map(|word| match chain_word(word) {
        ChainWord::Layer(layer, _) => Some(layer),
        _ => None,
    })
}

/// The names that `as` has given.
fn aliases<'a>(pieces: &[&'a str]) -> Vec<&'a str> {
    let pairs = pieces.windows(2).filter(|pair| pair[0].eq_ignore_ascii_case("as"));
    pairs.map(|pair| pair[1]).collect()
}

/// The parameters of a block, from its heading.
fn parameters<'a>(pieces: &[&'a str]) -> Vec<&'a str> {
    let Some(open) = pieces.iter().position(|piece| *piece == "(").filter(|&at| at == 1) else { return Vec::new() };
    let Some(close) = pieces.iter().position(|piece| *piece == ")") else { return Vec::new() };
    let begins = |at: &usize| matches!(pieces[at - 1], "(" | ",");
    (open + 1..close).filter(begins).map(|at| pieces[at]).collect()
}

/// Behind a verb and `pieces`.
fn in_verb(verb: &str, pieces: &[&str], context: &Context) -> Found {
    let Some(verb) = verbs::verb(verb) else { return Vec::new() };
    if let Some(word) = opener(pieces) {
        return match pieces.last() {
            Some(&"(") if is_gradcam(word) => own_layers(pieces, context),
            Some(&("(" | ",")) => numbers(word),
            _ => names(&context.constants, Kind::Constant),
        };
    }
    let opens = |piece: &&str| verb.clauses.iter().find(|clause| clause.word.eq_ignore_ascii_case(piece)).copied();
    // What stands in parentheses opens no clause: `sgd(lr 0.1)`.
    let is_outer = |at: usize| opener(&pieces[..at]).is_none();
    // `sweep lr {0.1, 0.03}`: no clause of its own.
    let is_swept = |at: usize| pieces.get(at + 1) == Some(&"{");
    let begun = (0..pieces.len()).rev().find(|&at| opens(&pieces[at]).is_some() && is_outer(at) && !is_swept(at));
    // What belongs to the clause that has begun, or to the verb's own word, place by place.
    let (places, behind) = match begun {
        None => (verb.behind, pieces),
        Some(at) => (opens(&pieces[at]).map_or(&[][..], |clause| clause.behind), &pieces[at + 1..]),
    };
    let place = behind.iter().filter(|piece| **piece != "=").count();
    match (places, behind.last()) {
        (_, Some(last)) if last.eq_ignore_ascii_case("run") => return all(["last"], Kind::Clause),
        ([.., Offer::List(Offer::OwnLayers)], Some(last)) if *last == "," || last.ends_with("..") => {
            return own_layers(pieces, context);
        }
        ([Offer::List(one)], Some(&",")) => {
            let mut found = offered(one, context);
            // Behind what is swept may stand more of it, or the next clause.
            if **one == Offer::Sweepable {
                found.extend(all(unused(verb, pieces).map(|clause| clause.word), Kind::Clause));
            }
            return found;
        }
        ([_, Offer::Basis], Some(&"=")) if begun.is_none() => {
            let mut found = all(unused(verb, pieces).map(|clause| clause.word), Kind::Clause);
            found.extend(names(&context.data, Kind::Data));
            return found;
        }
        _ => {}
    }
    // A matrix or a range is not told apart into places.
    let offer = places.get(place).filter(|_| place == 0 || is_plain(behind));
    let found = match offer {
        Some(Offer::OwnLayers | Offer::List(Offer::OwnLayers)) => own_layers(pieces, context),
        offer => offer.map_or(Vec::new(), |offer| offered(offer, context)),
    };
    if !found.is_empty() || (begun.is_none() && pieces.is_empty()) {
        return found;
    }
    all(unused(verb, pieces).map(|clause| clause.word), Kind::Clause)
}

/// Words and numbers alone.
fn is_plain(pieces: &[&str]) -> bool {
    pieces.iter().all(|piece| *piece == "=" || piece.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// The clauses that have not been said.
fn unused<'a>(verb: &'static About, pieces: &'a [&'a str]) -> impl Iterator<Item = &'static ClauseAbout> + 'a {
    let said = |word: &str| {
        let mut at = pieces.iter().enumerate().filter(|(_, piece)| piece.eq_ignore_ascii_case(word));
        at.any(|(at, _)| opener(&pieces[..at]).is_none())
    };
    verb.clauses.iter().copied().filter(move |clause| !said(clause.word))
}

/// The layers of the statement's net, which stands first.
fn own_layers(pieces: &[&str], context: &Context) -> Found {
    let Some(net) = pieces.first() else { return Vec::new() };
    let own = context.layers.iter().filter_map(|layer| layer.strip_prefix(net)?.strip_prefix('.'));
    all(own, Kind::LayerName)
}

/// What an editor offers in such a place.
fn offered(offer: &Offer, context: &Context) -> Found {
    let or_run = |mut found: Found| {
        found.extend(all(["run"], Kind::Clause));
        found
    };
    match offer {
        Offer::Nothing | Offer::OwnLayers | Offer::Parentheses => Vec::new(),
        Offer::Nets => names(&context.nets, Kind::Net),
        Offer::NetsAndData => {
            let mut found = names(&context.nets, Kind::Net);
            found.extend(names(&context.data, Kind::Data));
            found
        }
        Offer::NetsAndRuns => or_run(names(&context.nets, Kind::Net)),
        Offer::Data => names(&context.data, Kind::Data),
        Offer::DataAndRuns => or_run(names(&context.data, Kind::Data)),
        Offer::Layers => {
            // A net, and behind its dot a layer of it.
            let mut found = names(&context.nets, Kind::Net);
            found.extend(names(&context.layers, Kind::LayerName));
            found
        }
        // Behind `=` alone, which is looked for where places are told apart.
        Offer::Basis => Vec::new(),
        Offer::Constants => names(&context.constants, Kind::Constant),
        Offer::ConstantsOr(words) => {
            let mut found = all(words.iter().copied(), Kind::Clause);
            found.extend(names(&context.constants, Kind::Constant));
            found
        }
        Offer::Sweepable => {
            let mut found = names(&context.constants, Kind::Constant);
            found.extend(all(["lr", "batch"], Kind::Option));
            found
        }
        Offer::Optimizers => all(OPTIMIZERS.iter().map(|named| named.word), Kind::Option),
        Offer::Schedules => all(SCHEDULES.iter().map(|named| named.word), Kind::Option),
        Offer::Layouts => all(LAYOUTS.iter().map(|named| named.word), Kind::Option),
        Offer::Attributions => all(ATTRIBUTIONS.iter().map(|named| named.word), Kind::Option),
        Offer::Regularisers => all(REGULARISERS.iter().map(|named| named.word), Kind::Option),
        Offer::Attacks => all(ATTACKS.iter().map(|named| named.word), Kind::Option),
        Offer::Options(words) => all(words.iter().copied(), Kind::Option),
        Offer::Words(words) => all(words.iter().copied(), Kind::Clause),
        Offer::List(one) => offered(one, context),
    }
}

/// The numbers of an optimizer, a schedule, a layout, an attack or a map.
fn numbers(word: &str) -> Found {
    let numbers = every_named().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, numbers)| numbers);
    all(numbers.unwrap_or_default().iter().map(|number| number.key), Kind::Option)
}
