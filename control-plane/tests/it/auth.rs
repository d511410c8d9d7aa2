use futures_util::{StreamExt, stream};
use local_servers::RedisServer;
use local_servers::testing::{TestDatabase, ThrowAway};
use redis::AsyncCommands;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, blocking, link_path};

fn cookie(signed_in: &Answer) -> String {
    let header = signed_in.headers["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

fn from_console(request: RequestBuilder, cookie: &str) -> RequestBuilder {
    request
        .header("cookie", cookie)
        .header("x-requested-with", "linkpulse")
}

#[tokio::test]
async fn without_a_good_credential_there_is_nothing_to_see() {
    let app = App::start().await;
    let mut altered = app.key.clone();
    altered.replace_range(12..13, if &altered[12..13] == "x" { "y" } else { "x" });
    let stranger = control_plane::auth::ApiKey::generate(&mut rand::rng());
    for authorization in [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Basic {}", app.key),
        format!("Bearer {altered}"),
        format!("Bearer {}", stranger.expose()),
    ] {
        for (method, path) in [
            (Method::GET, "/api/v1/links"),
            (Method::POST, "/api/v1/links"),
            (Method::GET, "/api/v1/links/lnk_0000000000000000000000"),
            (Method::GET, "/api/v1/session"),
        ] {
            let request = app
                .request(method, path)
                .header("authorization", &authorization);
            let refused = answer(request).await;
            assert_eq!(
                (refused.status, &refused.body["code"]),
                (401, &json!("unauthenticated")),
                "{path}"
            );
            let scheme = &refused.headers["www-authenticate"];
            assert_eq!(scheme, "Bearer realm=\"LinkPulse\"", "{path}");
        }
    }
}

#[tokio::test]
async fn of_two_credentials_none_is_meant() {
    let app = App::start().await;
    for other in ["Bearer x", "Basic eA=="] {
        let request = app.request(Method::GET, "/api/v1/links");
        let request = request.bearer_auth(&app.key);
        let refused = answer(request.header("authorization", other)).await;
        assert_eq!(refused.status, 401, "{other}");
    }
}

#[tokio::test]
async fn a_revoked_or_expired_key_ends_at_once() {
    let app = App::start().await;
    assert_eq!(app.get("/api/v1/links").await.status, 200);
    sqlx::query("update api_keys set expires_at = $1")
        .bind(contract::Clock::now(&*app.clock).to_datetime().unwrap())
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(app.get("/api/v1/links").await.status, 401);
    sqlx::query("update api_keys set expires_at = null, revoked_at = now()")
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(app.get("/api/v1/links").await.status, 401);
}

#[tokio::test]
async fn signing_in_and_out() {
    let app = App::start().await;
    let signed_in = app.sign_in(" Ada@Example.com ", PASSWORD).await;
    assert_eq!(signed_in.status, 200);
    insta::assert_json_snapshot!(signed_in.body, { ".*.id" => "[id]" }, @r#"
    {
      "role": "owner",
      "user": {
        "email": "ada@example.com",
        "id": "[id]"
      },
      "workspace": {
        "id": "[id]",
        "name": "Workspace"
      }
    }
    "#);
    let attributes = signed_in.headers["set-cookie"].to_str().unwrap();
    for attribute in [
        "__Host-",
        "; Path=/",
        "; HttpOnly",
        "; Secure",
        "; SameSite=Lax",
        "Max-Age=1209600",
    ] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    let cookie = cookie(&signed_in);
    let session = app
        .request(Method::GET, "/api/v1/session")
        .header("cookie", &cookie);
    assert_eq!(
        answer(session.try_clone().unwrap()).await.body,
        signed_in.body
    );

    let sign_out = from_console(app.request(Method::DELETE, "/api/v1/session"), &cookie);
    assert_eq!(answer(sign_out).await.status, 204);
    assert_eq!(answer(session).await.status, 401);
}

#[tokio::test]
async fn wrong_password_and_unknown_user_look_the_same() {
    let app = App::start().await;
    let wrong = app.sign_in(EMAIL, "wrong password").await;
    let unknown = app.sign_in("nobody@example.com", PASSWORD).await;
    let nul = app.sign_in("a\u{0}b@example.com", PASSWORD).await;
    for refused in [&wrong, &unknown, &nul] {
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (401, &json!("invalid_credentials"))
        );
        assert_eq!(refused.body["detail"], wrong.body["detail"]);
        assert!(!refused.headers.contains_key("set-cookie"));
    }
}

/// Passwords of people who do not exist, that were really hashed.
async fn hashed_for_nobody(app: &App) -> u64 {
    let metrics = app.client.get(format!("{}/metrics", app.admin_url));
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    let name = "linkpulse_password_checks_total{result=\"nobody\"} ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn an_unknown_user_costs_a_hash_as_a_wrong_password_does() {
    let app = App::start().await;
    let before = hashed_for_nobody(&app).await;
    for number in 0..5 {
        let email = format!("nobody-{number}@example.com");
        assert_eq!(app.sign_in(&email, PASSWORD).await.status, 401);
    }
    assert_eq!(
        app.sign_in("a\u{0}b@example.com", PASSWORD).await.status,
        401
    );
    // Other tests may sign in nobody at the same time.
    assert!(hashed_for_nobody(&app).await >= before + 6);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let app = App::start().await;
    let cookie = cookie(&app.sign_in(EMAIL, PASSWORD).await);
    app.clock.advance(14 * 24 * 3600 * 1_000_000 - 1);
    let session = || {
        answer(
            app.request(Method::GET, "/api/v1/session")
                .header("cookie", &cookie),
        )
    };
    assert_eq!(session().await.status, 200);
    app.clock.advance(1);
    assert_eq!(session().await.status, 401);
}

#[tokio::test]
async fn viewers_look_but_do_not_touch() {
    let app = App::start().await;
    let link = app.link("look").await;
    sqlx::query("update memberships set role = 'viewer'")
        .execute(&app.pool)
        .await
        .unwrap();
    let cookie = cookie(&app.sign_in(EMAIL, PASSWORD).await);
    let path = link_path(&link["id"]);
    let list = answer(
        app.request(Method::GET, "/api/v1/links")
            .header("cookie", &cookie),
    )
    .await;
    assert_eq!(list.body["data"][0]["code"], "look");
    for request in [
        app.request(Method::POST, "/api/v1/links")
            .json(&json!({ "original_url": "https://example.com/" })),
        app.request(Method::PATCH, &path)
            .json(&json!({ "title": "x" })),
        app.request(Method::DELETE, &path),
    ] {
        let refused = answer(from_console(request, &cookie)).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (403, &json!("forbidden"))
        );
    }
}

#[tokio::test]
async fn the_eleventh_attempt_to_sign_in_is_refused_before_the_password_is_looked_at() {
    let app = App::start().await;
    let other = app.second_instance().await;
    let attempt = async |instance: &str, email: &str, password: &str, client: &str| {
        let body = json!({ "email": email, "password": password });
        let request = app.client.post(format!("{instance}/api/v1/session"));
        answer(request.header("x-forwarded-for", client).json(&body)).await
    };
    for number in 0..10 {
        // Right ones do not count, and all control planes count together.
        let right = attempt(&app.url, EMAIL, PASSWORD, "192.0.2.1").await;
        assert_eq!(right.status, 200);
        let instance = [&app.url, other.url()][number % 2];
        let client = format!("198.51.100.{number}");
        assert_eq!(attempt(instance, EMAIL, "wrong", &client).await.status, 401);
        let email = "nobody@example.com";
        let unknown = attempt(instance, email, "wrong", &client).await;
        assert_eq!(unknown.status, 401);
    }
    let mut known = attempt(other.url(), "ADA@example.com ", PASSWORD, "203.0.113.1").await;
    let mut unknown = attempt(&app.url, "nobody@example.com", PASSWORD, "203.0.113.1").await;
    for refused in [&mut known, &mut unknown] {
        assert_eq!(refused.status, 429);
        assert_eq!(refused.headers["retry-after"], "901");
        refused.body["request_id"] = json!("");
    }
    assert_eq!(known.body, unknown.body);
    assert_eq!(known.body["code"], "too_many_attempts");
    app.clock.advance(15 * 60 * 1_000_000);
    let again = attempt(&app.url, EMAIL, PASSWORD, "203.0.113.1").await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn one_client_has_ten_attempts_for_all_accounts_also_without_redis() {
    let mut redis = blocking(|| ThrowAway::<RedisServer>::redis().unwrap()).await;
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &redis.url(), Some(database)).await;
    for number in 0..10 {
        let email = format!("nobody-{number}@example.com");
        assert_eq!(app.sign_in(&email, "wrong").await.status, 401);
    }
    assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 429);
    redis = blocking(move || {
        redis.stop().unwrap();
        redis
    })
    .await;
    assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 429);
    app.clock.advance(15 * 60 * 1_000_000);
    for _ in 0..10 {
        assert_eq!(app.sign_in("nobody@example.com", "wrong").await.status, 401);
    }
    assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 429);
    drop(redis);
}

#[tokio::test]
async fn redis_learns_neither_addresses_nor_names_of_those_who_try() {
    let app = App::start().await;
    let body = json!({ "email": "someone@example.com", "password": "wrong" });
    let request = app.request(Method::POST, "/api/v1/session").json(&body);
    let request = request.header("x-forwarded-for", "198.51.100.77");
    assert_eq!(answer(request).await.status, 401);
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pattern = format!("{}:attempts:*", app.prefix);
    let names: Vec<String> = connection.keys(&pattern).await.unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        assert!(
            !name.contains("someone") && !name.contains("198.51"),
            "{name}"
        );
        let seconds: i64 = connection.ttl(&name).await.unwrap();
        assert!((1..=900).contains(&seconds), "{seconds}");
    }
}

#[tokio::test]
async fn when_too_many_sign_in_some_are_told_at_once_to_come_back() {
    let app = App::start().await;
    let sign_ins = (0..300).map(|number| {
        let body = json!({ "email": format!("p{number}@example.com"), "password": "wrong" });
        let from = format!("10.0.{}.{}", number / 250, number % 250);
        let request = app.request(Method::POST, "/api/v1/session");
        answer(request.header("x-forwarded-for", from).json(&body))
    });
    // Three times as many at any moment as there are places.
    let answers = stream::iter(sign_ins).buffer_unordered(100);
    let answers: Vec<_> = answers.collect().await;
    let (busy, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 503);
    for answer in &busy {
        assert_eq!(answer.body["code"], "busy", "{}", answer.body);
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert!(!busy.is_empty() && !others.is_empty(), "{}", busy.len());
    assert!(others.iter().all(|answer| answer.status == 401));
    // It is over as soon as they are through.
    assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_signs_out_all_others() {
    let app = App::start().await;
    let here = app.cookie(EMAIL, PASSWORD).await;
    let elsewhere = app.cookie(EMAIL, PASSWORD).await;
    let path = "/api/v1/session/password";
    let change = async |old: &str, new: &str| {
        let body = json!({ "old_password": old, "new_password": new });
        let answer = app.console(&here, Method::PUT, path, Some(body)).await;
        (answer.status, answer.body["code"].clone())
    };
    let new = "staple battery horse";
    let wrong = (401, json!("invalid_credentials"));
    assert_eq!(change("not this one", new).await, wrong);
    assert_eq!(change(PASSWORD, "too short").await.0, 422);
    assert_eq!(change(&"x".repeat(1025), new).await.0, 422);
    let signed_in = async |cookie: &str| {
        let session = app
            .console(cookie, Method::GET, "/api/v1/session", None)
            .await;
        session.status == 200
    };
    assert!(signed_in(&here).await && signed_in(&elsewhere).await);

    assert_eq!(change(PASSWORD, new).await.0, 204);
    assert!(signed_in(&here).await && !signed_in(&elsewhere).await);
    assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 401);
    assert_eq!(app.sign_in(EMAIL, new).await.status, 200);
    assert_eq!(app.get("/api/v1/links").await.status, 200, "keys go on");
    assert_eq!(change(PASSWORD, new).await, wrong, "the old one is old");
    let by_key = app.call(Method::PUT, path, Some(json!({}))).await;
    assert_eq!(by_key.status, 401);
}

#[tokio::test]
async fn guessing_at_the_old_password_has_the_limits_of_signing_in() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let change = async |old: &str| {
        let body = json!({ "old_password": old, "new_password": "staple battery horse" });
        let path = "/api/v1/session/password";
        app.console(&cookie, Method::PUT, path, Some(body)).await
    };
    for _ in 0..10 {
        assert_eq!(change("guess guess guess").await.status, 401);
    }
    let limited = change(PASSWORD).await;
    let code = &limited.body["code"];
    assert_eq!((limited.status, code), (429, &json!("too_many_attempts")));
    assert!(limited.headers.contains_key("retry-after"));
    assert_eq!(app.sign_in(EMAIL, PASSWORD).await.status, 429, "one limit");
}
