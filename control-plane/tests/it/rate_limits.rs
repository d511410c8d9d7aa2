//! How many requests callers have.

use std::future::ready;

use contract::Keys;
use futures_util::StreamExt;
use local_servers::RedisServer;
use local_servers::testing::{TestDatabase, ThrowAway};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, blocking};

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers[name].to_str().unwrap()
}

async fn limit(app: &App, quota: i32) {
    sqlx::query("update api_keys set rate_limit = $1")
        .bind(quota)
        .execute(&app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn answers_say_how_many_requests_are_left() {
    let app = App::start().await;
    let first = app.get("/api/v1/links").await;
    assert_eq!(header(&first, "ratelimit-policy"), "\"key\";q=30000;w=60");
    assert_eq!(header(&first, "ratelimit"), "\"key\";r=29999;t=1");
    // Also those that are refused for another reason.
    limit(&app, 2).await;
    app.get("/api/v1/links").await;
    let refused = app.create_link(json!({})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(header(&refused, "ratelimit"), "\"key\";r=0;t=60");
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let policy = header(&signed_in, "ratelimit-policy");
    assert_eq!(policy, "\"client\";q=120;w=60");
}

#[tokio::test]
async fn limits_hold_on_a_cluster_whichever_node_counts() {
    let cluster = blocking(|| ThrowAway::redis_cluster().unwrap()).await;
    let database = blocking(|| TestDatabase::create("rate_limits_cluster")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &cluster.url(), Some(database)).await;
    let sibling = app.second_instance().await;
    // Their counts are where their names say: not all on one node.
    for _ in 0..9 {
        let key = app.key_with(&[control_plane::auth::Scope::Read]).await;
        limit(&app, 2).await;
        let mut statuses = Vec::new();
        for instance in [&app.url, sibling.url(), &app.url, sibling.url()] {
            let request = app.client.get(format!("{instance}/api/v1/links"));
            statuses.push(answer(request.bearer_auth(&key)).await.status);
        }
        assert_eq!(statuses, [200, 200, 429, 429]);
    }
}

#[tokio::test]
async fn a_key_with_a_limit_of_its_own_is_held_to_it_by_all_control_planes_together() {
    let app = App::start().await;
    let sibling = app.second_instance().await;
    limit(&app, 4).await;
    let ask = async |instance: &str| {
        let request = app.client.get(format!("{instance}/api/v1/links"));
        answer(request.bearer_auth(&app.key)).await
    };
    for left in [3, 2, 1, 0] {
        let instance = [&app.url, sibling.url()][left % 2];
        let granted = ask(instance).await;
        let expected = format!("\"key\";r={left};t={}", 60 - 15 * left);
        assert_eq!(
            (granted.status, header(&granted, "ratelimit")),
            (200, &*expected)
        );
    }
    for instance in [&app.url, sibling.url()] {
        let refused = ask(instance).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (429, &json!("rate_limited"))
        );
        assert_eq!(header(&refused, "retry-after"), "16");
        assert_eq!(header(&refused, "ratelimit-policy"), "\"key\";q=4;w=60");
        assert_eq!(header(&refused, "ratelimit"), "\"key\";r=0;t=60");
    }
    let other = app.key_with(&[control_plane::auth::Scope::Read]).await;
    let other = app
        .call_with(&other, Method::GET, "/api/v1/links", None)
        .await;
    assert_eq!(other.status, 200, "another key");
    app.clock.advance(15_000_000);
    assert_eq!(ask(&app.url).await.status, 200);
    assert_eq!(ask(&app.url).await.status, 429);
}

#[tokio::test]
async fn without_redis_each_control_plane_keeps_the_limit_by_itself() {
    let mut redis = blocking(|| ThrowAway::<RedisServer>::redis().unwrap()).await;
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &redis.url(), Some(database)).await;
    limit(&app, 2).await;
    redis = blocking(move || {
        redis.stop().unwrap();
        redis
    })
    .await;
    assert_eq!(app.get("/api/v1/links").await.status, 200);
    assert_eq!(app.get("/api/v1/links").await.status, 200);
    let refused = app.get("/api/v1/links").await;
    assert_eq!(refused.status, 429);
    assert_eq!(header(&refused, "retry-after"), "31");
    app.clock.advance(30_000_000);
    assert_eq!(app.get("/api/v1/links").await.status, 200);
    drop(redis);
}

/// What our connection for counting says to Redis, and nothing that scripts do there.
async fn said_to_redis(app: &App, ask: impl AsyncFn()) -> Vec<String> {
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    let monitor = client.get_async_monitor().await.unwrap();
    ask().await;
    let mut other = client.get_multiplexed_async_connection().await.unwrap();
    let end: String = redis::cmd("ECHO")
        .arg("the end")
        .query_async(&mut other)
        .await
        .unwrap();
    let lines = monitor.into_on_message::<String>();
    let lines = lines.take_while(|line| ready(!line.contains(&end)));
    let lines: Vec<String> = lines.collect().await;
    // As in `1795342830.123456 [0 127.0.0.1:40000] "EVALSHA" …`.
    let whose = |line: &String| line.split(['[', ']']).nth(1).unwrap().to_owned();
    let prefix = Keys::new(app.prefix.as_str()).rate("");
    let is_count = |line: &&String| line.contains(&prefix) && !whose(line).ends_with("lua");
    let counting = whose(lines.iter().find(is_count).unwrap());
    lines
        .into_iter()
        .filter(|line| whose(line) == counting)
        .collect()
}

#[tokio::test]
async fn a_request_costs_one_command_at_redis_whatever_comes_of_it() {
    let redis = blocking(|| ThrowAway::<RedisServer>::redis().unwrap()).await;
    let database = blocking(|| TestDatabase::create("control_plane")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &redis.url(), Some(database)).await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    // The first one brings the script.
    assert_eq!(app.get("/api/v1/links").await.status, 200);
    app.clock.advance(1_000_000);
    limit(&app, 2).await;
    let said = said_to_redis(&app, async || {
        for expected in [200, 200, 429, 429] {
            assert_eq!(app.get("/api/v1/links").await.status, expected);
        }
        let path = "/api/v1/session";
        let session = app.console(&cookie, Method::GET, path, None).await;
        assert_eq!(session.status, 200);
        let nobody = answer(app.request(Method::GET, "/api/v1/links")).await;
        assert_eq!(nobody.status, 401);
    });
    let said = said.await;
    assert_eq!(said.len(), 6, "{said:#?}");
    assert!(
        said.iter().all(|line| line.contains("EVALSHA")),
        "{said:#?}"
    );
    drop(redis);
}

#[tokio::test]
async fn a_burst_from_many_connections_gets_exactly_what_there_is() {
    let app = App::start().await;
    limit(&app, 5).await;
    let requests = (0..15).map(|_| app.get("/api/v1/domains"));
    let answers = futures_util::future::join_all(requests).await;
    let granted = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(granted.count(), 5);
}

#[tokio::test]
async fn a_client_that_is_not_signed_in_has_120_requests_a_minute() {
    let app = App::start().await;
    let ask = async |client: &str| {
        let request = app
            .request(Method::POST, "/api/v1/session")
            .json(&json!({}));
        answer(request.header("x-forwarded-for", client)).await
    };
    for number in 1..=120 {
        assert_eq!(ask("192.0.2.1").await.status, 422, "{number}");
    }
    let refused = ask("192.0.2.1").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!("rate_limited"))
    );
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(
        header(&refused, "ratelimit-policy"),
        "\"client\";q=120;w=60"
    );
    assert_eq!(ask("192.0.2.2").await.status, 422, "another client");
    assert_eq!(app.get("/api/v1/links").await.status, 200, "a key");
    app.clock.advance(500_000);
    assert_eq!(ask("192.0.2.1").await.status, 422);
    assert_eq!(ask("192.0.2.1").await.status, 429);
}

#[tokio::test]
async fn whoever_makes_up_keys_is_limited_and_keeps_nobody_from_signing_in() {
    let setting = ("LINKPULSE_API_REQUESTS_PER_MINUTE", "3".to_owned());
    let app = App::start_with(&[setting]).await;
    let ask = async |address: &str, key: &str| {
        let request = app.request(Method::GET, "/api/v1/links").bearer_auth(key);
        answer(request.header("x-forwarded-for", address)).await
    };
    for _ in 0..3 {
        assert_eq!(ask("192.0.2.1", "lp_made_up").await.status, 401);
    }
    let refused = ask("192.0.2.1", "lp_made_up").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!("rate_limited"))
    );
    assert_eq!(header(&refused, "retry-after"), "21");
    assert_eq!(header(&refused, "ratelimit-policy"), "\"unknown\";q=3;w=60");
    assert_eq!(ask("192.0.2.2", "lp_made_up").await.status, 401);
    assert_eq!(ask("192.0.2.1", &app.key).await.status, 200);
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let request = app.request(Method::POST, "/api/v1/session").json(&body);
    let signed_in = answer(request.header("x-forwarded-for", "192.0.2.1")).await;
    assert_eq!(signed_in.status, 200);
}

#[tokio::test]
async fn pages_for_visitors_are_limited_by_address() {
    let setting = ("LINKPULSE_API_REQUESTS_PER_MINUTE", "4".to_owned());
    let app = App::start_with(&[setting]).await;
    app.link("busy").await;
    let get = async |address: &str, path: &str| {
        let request = app.request(Method::GET, path);
        let request = request.header("x-forwarded-host", "go.example.org");
        let response = request.header("x-forwarded-for", address).send().await;
        response.unwrap()
    };
    for path in ["/busy.qr", "/busy+", "/report/busy", "/none+"] {
        let status = get("192.0.2.1", path).await.status().as_u16();
        assert!([200, 404].contains(&status), "{path}: {status}");
    }
    for path in ["/busy.qr", "/busy+", "/report/busy"] {
        let refused = get("192.0.2.1", path).await;
        assert_eq!(refused.status(), 429, "{path}");
        assert_eq!(refused.headers()["retry-after"], "16");
    }
    let form = app.request(Method::POST, "/auth/busy");
    let form = form
        .header("x-forwarded-host", "go.example.org")
        .header("x-forwarded-for", "192.0.2.1")
        .header("content-type", "application/x-www-form-urlencoded");
    let refused = form.body("password=x").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(get("192.0.2.2", "/busy.qr").await.status(), 200);
}
