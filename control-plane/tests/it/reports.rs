//! What visitors report of links.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{App, EMAIL, PASSWORD, answer, link_path};

/// Signed in to the console.
async fn owner(app: &App, method: Method, path: &str) -> RequestBuilder {
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    app.request(method, path)
        .header("cookie", cookie.split_once(';').unwrap().0)
        .header("x-requested-with", "linkpulse")
}

async fn reports(app: &App) -> Value {
    answer(owner(app, Method::GET, "/api/v1/reports").await)
        .await
        .body["data"]
        .clone()
}

async fn send(app: &App, code: &str, form: &[(&str, &str)]) -> u16 {
    let request = app.visitor(Method::POST, &format!("/report/{code}"));
    let body: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")))
        .collect();
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_visitor_reports_a_link_and_the_owner_closes_it() {
    let app = App::start().await;
    let link = app.link("bad").await;
    let preview = app
        .visitor(Method::GET, "/bad+")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(preview.contains("href=\"/report/bad\""), "{preview}");
    let form = app
        .visitor(Method::GET, "/report/bad")
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), 200);
    assert!(
        form.text()
            .await
            .unwrap()
            .contains("action=\"/report/bad\"")
    );

    let told = [("reason", "phishing"), ("detail", "looks like my bank")];
    assert_eq!(send(&app, "bad", &told).await, 200);
    let open = reports(&app).await;
    assert_eq!(
        (&open[0]["link_id"], &open[0]["reason"], &open[0]["detail"]),
        (
            &link["id"],
            &json!("phishing"),
            &json!("looks like my bank")
        )
    );
    let path = format!("/api/v1/reports/{}/close", open[0]["id"].as_str().unwrap());
    assert_eq!(app.call(Method::POST, &path, None).await.status, 403);
    assert_eq!(
        answer(owner(&app, Method::POST, &path).await).await.status,
        204
    );
    assert_eq!(
        answer(owner(&app, Method::POST, &path).await).await.status,
        404
    );
    assert_eq!(reports(&app).await, json!([]));
    assert_eq!(app.get("/api/v1/reports").await.status, 403);
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_floods_are_cut() {
    let app = App::start().await;
    let link = app.link("bad").await;
    let long = "x".repeat(1_001);
    for (code, form, status) in [
        ("none", vec![("reason", "spam")], 404),
        ("a%2Fb", vec![("reason", "spam")], 404),
        ("bad", vec![("reason", "boring")], 422),
        ("bad", vec![("reason", "spam"), ("detail", "%00")], 422),
        ("bad", vec![("reason", "spam"), ("detail", &long)], 422),
        (
            "bad",
            vec![("reason", "spam"), ("email", "a@example.com")],
            422,
        ),
        ("bad", vec![], 422),
    ] {
        assert_eq!(send(&app, code, &form).await, status, "{code} {form:?}");
    }
    for (method, path) in [
        (Method::GET, "/report/%FF"),
        (Method::POST, "/report/%FF"),
        (Method::GET, "/auth/%FF"),
        (Method::POST, "/auth/%FF"),
    ] {
        let answer = app.visitor(method, path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.starts_with("<!doctype html>"), "{path}: {page}");
    }
    let foreign_page = app
        .visitor(Method::POST, "/report/bad")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("reason=spam");
    assert_eq!(foreign_page.send().await.unwrap().status(), 403);
    assert_eq!(reports(&app).await, json!([]));
    for _ in 0..25 {
        assert_eq!(send(&app, "bad", &[("reason", "other")]).await, 200);
    }
    assert_eq!(reports(&app).await.as_array().unwrap().len(), 20);
    app.delete_link(&link["id"]).await;
    assert_eq!(send(&app, "bad", &[("reason", "spam")]).await, 404);
    let form = app
        .visitor(Method::GET, "/report/bad")
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), 404, "{}", link_path(&link["id"]));
}

#[tokio::test]
async fn open_reports_are_listed_in_pages() {
    let app = App::start().await;
    app.link("bad").await;
    for _ in 0..5 {
        assert_eq!(send(&app, "bad", &[("reason", "spam")]).await, 200);
    }
    let whole = reports(&app).await;
    assert_eq!(whole.as_array().unwrap().len(), 5);
    let (mut path, mut seen) = ("/api/v1/reports?limit=2".to_owned(), Vec::new());
    loop {
        let page = answer(owner(&app, Method::GET, &path).await).await;
        seen.extend(page.body["data"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            assert_eq!(page.headers.get("link"), None);
            break;
        };
        path = format!("/api/v1/reports?limit=2&cursor={cursor}");
        assert_eq!(page.headers["link"], format!("<{path}>; rel=\"next\""));
    }
    assert_eq!(json!(seen), whole);
}
