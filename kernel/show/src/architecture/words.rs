//! Names of blocks.

/// The block that all of these layers are in, without its number: `bottleneck` of `bottleneck2.conv1`.
pub(super) fn common_stem<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut common: Option<Vec<&str>> = None;
    for name in names {
        let mut path: Vec<&str> = name.split('.').collect();
        path.pop();
        common = Some(match common {
            None => path,
            Some(common) => common.into_iter().zip(path).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    let last = common?.pop()?.trim_end_matches(|c: char| c.is_ascii_digit()).to_string();
    (!last.is_empty()).then_some(last)
}

/// `B` for the first that shares a name, `C` for the second; numbers when the letters are used up.
pub(super) fn letter(taken: usize) -> String {
    match u8::try_from(taken).ok().filter(|&taken| taken < 26) {
        Some(taken) => char::from(b'A' + taken).to_string(),
        None => (taken + 1).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_called_as_its_layers_say() {
        let stem = |names: &[&str]| common_stem(names.iter().copied());
        assert_eq!(stem(&["bottleneck2.conv1", "bottleneck2.bn1"]), Some("bottleneck".into()));
        assert_eq!(stem(&["bottleneck2.conv1", "bottleneck3.conv1"]), None);
        assert_eq!(stem(&["a1.b2.conv1", "a1.b2.bn1"]), Some("b".into()));
        assert_eq!((stem(&["conv1", "bn1"]), stem(&[])), (None, None));
        assert_eq!((letter(1), letter(30)), ("B".into(), "31".into()));
    }
}
