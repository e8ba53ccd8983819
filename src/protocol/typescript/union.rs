//! The members of unions, each as a schema of its own that TypeScript can tell from the others.

use serde_json::{json, Map, Value};

/// The members of a union; `None` if the schema is none. What the schema says besides holds for each member.
pub(super) fn alternatives(schema: &Value) -> Option<Vec<Value>> {
    let listed = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    let members = listed.iter().map(|member| merged(schema, member)).collect();
    Some(told_apart(members))
}

/// A member with the properties that all members have in common.
fn merged(schema: &Value, member: &Value) -> Value {
    let Some(common) = properties(schema) else { return member.clone() };
    let mut merged = member.clone();
    let (Some(own), Some(fields)) = (properties(member), merged.as_object_mut()) else {
        let required = schema.get("required");
        return json!({"properties": common, "required": required, "allOf": [member]});
    };
    let all: Map<_, _> = common.iter().chain(own).map(|(k, v)| (k.clone(), v.clone())).collect();
    let lists = [schema, member].map(|one| one.get("required").and_then(Value::as_array));
    let required: Vec<_> = lists.into_iter().flatten().flatten().cloned().collect();
    fields.insert("properties".to_owned(), all.into());
    fields.insert("required".to_owned(), required.into());
    merged
}

/// If no property has another constant in each of these objects, each says which properties of the others it never has. Otherwise
/// TypeScript would let nobody ask for them.
fn told_apart(mut members: Vec<Value>) -> Vec<Value> {
    let objects: Option<Vec<_>> = members.iter().map(properties).collect();
    let Some(objects) = objects.filter(|objects| !has_tag(objects)) else { return members };
    let names: Vec<String> = objects.into_iter().flat_map(Map::keys).cloned().collect();
    for member in &mut members {
        let Some(own) = member.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for name in &names {
            own.entry(name).or_insert(Value::Bool(false));
        }
    }
    members
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn has_tag(objects: &[&Map<String, Value>]) -> bool {
    let names = objects.first().into_iter().flat_map(|first| first.keys());
    let constants = |name: &String| -> Option<Vec<&Value>> {
        objects.iter().map(|object| object.get(name)?.get("const")).collect()
    };
    let differ = |all: Vec<&Value>| {
        all.iter().enumerate().all(|(at, one)| !all.iter().take(at).any(|other| other == one))
    };
    names.filter_map(constants).any(differ)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(properties: &Value) -> Value {
        json!({"type": "object", "properties": properties, "required": ["b"]})
    }

    #[test]
    fn what_is_common_to_all_members_is_part_of_each() {
        let mut schema = object(&json!({"a": {"const": 1}}));
        schema["required"] = json!(["a"]);
        schema["anyOf"] =
            json!([object(&json!({"b": {"const": 2}})), object(&json!({"b": {"const": 3}}))]);
        let members = alternatives(&schema).unwrap();
        assert_eq!(members[0]["properties"], json!({"a": {"const": 1}, "b": {"const": 2}}));
        assert_eq!(members[1]["required"], json!(["a", "b"]));
        assert_eq!(alternatives(&object(&json!({}))), None);
        schema["anyOf"] = json!([{ "$ref": "#/$defs/Other" }]);
        let members = alternatives(&schema).unwrap();
        assert_eq!(members[0]["properties"], json!({"a": {"const": 1}}));
        assert_eq!(members[0]["allOf"], schema["anyOf"]);
    }

    #[test]
    fn members_without_a_tag_say_what_they_do_not_have() {
        let both =
            json!({"oneOf": [object(&json!({"b": true})), object(&json!({"b": true, "c": true}))]});
        let members = alternatives(&both).unwrap();
        assert_eq!(members[0]["properties"], json!({"b": true, "c": false}));
        assert_eq!(members[1]["properties"], json!({"b": true, "c": true}));
    }
}
