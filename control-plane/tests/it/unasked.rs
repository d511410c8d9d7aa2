//! What no route takes: parameters and bodies that mean nothing are said to, everywhere.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, EMAIL, PASSWORD, answer};
use crate::openapi::all_operations;
use crate::things::{everything, path_to, things};

#[tokio::test]
async fn no_route_ignores_a_parameter_or_a_field() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let things = things(&app, &owner).await;
    let before = everything(&app).await;
    let (mut parameters, mut bodies) = (0, 0);
    for (operation, described) in all_operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        let path = path_to(path, &things);
        let method: Method = method.to_uppercase().parse().unwrap();
        let send = async |path: &str, body: Option<&str>| {
            // Nobody waits for the limits of those who are not signed in.
            app.clock.advance(60 * 1_000_000);
            let request = app.request(method.clone(), path);
            let request = request
                .header("cookie", &owner)
                .header("x-requested-with", "linkpulse")
                .header("content-type", "application/json");
            answer(match body {
                Some(body) => request.body(body.to_owned()),
                None => request,
            })
            .await
        };
        let is_of_query = |parameter: &Value| parameter["in"] == "query";
        let takes_parameters = described["parameters"].as_array();
        if !takes_parameters.is_some_and(|all| all.iter().any(is_of_query)) {
            let refused = send(&format!("{path}?moon=full"), None).await;
            let error = &refused.body["errors"][0];
            let found = (refused.status, &error["field"], &error["code"]);
            let expected = (422, &json!("moon"), &json!("unknown_parameter"));
            assert_eq!(found, expected, "{operation}: {}", refused.body);
            parameters += 1;
        }
        if described.get("requestBody").is_none() {
            for (body, status, field) in [
                (r#"{"moon":"full"}"#, 422, json!("moon")),
                ("[1]", 400, Value::Null),
                ("moon", 400, Value::Null),
            ] {
                let refused = send(&path, Some(body)).await;
                let found = (refused.status, &refused.body["errors"][0]["field"]);
                assert_eq!(found, (status, &field), "{operation} with {body}");
            }
            let large = "x".repeat(64 * 1024 + 1);
            assert_eq!(send(&path, Some(&large)).await.status, 413, "{operation}");
            bodies += 1;
        }
    }
    assert!(parameters > 30 && bodies > 30, "{parameters} {bodies}");
    assert_eq!(everything(&app).await, before, "nothing has changed");
}

#[tokio::test]
async fn an_empty_object_is_no_body() {
    let app = App::start().await;
    let link = app.link("empty").await;
    let path = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    for body in ["", " \n", "{}"] {
        let request = app.request(Method::GET, &path).bearer_auth(&app.key);
        let read = answer(request.body(body)).await;
        assert_eq!((read.status, &read.body), (200, &link), "{body:?}");
    }
}
