//! The type of values: what a document says about the data of its updates, refined by samples, as TypeScript.
//!
//! For front-end developers. A room never looks at it, so it is not part of the Worker.

use serde_json::Value;

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum DataType {
    /// Nobody knows.
    Unknown,
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// Nothing.
    Null,
    /// The same value always.
    Constant(Value),
    /// A list of values of this type.
    List(Box<DataType>),
    /// An object.
    Object(Vec<Property>),
    /// An object whose names are data as well, with values of this type.
    Map(Box<DataType>),
    /// One of several.
    Either(Vec<DataType>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Whether it is always there.
    pub required: bool,
    /// Its value.
    pub data_type: DataType,
}

impl DataType {
    /// The type of one value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Flag,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(items) => {
                let one = items.iter().map(Self::of).reduce(Self::or);
                Self::List(Box::new(one.unwrap_or(Self::Unknown)))
            }
            Value::Object(fields) => {
                let property = |(name, value): (&String, &Value)| Property {
                    name: name.clone(),
                    required: true,
                    data_type: Self::of(value),
                };
                Self::Object(fields.iter().map(property).collect())
            }
        }
    }

    /// A value of this type or of the other. A field that only one of two objects has may be absent.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.or(*other))),
            (Self::Object(one), Self::Object(other)) => Self::Object(either(one, other)),
            (Self::Either(mut all), one) | (one, Self::Either(mut all)) => {
                if !all.contains(&one) {
                    all.push(one);
                }
                Self::Either(all)
            }
            (one, other) => Self::Either(vec![one, other]),
        }
    }

    /// This type, as a document knows it, with what a sample shows where the document knows nothing.
    #[must_use]
    pub fn refined(self, sample: &Self) -> Self {
        match (self, sample) {
            (Self::Unknown, sample) => sample.clone().with_any_names(),
            (Self::Object(properties), Self::Object(shown)) => {
                let refined = properties.into_iter().map(|property| {
                    let sample = shown.iter().find(|one| one.name == property.name);
                    let data_type = match sample {
                        Some(sample) => property.data_type.refined(&sample.data_type),
                        None => property.data_type,
                    };
                    Property { data_type, ..property }
                });
                Self::Object(refined.collect())
            }
            (known, _) => known,
        }
    }

    /// Of a sample that has numbers only, such as scores by name, nobody knows whether another has the same names.
    fn with_any_names(self) -> Self {
        let numbers = |all: &[Property]| all.iter().all(|one| one.data_type == Self::Number);
        match self {
            Self::Object(all) if !all.is_empty() && numbers(&all) => {
                Self::Map(Box::new(Self::Number))
            }
            data_type => data_type,
        }
    }

    /// As a type of TypeScript, in lines that are indented by so many steps.
    pub fn typescript(&self, depth: usize) -> String {
        match self {
            Self::Unknown => "unknown".to_owned(),
            Self::Text => "string".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Flag => "boolean".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Constant(Value::String(text)) => quoted(text),
            Self::Constant(value @ (Value::Array(_) | Value::Object(_))) => {
                Self::of(value).typescript(depth)
            }
            Self::Constant(value) => value.to_string(),
            Self::List(one) => format!("readonly ({})[]", one.typescript(depth)),
            Self::Object(properties) => object(properties, depth),
            Self::Map(one) => format!("Record<string, {}>", one.typescript(depth)),
            Self::Either(all) => {
                let all: Vec<_> = all.iter().map(|one| one.typescript(depth)).collect();
                all.join(" | ")
            }
        }
    }
}

fn either(one: Vec<Property>, mut other: Vec<Property>) -> Vec<Property> {
    let mut all = Vec::with_capacity(one.len());
    for mut property in one {
        match other.iter().position(|same| same.name == property.name) {
            Some(place) => {
                let same = other.remove(place);
                property.required &= same.required;
                property.data_type = property.data_type.or(same.data_type);
            }
            None => property.required = false,
        }
        all.push(property);
    }
    all.extend(other.into_iter().map(|property| Property { required: false, ..property }));
    all
}

fn object(properties: &[Property], depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let mut lines = Vec::new();
    for Property { name, required, data_type } in properties {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let plain = plain && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let name = if plain { name.clone() } else { quoted(name) };
        let mark = if *required { "" } else { "?" };
        lines.push(format!("{indent}{name}{mark}: {};\n", data_type.typescript(depth + 1)));
    }
    format!("{{\n{}{}}}", lines.concat(), "  ".repeat(depth))
}

fn quoted(text: &str) -> String {
    let inner = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{inner}'")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn typescript(value: &Value) -> String {
        DataType::of(value).typescript(0).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_sample_has_a_shape() {
        let sample =
            json!({"a": "x", "b-c": 1, "list": [1, "x", null], "no": [], "o": {"yes": true}});
        let wanted = concat!(
            "{ a: string; 'b-c': number; list: readonly (number | string | null)[]; ",
            "no: readonly (unknown)[]; o: { yes: boolean; }; }"
        );
        assert_eq!(typescript(&sample), wanted);
    }

    #[test]
    fn what_only_some_samples_have_may_be_absent() {
        let [one, other] = [json!({"a": 1, "b": 1}), json!({"a": "x", "c": 1})];
        let both = DataType::of(&one).or(DataType::of(&other));
        let text = both.typescript(0).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text, "{ a: number | string; b?: number; c?: number; }");
        assert_eq!(both.clone().or(DataType::of(&one)), both, "nothing new");
    }

    #[test]
    fn a_sample_says_only_what_the_document_does_not_know() {
        let property =
            |name: &str, data_type| Property { name: name.into(), required: true, data_type };
        let document = DataType::Object(vec![
            property("kind", DataType::Constant(json!("it's"))),
            property("value", DataType::Unknown),
            property("never", DataType::Unknown),
        ]);
        let sample = DataType::of(&json!({"kind": "other", "value": {"x": 1, "y": 2}, "more": 2}));
        let text = document.refined(&sample).typescript(0);
        let wanted = "{\n  kind: 'it\\'s';\n  value: Record<string, number>;\n  never: unknown;\n}";
        assert_eq!(text, wanted);
    }
}
