//! Channels that stand first, as elsewhere, though here they stand last.

use super::{mistakes, resolved};
use crate::diagnostic::{Level, Mend};

/// The remark on the net of `text`: its message, and its mend.
fn remark(text: &str) -> Option<(String, Mend)> {
    let remark = resolved(text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}")).remarks().pop()?;
    assert_eq!(remark.level, Level::Remark);
    Some((remark.message, remark.mends[0].clone()))
}

#[test]
fn channels_first_are_a_mistake_where_the_net_cannot_be() {
    for (text, last) in [
        ("net t = 3x150x150 - conv 32 - relu - pool - conv 64 - relu - pool, softmax 2", "150x150x3"),
        ("net t = 1x200x200 - conv 8 5x5 valid, softmax 2", "200x200x1"),
        ("net t = 1x128 - conv 8 size 5 valid, softmax 2", "128x1"),
        ("net t = 3x16x112x112 - conv 8 - pool - pool, softmax 2", "16x112x112x3"),
        // What waits for its data is told so too.
        ("net t = 3x150x150 - (conv 32 - pool)^3, softmax", "150x150x3"),
    ] {
        let all = mistakes(text);
        let (place, error) = &all[0];
        assert_eq!((all.len(), &error.message), (1, &format!("channels stand last: `{last}`")), "{text}");
        assert_eq!(text.find(place.as_str()), Some("net t = ".len()), "{text}");
        assert_eq!((&error.mends[0].text[..], error.mends[0].span), (last, error.span()), "{text}");
        assert!(error.labels.len() > 1, "what does not fit is shown too: {error:?}");
    }
}

#[test]
fn channels_first_are_remarked_where_the_net_can_be() {
    for (text, last) in [
        ("net t = 3x150x150 - conv 32 - relu, softmax 2", "150x150x3"),
        ("net t = 1x8x8 - conv 8, softmax", "8x8x1"),
        ("net t = 1x128 - conv 8 - relu - fc 10 - relu, softmax 2", "128x1"),
    ] {
        let (message, mend) = remark(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((message, mend.text.as_str()), (format!("channels stand last: `{last}`"), last));
        assert_eq!(&text[mend.span.range()], text["net t = ".len()..].split(' ').next().unwrap());
    }
}

#[test]
fn shapes_that_only_look_a_little_like_it_are_left_alone() {
    for shape in ["28x28x3", "4x4x512", "1x1x512", "2x2x512", "7x7x3", "5x128x128", "3x8x16", "128x1", "784"] {
        let text = format!("net t = {shape} - fc 10, softmax");
        assert_eq!(remark(&text), None, "{text}");
    }
    // Units do not ask where channels stand.
    assert_eq!(remark("net t = 3x150x150 - fc 10, softmax"), None);
    assert_eq!(remark("net t = 4x4x512 - conv 8, softmax 2"), None);
    // Neither reading fits: the mistake is another one.
    let all = mistakes("net t = 1x8x8 - conv 4 11x11 valid, softmax 2");
    assert!(all[0].1.message.starts_with("the window of conv1"), "{all:?}");
}

#[test]
fn a_stated_shape_with_its_channels_first_says_so() {
    let (place, error) = mistakes("net t = 150x150x3 - relu - 3x150x150 - conv 4, softmax 2").remove(0);
    assert_eq!((place.as_str(), error.mends[0].text.as_str()), ("3x150x150", "150x150x3"));
    assert_eq!(error.help.as_deref(), Some("channels stand last: write `150x150x3`"));
}
