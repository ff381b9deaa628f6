//! `on digits`, `on digits[3]`: the data.

use super::super::Samples;
use super::super::about::{Clause, Needed, Offer, clause};
use super::super::behind::is_name;
use super::super::form::AS_WRITTEN;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

/// Data as a whole: a verb works on all of its training or test part.
pub(in crate::verb) const DATA: Needed<Name> = Needed {
    clause: Clause {
        about: clause("on", "on digits", &[Offer::Data]),
        read: |parts, opened| {
            let samples = parts.samples(opened, ["data", "digits"])?;
            parts.whole(samples)
        },
        form: AS_WRITTEN,
    },
    missing,
};

/// Some samples, or all of them.
pub(in crate::verb) const SAMPLES: Needed<Samples> = Needed {
    clause: Clause {
        about: clause("on", "on digits", &[Offer::Data]),
        read: |parts, opened| parts.samples(opened, ["a sample", "digits[3]"]),
        form: AS_WRITTEN,
    },
    missing,
};

/// The same, or the samples of files: `on "photo.jpg"`.
pub(in crate::verb) const SAMPLES_OR_FILES: Needed<Samples> = Needed {
    clause: Clause {
        about: clause("on", "on digits", &[Offer::Data]),
        read: |parts, opened| match parts.peek() {
            Some(Part { kind: PartKind::Text(_), .. }) => parts.file(),
            _ => parts.samples(opened, ["a sample", "digits[3]"]),
        },
        form: AS_WRITTEN,
    },
    missing,
};

/// Says that a verb lacks its data.
fn missing(parts: &mut Parts<'_>) {
    let (verb, net) = (parts.verb.word, parts.subject_words());
    let error = parts.error(parts.here(), format!("`{verb}` lacks its data")).found("the end");
    let net_span = parts.parts.first().map_or(parts.here(), |net| net.span);
    let error = error.expected("`on` and data").put_behind(net_span, " on digits");
    parts.wrong(error.help(format!("write `{verb} {net} on digits`, say")));
}

impl Parts<'_> {
    /// Samples; of `what`, such as `example`.
    fn samples(&mut self, opened: Opened<'_>, [what, example]: [&str; 2]) -> Option<Samples> {
        match self.peek() {
            Some(part @ Part { kind: PartKind::Word(_) | PartKind::Select(..), .. }) if !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some()) =>
            {
                self.at += 1;
                self.picked(part)
            }
            Some(part @ Part { kind: PartKind::Text(text), span }) => {
                self.at += 1;
                let message = format!("`{}` takes {what}, and here stands a text", opened.about.word);
                let error = self.error(*span, message).found(quoted(&part.to_string()));
                let error = error.expected(format!("{what} such as `{example}`"));
                self.wrong(match is_name(text) {
                    true => error.write(*span, text),
                    false => error.mend(*span, example).help(format!("write `{} {example}`, say", opened.about.word)),
                });
                None
            }
            Some(part @ Part { kind: PartKind::Call(data, arguments), span }) => {
                self.at += 1;
                let inside: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
                let error = self.error(*span, "samples are picked by `[…]`").found(quoted(&part.to_string()));
                let mend = format!("{data}[{}]", inside.join(".."));
                self.wrong(error.expected(mend.clone()).write(*span, mend));
                None
            }
            _ => {
                self.lacks(opened, "its data");
                None
            }
        }
    }

    /// Data of which nothing is picked.
    fn whole(&mut self, samples: Samples) -> Option<Name> {
        let is_whole = samples.range.is_none() && samples.span.end == samples.data.span.end;
        if !is_whole {
            let (verb, data) = (self.verb.word, &samples.data.text);
            let message = match verb {
                "train" => "`train` takes all of the training part".to_string(),
                "test" => "`test` takes all of the test part".to_string(),
                _ => format!("`{verb}` takes data as a whole"),
            };
            let error = self.error(samples.span, message).expected(data.clone());
            self.wrong(error.mend(samples.span, data.clone()).help(format!("write `on {data}`")));
        }
        Some(samples.data)
    }
}
