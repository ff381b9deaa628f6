//! `device cpu`, `device cuda:1`, `device`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::WORDS;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::scope::nearest;
use crate::syntax::Name;

verb! {
    /// `device NAME`; alone it lists the devices.
    Device: "device", "device cpu";
    behind {
        /// Which device, where one is said.
        name: Option<Name> = DEVICE,
    }
}

const DEVICE: Behind<Option<Name>> = Behind { offer: Offer::Options(&["cpu", "cuda"]), read: device, form: WORDS };

fn device(parts: &mut Parts<'_>) -> Option<Option<Name>> {
    let Some(part) = parts.next() else { return Some(None) };
    let text = quoted(&part.to_string());
    let lower = text.to_lowercase();
    let number = lower.strip_prefix("cuda:").map(|number| number.parse::<u16>().is_ok());
    if !matches!(lower.as_str(), "cpu" | "cuda") && number != Some(true) {
        let near =
            if matches!(lower.as_str(), "gpu" | "nvidia") { Some("cuda") } else { nearest(&lower, ["cpu", "cuda"]) };
        let help = match near {
            Some(near) => format!("write `device {near}`; `device` alone lists what there is"),
            None => "`device` alone lists what there is".into(),
        };
        let error = parts.error(part.span, format!("there is no device `{text}`")).found(text);
        parts.wrong(error.expected("cpu, cuda or cuda:1").help(help));
        parts.give_up();
        return None;
    }
    Some(Some(Name { text: lower, span: part.span }))
}
