//! The windows of another program's calls: its numbers in our form, with the same meaning.
//!
//! Elsewhere a convolution pads nothing unless it is told to, where ours keeps the size; a transposed one has stride 1 and
//! keeps all of its edges.

use crate::syntax::LayerWord;

/// What a call says of its windows, as it is written here: `64 3x3/2 pad 1`. `options` are ours, one a piece; `axes` is how
/// many the call's word says that there are.
pub(super) fn written(layer: LayerWord, axes: Option<usize>, options: Vec<String>) -> Vec<String> {
    let is_conv = layer == LayerWord::Conv;
    let is_deconv = layer == LayerWord::Deconv;
    if !is_conv && !is_deconv && !layer.is_pool() {
        return options;
    }
    let (mut size, mut stride, mut padding, mut rest) = (None, None, None, Vec::new());
    for option in options {
        match (option.strip_prefix("size "), option.strip_prefix("stride "), option.strip_prefix("pad ")) {
            (Some(window), ..) => size = Some(window.to_string()),
            (_, Some(steps), _) => stride = Some(one(steps)),
            (.., Some(pad)) => padding = Some(format!("pad {}", one(pad))),
            _ if matches!(option.as_str(), "same" | "valid") => padding = Some(option),
            _ if is_window(&option) => size = Some(option),
            _ => rest.push(option),
        }
    }
    let sides = size.as_ref().map(|window| window.split('x').collect::<Vec<_>>());
    let is_one = sides.as_ref().is_some_and(|sides| sides.iter().all(|side| *side == "1"));
    let is_stride = sides.as_ref().is_some_and(|sides| sides.iter().all(|side| Some(*side) == stride.as_deref()));
    if is_deconv && stride.is_none() {
        stride = Some("1".to_string());
    }
    padding = match padding.as_deref() {
        None if is_deconv && is_stride => None,
        None | Some("valid") if is_deconv => Some("pad 0".to_string()),
        None | Some("valid") if is_conv && !is_one && size.is_some() => Some("valid".to_string()),
        Some("valid") => None,
        _ => padding,
    };
    let slash = |stride: Option<String>| stride.map_or(String::new(), |stride| format!("/{stride}"));
    // A stride that is the window is a pool's own.
    let stride = stride.filter(|_| !(layer.is_pool() && is_stride));
    let window = match (size.as_deref(), axes) {
        (None, _) => slash(stride),
        (Some(window), _) if window.contains('x') => format!("{window}{}", slash(stride)),
        (Some(side), Some(axes)) if axes > 1 => format!("{}{}", vec![side; axes].join("x"), slash(stride)),
        (Some(side), _) => format!("size {side} {}", slash(stride)),
    };
    // The number of filters stands first.
    let own = rest.iter().take_while(|option| option.parse::<f64>().is_ok()).count();
    let flags = rest.split_off(own);
    rest.extend([Some(window.trim_end().to_string()), padding].into_iter().flatten().chain(flags));
    rest
}

/// `3x5`
fn is_window(option: &str) -> bool {
    option.contains('x') && option.split('x').all(|side| side.parse::<u32>().is_ok())
}

/// `2` for `2x2`.
fn one(sizes: &str) -> String {
    let mut sides = sizes.split('x');
    let first = sides.next().unwrap_or_default();
    if sides.all(|side| side == first) { first.to_string() } else { sizes.to_string() }
}
