use std::collections::BTreeSet;

use super::http::{document, path};
use super::problems::Code;
use super::refusals::codes;
use crate::protocol::codes::ProblemCode;
use crate::protocol::route::Route;

#[test]
fn the_document_has_exactly_the_routes_of_the_router_and_their_methods() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &serde_json::Value| {
        let fields = item.as_object().unwrap().keys().filter(|name| *name != "servers");
        fields.map(|name| name.to_uppercase()).collect::<Vec<_>>().join(", ")
    };
    let found: Vec<_> = paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect();
    let wanted = Route::ALL.iter().map(|route| (path(*route), route.methods().to_owned()));
    assert_eq!(found, wanted.collect::<Vec<_>>());
}

#[test]
fn every_code_is_an_answer_of_some_route() {
    let answered = |route: &Route| {
        let methods = route.methods().split(", ");
        methods.flat_map(|method| codes(*route, method)).collect::<Vec<_>>()
    };
    let answered: BTreeSet<_> = Route::ALL.iter().flat_map(answered).map(Code::text).collect();
    // It answers methods that are not in the document.
    let others = Code::Problem(ProblemCode::MethodNotAllowed);
    let all: BTreeSet<_> = Code::all().filter(|code| *code != others).map(Code::text).collect();
    assert_eq!(answered, all);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<_> = operations.filter_map(|one| one.get("operationId")).collect();
    let different: BTreeSet<_> = ids.iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(ids.len(), different.len());
    assert!(!different.contains("head"), "a route has no name for its HEAD");
}
