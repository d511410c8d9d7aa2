//! UTM parameters of targets, by value and by template.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer};

const TEMPLATES: &str = "/api/v1/utm-templates";

async fn template(app: &App, body: Value) -> Value {
    let made = app.call(Method::POST, TEMPLATES, Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

/// A template that leaves term and content alone.
async fn newsletter(app: &App) -> Value {
    let body = json!({ "name": "Newsletter", "source": "news letter", "medium": "email",
                       "campaign": "spring" });
    template(app, body).await["id"].clone()
}

fn refusals(answer: &Answer) -> Vec<(&str, &str)> {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let errors = answer.body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_template_is_made_changed_and_removed() {
    let app = App::start().await;
    let body = json!({ "name": " Newsletter ", "source": "news", "medium": " ", "term": null });
    let made = app.call(Method::POST, TEMPLATES, Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.headers["location"].to_str().unwrap().to_owned();
    insta::assert_json_snapshot!(made.body, { ".id" => "[id]" }, @r#"
    {
      "campaign": null,
      "content": null,
      "created_at": "2026-11-22T10:20:30.123456Z",
      "id": "[id]",
      "medium": null,
      "name": "Newsletter",
      "source": "news",
      "term": null,
      "updated_at": "2026-11-22T10:20:30.123456Z"
    }
    "#);
    assert_eq!(app.get(&path).await.body, made.body);
    assert_eq!(app.get(TEMPLATES).await.body["data"], json!([made.body]));

    app.clock.advance(1_000_000);
    let change = json!({ "name": "News", "source": null, "content": "a" });
    let changed = app.call(Method::PATCH, &path, Some(change)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let mut expected = made.body.clone();
    expected["name"] = "News".into();
    expected["source"] = Value::Null;
    expected["content"] = "a".into();
    expected["updated_at"] = "2026-11-22T10:20:31.123456Z".into();
    assert_eq!(changed.body, expected);
    assert_eq!(app.get(&path).await.body, expected);

    assert_eq!(app.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(app.get(&path).await.status, 404);
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let log = app
        .console(&owner, Method::GET, "/api/v1/audit-log", None)
        .await;
    let actions = log.body["data"].as_array().unwrap().iter();
    let actions: Vec<_> = actions
        .map(|entry| entry["action"].as_str().unwrap())
        .filter(|action| action.starts_with("utm_template"))
        .collect();
    assert_eq!(
        actions,
        [
            "utm_template.removed",
            "utm_template.updated",
            "utm_template.created"
        ]
    );
}

#[tokio::test]
async fn no_two_templates_of_a_workspace_share_a_name() {
    let app = App::start().await;
    template(&app, json!({ "name": "a" })).await;
    let other = template(&app, json!({ "name": "b" })).await;
    let again = app
        .call(Method::POST, TEMPLATES, Some(json!({ "name": "a" })))
        .await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("conflict"))
    );
    let path = format!("{TEMPLATES}/{}", other["id"].as_str().unwrap());
    let renamed = app
        .call(Method::PATCH, &path, Some(json!({ "name": "a" })))
        .await;
    assert_eq!(renamed.status, 409);
    assert_eq!(app.get(&path).await.body["name"], "b");
    let nameless = app
        .call(Method::POST, TEMPLATES, Some(json!({ "name": " " })))
        .await;
    assert_eq!(refusals(&nameless), [("name", "required")]);
}

#[tokio::test]
async fn a_template_that_is_asked_for_twice_is_made_once() {
    let app = App::start().await;
    let make = || {
        let request = app.request(Method::POST, TEMPLATES).bearer_auth(&app.key);
        let request = request.header("idempotency-key", "once");
        answer(request.json(&json!({ "name": "a" })))
    };
    let (first, second) = (make().await, make().await);
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(first.headers["location"], second.headers["location"]);
}

#[tokio::test]
async fn new_links_are_tagged() {
    let app = App::start().await;
    let template = newsletter(&app).await;
    for (utm, template, expected) in [
        (
            json!({ "source": "print" }),
            Value::Null,
            "https://example.com/?a=1&utm_medium=old&utm_source=print#part",
        ),
        (
            Value::Null,
            template.clone(),
            "https://example.com/?a=1&utm_source=news+letter&utm_medium=email&utm_campaign=spring#part",
        ),
        (
            json!({ "source": "print", "medium": null, "term": "x&y" }),
            template,
            "https://example.com/?a=1&utm_source=print&utm_campaign=spring&utm_term=x%26y#part",
        ),
    ] {
        let body = json!({
            "original_url": "https://example.com/?a=1&utm_medium=old#part",
            "utm": utm, "utm_template": template,
        });
        let made = app.create_link(body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["original_url"], expected);
    }
}

#[tokio::test]
async fn links_are_tagged_by_edits() {
    let app = App::start().await;
    let template = newsletter(&app).await;
    let link = app.link("edited").await;
    for (change, expected) in [
        (
            json!({ "utm_template": template }),
            "https://example.com/a?utm_source=news+letter&utm_medium=email&utm_campaign=spring",
        ),
        (
            json!({ "utm": { "source": "print", "campaign": null } }),
            "https://example.com/a?utm_medium=email&utm_source=print",
        ),
        (
            json!({ "original_url": "https://example.com/b?c", "utm": { "term": "d" } }),
            "https://example.com/b?c&utm_term=d",
        ),
        (
            json!({ "title": "x" }),
            "https://example.com/b?c&utm_term=d",
        ),
    ] {
        let edited = app.patch_link(&link["id"], change).await;
        assert_eq!(edited.status, 200, "{}", edited.body);
        assert_eq!(edited.body["original_url"], expected);
    }
}

#[tokio::test]
async fn many_links_are_tagged_at_once() {
    let app = App::start().await;
    let template = newsletter(&app).await;
    let rows = json!([
        { "original_url": "https://example.com/1", "code": "one", "utm_template": template },
        { "original_url": "https://example.com/2", "code": "two", "utm": { "source": "x" } },
        { "original_url": "https://example.com/3", "code": "three", "utm_template": "utm_x" },
    ]);
    let body = json!({ "links": rows });
    let made = app
        .call(Method::POST, "/api/v1/links/bulk", Some(body))
        .await;
    assert_eq!(
        (&made.body["done"], &made.body["refused"]),
        (&json!(2), &json!(1))
    );
    let refused = &made.body["results"][2]["problem"]["errors"][0];
    assert_eq!(
        (&refused["field"], &refused["code"]),
        (&json!("utm_template"), &json!("unknown_template"))
    );
    let ids = [
        &made.body["results"][0]["id"],
        &made.body["results"][1]["id"],
    ];
    let edit = json!({
        "select": { "ids": ids },
        "change": { "utm_template": template, "utm": { "medium": "post" } },
    });
    let path = "/api/v1/links/bulk/edit";
    let edited = app.call(Method::POST, path, Some(edit)).await;
    assert_eq!(edited.body["done"], 2, "{}", edited.body);
    for (code, number) in [("one", 1), ("two", 2)] {
        let link = app
            .get(&format!("/api/v1/links/by-code/go.example.org/{code}"))
            .await;
        let expected = format!(
            "https://example.com/{number}?utm_source=news+letter&utm_medium=post&utm_campaign=spring"
        );
        assert_eq!(link.body["original_url"], *expected);
    }
    let edit = json!({ "select": { "ids": ids }, "change": { "utm_template": "utm_x" } });
    let refused = app.call(Method::POST, path, Some(edit)).await;
    assert_eq!(
        refusals(&refused),
        [("change.utm_template", "unknown_template")]
    );
}

#[tokio::test]
async fn what_a_target_cannot_have_is_refused() {
    let app = App::start().await;
    let link = app.link("refused").await;
    let fill = |length: usize| format!("https://example.com/{}", "x".repeat(length));
    let full = fill(2048 - 20 - "?utm_source=a".len());
    let edit = json!({ "original_url": full, "utm": { "source": "a" } });
    assert_eq!(app.patch_link(&link["id"], edit).await.status, 200);
    for (utm, expected) in [
        (json!({ "source": "ab" }), ("utm", "too_long")),
        (json!({ "term": "x".repeat(201) }), ("utm.term", "too_long")),
        (
            json!({ "term": "a\nb" }),
            ("utm.term", "forbidden_character"),
        ),
    ] {
        let edit = app.patch_link(&link["id"], json!({ "utm": utm })).await;
        assert_eq!(refusals(&edit), [expected]);
        let target = match expected {
            ("utm", _) => &full,
            _ => "https://example.com/",
        };
        let body = json!({ "original_url": target, "utm": utm });
        assert_eq!(refusals(&app.create_link(body).await), [expected]);
    }
    let unchanged = app
        .get("/api/v1/links/by-code/go.example.org/refused")
        .await;
    assert_eq!(
        unchanged.body["original_url"],
        format!("{full}?utm_source=a")
    );
    assert_eq!(unchanged.body["revision"], 2);
}

#[tokio::test]
async fn a_template_of_another_workspace_is_none() {
    let app = App::start().await;
    let link = app.link("mine").await;
    let foreign = app.foreign_key().await;
    let body = json!({ "name": "theirs", "source": "secret" });
    let theirs = app
        .call_with(&foreign, Method::POST, TEMPLATES, Some(body))
        .await;
    assert_eq!(theirs.status, 201, "{}", theirs.body);
    let template = &theirs.body["id"];
    let unknown = [("utm_template", "unknown_template")];
    let edit = app.patch_link(&link["id"], json!({ "utm_template": template }));
    assert_eq!(refusals(&edit.await), unknown);
    let body = json!({ "original_url": "https://example.com/", "utm_template": template });
    assert_eq!(refusals(&app.create_link(body).await), unknown);
    assert_eq!(app.get(TEMPLATES).await.body["data"], json!([]));
    // The same name is free here.
    let body = json!({ "name": "theirs" });
    let mine = app.call(Method::POST, TEMPLATES, Some(body)).await;
    assert_eq!(mine.status, 201);
}

#[tokio::test]
async fn a_link_that_is_put_by_its_external_id_takes_a_template_too() {
    let app = App::start().await;
    let id = newsletter(&app).await;
    let put = async |body: Value| {
        let path = "/api/v1/links/by-external-id/order-1";
        app.call(Method::PUT, path, Some(body)).await
    };
    let made = put(json!({ "original_url": "https://example.com/a", "utm_template": id })).await;
    let tags = "utm_source=news+letter&utm_medium=email&utm_campaign=spring";
    assert_eq!(
        (made.status, &made.body["original_url"]),
        (201, &json!(format!("https://example.com/a?{tags}")))
    );
    let edited = put(json!({ "original_url": "https://example.com/b", "utm_template": id })).await;
    assert_eq!(
        (edited.status, &edited.body["original_url"]),
        (200, &json!(format!("https://example.com/b?{tags}")))
    );
    let unknown = put(json!({ "utm_template": "utm_0000000000000000000001" })).await;
    assert_eq!(refusals(&unknown), [("utm_template", "unknown_template")]);
}
