//! Fields that are not written while they have their default value.

/// Whether a value is the default of its type; for `skip_serializing_if`.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
