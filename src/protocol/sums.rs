//! Amounts that are added up, field by field.

/// Makes a type of amounts one that can be added to another. It must name all fields: whoever adds a field and forgets it here gets
/// an error.
macro_rules! sums {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl std::ops::AddAssign for $type {
            fn add_assign(&mut self, other: Self) {
                let Self { $($field),+ } = other;
                $(self.$field += $field;)+
            }
        }
    };
}

pub(crate) use sums;
