//! `theme dark`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::WORDS;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::scope::nearest;

verb! {
    /// `theme WORD`
    SetTheme: "theme", "theme dark";
    behind {
        /// How pictures are drawn from there on.
        theme: Theme = THEME,
    }
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Ink on white paper.
    #[default]
    Light,
    /// For dark pages.
    Dark,
}

impl Theme {
    /// The words for them.
    pub const WORDS: [&'static str; 2] = ["light", "dark"];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of a word, in any case.
    pub fn named(word: &str) -> Option<Self> {
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.word().eq_ignore_ascii_case(word))
    }
}

const THEME: Behind<Theme> = Behind { offer: Offer::Options(&Theme::WORDS), read: theme, form: WORDS };

fn theme(parts: &mut Parts<'_>) -> Option<Theme> {
    let part = parts.next();
    let word = part.map_or(String::new(), |part| quoted(&part.to_string()));
    let Some(theme) = Theme::named(&word) else {
        let span = part.map_or(parts.here(), |part| part.span);
        let error = match part {
            Some(_) => parts.error(span, format!("there is no theme `{word}`")).found(word.clone()),
            None => parts.error(span, "`theme` lacks its word").found("the end"),
        };
        let near = nearest(word.to_lowercase().trim_matches('"'), Theme::WORDS).unwrap_or("dark");
        let space = if part.is_none() { " " } else { "" };
        let error = error.expected("light or dark").mend(span, format!("{space}{near}"));
        parts.wrong(error.help(format!("write `theme {near}`")));
        parts.give_up();
        return None;
    };
    Some(theme)
}
