//! What a text says of the counts of a pattern: `N is usually up to ~5, M is large, 0 ≤ K ≤ 2`.

use std::ops::Range;

use super::scan::{Spot, Token, spots};
use super::split::Line;

/// What is said of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// The count: `N`.
    pub name: String,
    pub least: Option<usize>,
    pub most: Option<usize>,
    /// Whether the text calls it large.
    pub is_large: bool,
    /// Whether the text says that it is only usually so.
    pub is_usual: bool,
    /// The words that say it.
    pub place: Range<usize>,
}

/// What these lines say of the counts with these names.
pub(super) fn bounds(lines: &[Line<'_>], names: &[String]) -> Vec<Bound> {
    let spots: Vec<Spot<'_>> = lines.iter().take_while(|line| !line.is_blank()).flat_map(spots).collect();
    let is_name = |spot: &Spot<'_>| names.iter().any(|name| spot.word() == Some(name.as_str()));
    (0..spots.len()).filter(|&at| is_name(&spots[at])).filter_map(|at| bound(&spots, at)).collect()
}

/// What is said of the count at `at`.
fn bound(spots: &[Spot<'_>], at: usize) -> Option<Bound> {
    let least = before(&spots[..at]);
    let usual = |spot: &Spot<'_>| spot.is_one_of(&["usually", "typically", "often", "about", "around", "commonly"]);
    let name = spots[at].word()?.to_string();
    let mut bound = Bound { name, least: None, most: None, is_large: false, is_usual: false, place: 0..0 };
    bound.is_usual = spots[at.saturating_sub(2)..(at + 5).min(spots.len())].iter().any(usual);
    if let Some((number, place)) = &least {
        (bound.least, bound.place) = (Some(*number), place.start..spots[at].place.end);
    }
    let behind = &spots[at + 1..];
    if let Some((sign, number, spot)) = compared(behind) {
        match sign {
            (b'<', equal) => bound.most = Some(number.checked_sub(usize::from(!equal))?),
            (_, equal) => bound.least = Some(number + usize::from(!equal)),
        }
        let start = least.map_or(spots[at].place.start, |(_, place)| place.start);
        bound.place = start..spot.place.end;
        return Some(bound);
    }
    // A sentence: to the next comma or full stop.
    let is_end = |spot: &Spot<'_>| matches!(spot.token, Token::Sign(b',' | b';' | b'.'));
    let words: Vec<_> = behind.iter().take(8).take_while(|spot| !is_end(spot)).collect();
    if let Some(large) = words.iter().find(|spot| spot.is_one_of(&["large", "many", "big"])) {
        (bound.is_large, bound.place) = (true, large.place.clone());
        return Some(bound);
    }
    let to = words.iter().position(|spot| spot.is_one_of(&["to", "most", "until"]))?;
    let number = words[to + 1..].iter().find(|spot| spot.number().is_some())?;
    bound.most = number.number();
    bound.place = number.place.clone();
    Some(bound)
}

/// `0 <=` at the end of these.
fn before(spots: &[Spot<'_>]) -> Option<(usize, Range<usize>)> {
    let (rest, equal) = match spots {
        [rest @ .., Spot { token: Token::Sign(b'='), .. }] => (rest, true),
        rest => (rest, false),
    };
    let [.., number, Spot { token: Token::Sign(b'<'), .. }] = rest else { return None };
    Some((number.number()? + usize::from(!equal), number.place.clone()))
}

/// `<= 2` at the beginning of these: the sign, whether it allows equality, the number and where that stands.
fn compared<'a, 's>(spots: &'a [Spot<'s>]) -> Option<((u8, bool), usize, &'a Spot<'s>)> {
    let Token::Sign(sign @ (b'<' | b'>')) = spots.first()?.token else { return None };
    let equal = spots.get(1).is_some_and(|spot| spot.token == Token::Sign(b'='));
    let spot = spots.get(1 + usize::from(equal))?;
    Some(((sign, equal), spot.number()?, spot))
}
