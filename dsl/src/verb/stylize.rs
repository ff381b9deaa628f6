//! `stylize "photo.jpg" as "painting.jpg" with vgg19 for 300 steps`

use super::about::{Behind, Clause, Needed, Offer, clause};
use super::behind::Samples;
use super::clause::{DESCENT, Descent, Named, Path, SAVE, SEED, SIZE, STYLE_WEIGHTS, StyleWeights, length, named_form};
use super::declare::verb;
use super::form;
use super::read::Parts;
use crate::syntax::{Name, Part, PartKind};

verb! {
    /// `stylize PHOTO as PAINTING with NET …`
    Stylize: "stylize", "stylize \"photo.jpg\" as \"painting.jpg\" with vgg19 for 300 steps";
    behind {
        /// What is to be seen.
        photo: Samples = PHOTO,
    }
    needs {
        /// How it is to be painted.
        painting: Samples = PAINTING,
        /// Whose layers compare.
        net: Name = WITH,
    }
    takes {
        content: Vec<Name> = CONTENT,
        style: Vec<Name> = STYLE,
        from: Beginning = FROM,
        by: Descent = DESCENT,
        steps: usize = STEPS,
        size: [usize; 2] = SIZE,
        seed: u64 = SEED,
        weights: StyleWeights = STYLE_WEIGHTS,
        save: Path = SAVE,
    }
    check something_counts;
}

/// What the picture is at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// `from photo`
    Photo,
    /// `from noise`
    Noise,
}

/// The photograph.
const PHOTO: Behind<Samples> =
    Behind { offer: Offer::Data, read: |parts| parts.picture("photograph", "photo.jpg"), form: form::AS_WRITTEN };

/// The painting.
const PAINTING: Needed<Samples> = Needed {
    clause: Clause {
        about: clause("as", "as \"painting.jpg\"", &[Offer::Data]),
        read: |parts, _| parts.picture("painting", "painting.jpg"),
        form: form::AS_WRITTEN,
    },
    missing: |parts| {
        let place = parts.parts.first().map_or(parts.here(), |photo| photo.span);
        let error = parts.error(parts.here(), "`stylize` lacks its painting").found("the end");
        let error = error.expected("`as` and a painting").put_behind(place, " as \"painting.jpg\"");
        parts.wrong(error.help(format!("`{}` shows how it reads", parts.verb.example)));
    },
};

/// The net.
const WITH: Needed<Name> = Needed {
    clause: Clause {
        about: clause("with", "with vgg19", &[Offer::Nets]),
        read: |parts, _| parts.net(),
        form: form::AS_WRITTEN,
    },
    missing: |parts| {
        let error = parts.error(parts.here(), "`stylize` lacks its net").found("the end");
        let error = error.expected("`with` and a net").put_behind(parts.here(), " with vgg19");
        parts.wrong(error.help("write `with vgg19`, say: its layers compare the pictures"));
    },
};

/// Layers whose maps are compared.
const CONTENT: Clause<Vec<Name>> = Clause {
    about: clause("content", "content conv10", &[Offer::List(&Offer::OwnLayers)]),
    read: |parts, opened| parts.each_layer(opened),
    form: form::AS_WRITTEN,
};

/// Layers whose Gram matrices are.
const STYLE: Clause<Vec<Name>> =
    Clause { about: clause("style", "style conv1, conv3", &[Offer::List(&Offer::OwnLayers)]), ..CONTENT };

/// What the picture is at first.
const FROM: Clause<Beginning> = Clause {
    about: clause("from", "from noise", &[Offer::Words(&["noise", "photo"])]),
    read: |parts, opened| parts.named(opened, "beginning", BEGINNINGS),
    form: named_form,
};

const BEGINNINGS: &[Named<Beginning>] = &[
    Named { word: "photo", numbers: &[], apart: None, make: |_| Beginning::Photo },
    Named { word: "noise", numbers: &[], apart: None, make: |_| Beginning::Noise },
];

/// How many steps there are.
const STEPS: Clause<usize> = Clause {
    about: clause("for", "for 300 steps", &[Offer::Constants, Offer::Words(&["steps"])]),
    read: |parts, opened| parts.length_in(opened, "step", "this descent"),
    form: |verb, parts| length::form("step", verb, parts),
};

/// There is something to come close to.
fn something_counts(stylize: &Stylize, parts: &mut Parts<'_>) {
    let Some(weights) = &stylize.weights else { return };
    if weights.value.content > 0.0 || weights.value.style > 0.0 {
        return;
    }
    let error = parts.error(weights.span, "neither content nor style counts: there is nothing to come close to");
    let error = error.found("weights of 0").expected("a weight above 0").mend(weights.cut(), "");
    parts.wrong(error.help("leave it out, or let one of them count"));
}

/// How names of files end that are pictures.
const ENDINGS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "bmp", "gif"];

impl Parts<'_> {
    /// A file of a picture, or a sample of data: the statement's `what`, such as `example`.
    fn picture(&mut self, what: &str, example: &str) -> Option<Samples> {
        let part = self.peek();
        match part.map(|part| &part.kind) {
            Some(PartKind::Text(_)) => self.file(),
            Some(PartKind::Word(word)) if is_file(word) => {
                let (text, span) = self.bare();
                let error = self.error(span, "a file's name stands in quotes").found(&text);
                self.wrong(error.expected("a string").write(span, format!("\"{text}\"")));
                None
            }
            Some(PartKind::Word(word)) if self.clause(word).is_some() => self.no_picture(part, what, example),
            Some(PartKind::Word(_) | PartKind::Select(..)) => {
                self.at += 1;
                part.and_then(|part| self.picked(part))
            }
            _ => self.no_picture(part, what, example),
        }
    }

    fn no_picture(&mut self, part: Option<&Part>, what: &str, example: &str) -> Option<Samples> {
        let place = self.here();
        let found = part.map_or("the end".to_string(), |part| crate::diagnostic::quoted(&part.to_string()));
        let error = self.error(part.map_or(place, |part| part.span), format!("`stylize` lacks its {what}"));
        let error = error.found(found).expected(format!("a {what}")).put_behind(place, format!(" \"{example}\""));
        self.wrong(error.help(format!("write `\"{example}\"`, say; a sample of data can stand there, too")));
        None
    }
}

fn is_file(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}
