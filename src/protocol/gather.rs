//! Gathers values into ordered collections without sorting them before.
//!
//! `collect` sorts first, and the code that sorts is in the bundle once for each type of value: 5 KB each. What is gathered here is small.

/// The collection of these values, inserted one by one.
pub fn gathered<C: Default + Extend<T>, T>(values: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(values);
    all
}
