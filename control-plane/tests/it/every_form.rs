//! Every field of the forms that visitors fill in, with texts that do harm elsewhere.

use std::collections::BTreeSet;

use reqwest::{Method, Response};
use serde_json::json;

use crate::harmful;
use crate::harness::{App, EMAIL, PASSWORD};

const OPEN_SESAME: &str = "open sesame";

/// Also what only a page could be harmed by.
fn texts() -> Vec<(&'static str, Vec<u8>)> {
    let mut texts = harmful::texts();
    texts.push(("HTML", b"\"'><img src=x onerror=alert(1)>".to_vec()));
    texts.push(("10 MB", vec![b'x'; 10_000_000]));
    texts
}

/// The names of a form's fields, as the page has them.
async fn fields(app: &App, path: &str) -> BTreeSet<String> {
    let page = app.visitor(Method::GET, path).send().await.unwrap();
    let html = page.text().await.unwrap();
    // The page's own policy would leave it out.
    assert!(!html.contains(" style="), "{html}");
    let (_, form) = html.split_once("<form").unwrap();
    let names = form.split(" name=\"").skip(1);
    let names = names.map(|rest| rest.split('"').next().unwrap().to_owned());
    names.collect()
}

/// A form with another text in one field.
async fn send(app: &App, path: &str, form: &[(&str, &str)], field: &str, text: &[u8]) -> Response {
    // Nobody waits for the limits of visitors.
    app.clock.advance(900 * 1_000_000);
    let encode = |bytes: &[u8]| -> String {
        let bytes = bytes.iter();
        bytes.map(|byte| format!("%{byte:02X}")).collect()
    };
    let others = form.iter().filter(|(name, _)| *name != field);
    let mut body: Vec<String> = others
        .map(|(name, value)| format!("{name}={}", encode(value.as_bytes())))
        .collect();
    // Long ones as they are: three times as long they would be refused for that.
    body.push(match text.len() > 1_000 {
        true => format!("{field}={}", String::from_utf8_lossy(text)),
        false => format!("{field}={}", encode(text)),
    });
    let request = app.visitor(Method::POST, path);
    let request = request
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(body.join("&")).send().await.unwrap()
}

/// No header and no page has anything in it that was not ours. Gives the status.
async fn assert_harmless(response: Response, about: &str) -> u16 {
    let status = response.status().as_u16();
    assert!(status < 500, "{about}: {status}");
    let cookies = response.headers().get_all("set-cookie").iter();
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("lp_"), "{about}: {cookie}");
    }
    if let Some(location) = response.headers().get("location") {
        let location = location.to_str().unwrap();
        assert!(location.starts_with("/vault"), "{about}: {location}");
        assert!(!location.contains(['<', '"', ' ']), "{about}: {location}");
    }
    let html = response.text().await.unwrap();
    assert!(!html.contains("<img"), "{about}: {html}");
    assert!(!html.contains(" style="), "{about}: {html}");
    status
}

#[tokio::test]
async fn no_text_in_the_form_of_a_password_does_harm() {
    let app = App::start().await;
    let link = json!({
        "original_url": "https://example.com/secret", "code": "vault", "password": OPEN_SESAME,
    });
    assert_eq!(app.create_link(link).await.status, 201);
    let mut all = fields(&app, "/vault/more?x=1").await;
    all.extend(fields(&app, "/vault+").await);
    let expected = ["password", "path", "preview", "query"];
    assert_eq!(all, expected.map(str::to_owned).into());
    for field in &all {
        for (what, text) in texts() {
            for (password, expected) in [(OPEN_SESAME, 303), ("wrong", 403)] {
                let about = format!("{field} with {what}, {password}");
                let form = [("password", password), ("query", "x=1"), ("path", "/more")];
                let response = send(&app, "/auth/vault", &form, field, &text).await;
                let status = assert_harmless(response, &about).await;
                let expected = match field.as_str() {
                    _ if text.len() > 65_536 => 413,
                    "password" => 403,
                    _ => expected,
                };
                assert_eq!(status, expected, "{about}");
            }
        }
    }
}

#[tokio::test]
async fn no_text_in_the_form_of_a_report_does_harm() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    app.link("vault").await;
    let all = fields(&app, "/report/vault").await;
    assert_eq!(all, ["detail", "reason"].map(str::to_owned).into());
    let mut kept = Vec::new();
    for field in &all {
        for (what, text) in texts() {
            let about = format!("{field} with {what}");
            let response = send(&app, "/report/vault", &[("reason", "spam")], field, &text).await;
            let status = assert_harmless(response, &about).await;
            let expected = match (what, field.as_str()) {
                _ if text.len() > 65_536 => 413,
                ("NUL", _) | (_, "reason") => 422,
                _ => 200,
            };
            assert_eq!(status, expected, "{about}");
            if status == 200 {
                // What turns text around is left out: it is a stranger's.
                let text = String::from_utf8_lossy(&text);
                kept.push(json!(text.replace('\u{202e}', "")));
            }
        }
    }
    let path = "/api/v1/reports";
    let reports = app.console(&owner, Method::GET, path, None).await;
    let reports = reports.body["data"].as_array().unwrap().iter();
    let details: Vec<_> = reports
        .rev()
        .map(|report| report["detail"].clone())
        .collect();
    assert_eq!(details, kept);
}
