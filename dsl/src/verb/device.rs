//! `device cpu`, `device cuda:1`, `device`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::WORDS;
use super::read::Parts;
use crate::diagnostic::{Diagnostic, Stage, quoted};
use crate::scope::nearest;
use crate::syntax::{Argument, Name, Part, PartKind};

verb! {
    /// `device NAME`; alone it lists the devices.
    Device: "device", "device cpu";
    behind {
        /// Which device, where one is said.
        name: Option<Name> = DEVICE,
    }
}

const DEVICE: Behind<Option<Name>> = Behind { offer: Offer::Options(&["cpu", "cuda"]), read: device, form: WORDS };

/// `cuda 1`, `gpu(1)`: a number that no `:` joins to its device.
fn numbered(part: &Part, next: Option<&Part>) -> Option<Diagnostic> {
    let (word, number, end) = match (&part.kind, next) {
        (PartKind::Word(word), Some(Part { kind: PartKind::Value(number), span })) => (word, number, *span),
        (PartKind::Call(word, arguments), _) => match &arguments[..] {
            [Argument { key: None, value, unit: None }] => (word, value, part.span),
            _ => return None,
        },
        _ => return None,
    };
    let is_gpu = matches!(word.to_lowercase().as_str(), "gpu" | "cuda" | "nvidia");
    let mend = format!("cuda:{}", number.to_string().parse::<u16>().ok().filter(|_| is_gpu)?);
    let span = part.span.to(end);
    let error = Diagnostic::new(Stage::Verbs, span, "the number of a device stands behind `:`");
    Some(error.found(quoted(&format!("{word} {number}"))).expected(mend.clone()).write(span, mend))
}

fn device(parts: &mut Parts<'_>) -> Option<Option<Name>> {
    let Some(part) = parts.next() else { return Some(None) };
    if let Some(wrong) = numbered(part, parts.peek()) {
        parts.wrong(wrong);
        parts.give_up();
        return None;
    }
    let text = quoted(&part.to_string());
    let lower = text.to_lowercase();
    let number = lower.strip_prefix("cuda:").map(|number| number.parse::<u16>().is_ok());
    if !matches!(lower.as_str(), "cpu" | "cuda") && number != Some(true) {
        let near = match lower.trim_matches('"') {
            "gpu" | "nvidia" => Some("cuda"),
            "tpu" | "mps" | "npu" | "xpu" | "metal" | "rocm" | "vulkan" | "opencl" => None,
            name => nearest(name, ["cpu", "cuda"]),
        };
        let error = parts.error(part.span, format!("there is no device `{text}`")).found(text);
        let error = error.expected("cpu, cuda or cuda:1");
        parts.wrong(match near {
            Some(near) => {
                error.mend(part.span, near).help(format!("write `device {near}`; `device` alone lists what there is"))
            }
            None => error.help("`device` alone lists what there is"),
        });
        parts.give_up();
        return None;
    }
    Some(Some(Name { text: lower, span: part.span }))
}
