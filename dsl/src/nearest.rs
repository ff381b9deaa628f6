//! What somebody meant who wrote a word that is not known.

/// The candidate most like `word`, where one is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let score = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    let best = candidates.into_iter().map(|c| (score(c), c)).min_by_key(|&(distance, _)| distance);
    best.filter(|&(distance, c)| distance <= slips(c.chars().count().max(word.chars().count()))).map(|(_, c)| c)
}

/// How many slips of a hand a word of so many letters may have before it is another word.
fn slips(letters: usize) -> usize {
    match letters {
        0..=1 => 0,
        2..=4 => 1,
        letters => letters.div_ceil(3),
    }
}
