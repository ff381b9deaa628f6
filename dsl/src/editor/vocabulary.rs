//! The words that colours hang on, for editors that find them by themselves.

use super::highlight::{CHAIN_CLAUSES, CHAIN_OPTIONS};
use crate::parse::words;
use crate::verb::clause::every_named;
use crate::verb::{About, VERBS, words as verbs};

/// The words of the language by what [`super::highlight`] says of them, all in lower case.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// Words that begin a statement.
    pub statements: Vec<&'static str>,
    /// Words that begin one where a matrix follows, and are layers elsewhere.
    pub before_matrix: Vec<&'static str>,
    /// Those that begin a definition, in which layers stand.
    pub definitions: Vec<&'static str>,
    /// Layers; numbers may be glued to them.
    pub layers: Vec<&'static str>,
    /// Other words that stand where a layer stands.
    pub links: Vec<&'static str>,
    /// Words that look like layers and are none.
    pub foreign: Vec<&'static str>,
    /// Options of layers.
    pub options: Vec<&'static str>,
    /// Clauses of definitions.
    pub chain_clauses: Vec<&'static str>,
    /// The clauses of each verb that has some.
    pub verbs: Vec<(&'static str, Vec<&'static str>)>,
    /// Words that belong to the clauses of any verb.
    pub verb_clauses: Vec<&'static str>,
    /// Optimizers, schedules and layouts.
    pub named: Vec<&'static str>,
    /// Words with which a line goes on that follows a comma.
    pub continuing: Vec<&'static str>,
}

/// The words of the language.
pub fn vocabulary() -> Vocabulary {
    let statements: Vec<_> = verbs::plain_words().collect();
    let clauses = |verb: &About| verb.clauses.iter().map(|clause| clause.word).collect();
    let verbs = VERBS.iter().map(|verb| (verb.word, clauses(verb)));
    Vocabulary {
        definitions: statements.iter().copied().filter(|word| verbs::is_definition(word)).collect(),
        verbs: verbs.filter(|(_, clauses): &(_, Vec<_>)| !clauses.is_empty()).collect(),
        statements,
        before_matrix: verbs::LAYERS_TOO.to_vec(),
        layers: words::layer_words().collect(),
        links: words::link_words().collect(),
        foreign: words::foreign_words().collect(),
        options: words::option_words().chain(CHAIN_OPTIONS.iter().copied()).collect(),
        chain_clauses: CHAIN_CLAUSES.to_vec(),
        verb_clauses: verbs::clause_parts().collect(),
        named: every_named().map(|(word, _)| word).collect(),
        continuing: verbs::clause_words().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Token, highlight};
    use super::*;

    /// What `highlight` says of the last word of a text.
    fn said(text: &str) -> Option<Token> {
        highlight(text).last().map(|(_, token)| *token)
    }

    #[test]
    fn every_word_has_the_colour_that_its_list_says() {
        let words = vocabulary();
        let check = |list: &[&str], before: &str, token| {
            assert!(!list.is_empty(), "{token:?}");
            for word in list {
                assert_eq!(said(&format!("{before}{}", word.to_uppercase())), Some(token), "{before}{word}");
            }
        };
        check(&words.statements, "", Token::Statement);
        check(&words.layers, "net a = 8x8x1 - ", Token::Layer);
        check(&words.links, "net a = 8x8x1 - ", Token::Layer);
        check(&words.foreign, "net a = 8x8x1 - ", Token::Name);
        check(&words.options, "net a = 8x8x1 - conv ", Token::Option);
        check(&words.chain_clauses, "net a = 8x8x1 - conv ", Token::Clause);
        check(&words.verb_clauses, "save net ", Token::Clause);
        check(&words.named, "save net ", Token::Option);
        for (verb, clauses) in &words.verbs {
            let subject = if words.before_matrix.contains(verb) { "[1]" } else { "net" };
            check(clauses, &format!("{verb} {subject} "), Token::Clause);
        }
        for word in &words.before_matrix {
            assert_eq!(highlight(&format!("{word} [1 2]"))[0].1, Token::Statement, "{word}");
            assert_eq!(highlight(&format!("{word} 2x2"))[0].1, Token::Name, "{word}");
        }
    }
}
