//! Maps of names, each statement's a copy of the one's before it.

use std::borrow::Borrow;
use std::ops::Deref;

use rpds::RedBlackTreeMapSync;

/// A map whose copies share all that they have in common: a copy costs nothing, and what changes in it little.
#[derive(Clone, Debug)]
pub struct Shared<K: Ord, V>(RedBlackTreeMapSync<K, V>);

impl<K: Ord, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

impl<K: Ord + Clone, V: Clone> Shared<K, V> {
    /// Gives a name its meaning, whatever it meant before.
    pub fn insert(&mut self, key: K, value: V) {
        self.0.insert_mut(key, value);
    }

    /// Takes a name's meaning away; whether it had one.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove_mut(key)
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// For reading.
impl<K: Ord, V> Deref for Shared<K, V> {
    type Target = RedBlackTreeMapSync<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_what_it_has_in_common_and_changes_alone() {
        let mut names = Shared::default();
        for number in 0..1_000 {
            names.insert(format!("n{number:03}"), vec![number]);
        }
        let mut copy = names.clone();
        copy.insert("n500".to_string(), vec![0]);
        assert!(copy.remove("n999") && !copy.remove("n999"));
        assert_eq!((names.size(), copy.size()), (1_000, 999));
        let shared =
            names.iter().filter(|(name, value)| copy.get(*name).is_some_and(|other| std::ptr::eq(*value, other)));
        assert_eq!(shared.count(), 998, "all but the two that changed lie in one place");
        copy.clear();
        assert!(copy.is_empty() && names.contains_key("n999"));
    }
}
