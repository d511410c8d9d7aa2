//! Who may use which route.

use std::collections::BTreeSet;

use control_plane::access::ROUTES;

#[test]
fn every_route_of_the_description_says_who_may_use_it() {
    let description = serde_json::to_value(control_plane::openapi::description()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let declared = ROUTES.iter();
    let declared = declared.map(|route| (route.method.to_owned(), route.path.to_owned()));
    let declared: BTreeSet<_> = declared.collect();
    assert_eq!(declared.len(), ROUTES.len(), "one is there twice");
    let missing: Vec<_> = described.difference(&declared).collect();
    assert!(missing.is_empty(), "missing in src/access.rs: {missing:?}");
    let gone: Vec<_> = declared.difference(&described).collect();
    assert!(gone.is_empty(), "in src/access.rs, but not there: {gone:?}");
}
