//! A place, what is to be made small there, and how it rises.

/// A place with the value and the gradient there.
pub struct Point<T> {
    /// Where.
    pub place: Vec<f64>,
    /// What is to be made small.
    pub value: f64,
    /// How it rises.
    pub gradient: Vec<f64>,
    /// What else is known of the place.
    pub parts: T,
}

/// Finds the value and the gradient at a place.
pub type Evaluate<'a, T, E> = dyn FnMut(Vec<f64>) -> Result<Point<T>, E> + 'a;
