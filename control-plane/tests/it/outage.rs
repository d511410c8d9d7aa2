//! With parts of the system away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use local_servers::testing::ThrowAway;
use local_servers::{PostgresServer, RedisServer};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{App, EMAIL, PASSWORD, blocking, eventually, link_path};

#[tokio::test]
async fn postgres_away_is_503_within_2_s_and_heals_without_a_restart() {
    let mut postgres = blocking(|| ThrowAway::<PostgresServer>::postgres().unwrap()).await;
    let redis_url = blocking(|| local_servers::testing::redis_url().to_owned()).await;
    let app = App::start_on(&postgres.url(), &redis_url, None).await;
    app.link("before").await;

    postgres = blocking(move || {
        postgres.stop().unwrap();
        postgres
    })
    .await;
    let create = json!({ "original_url": "https://example.com/" });
    let sign_in = json!({ "email": EMAIL, "password": PASSWORD });
    for (method, path, body) in [
        (Method::POST, "/api/v1/links", Some(create.clone())),
        (
            Method::POST,
            "/api/v1/links/bulk",
            Some(json!({ "links": [create] })),
        ),
        (Method::GET, "/api/v1/links", None),
        (Method::GET, "/api/v1/links?q=before&sort=clicks", None),
        (Method::GET, "/api/v1/links/export.csv", None),
        (Method::POST, "/api/v1/session", Some(sign_in)),
        (Method::GET, "/api/v1/audit-log", None),
        (Method::GET, "/before+", None),
        (Method::GET, "/report/before", None),
    ] {
        let request = match path {
            "/api/v1/session" => app.request(method, path),
            _ if path.starts_with("/api/") => app.request(method, path).bearer_auth(&app.key),
            _ => app.visitor(method, path),
        };
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        // A busy machine may be slower, but not each time.
        eventually(&format!("{path} within 2 s"), async || {
            let begin = Instant::now();
            let refused = request.try_clone().unwrap().send().await.unwrap();
            let took = begin.elapsed();
            assert_eq!(refused.status(), 503, "{path}");
            assert_eq!(refused.headers()["retry-after"], "1", "{path}");
            (took < Duration::from_secs(2)).then_some(())
        })
        .await;
    }
    let ready = app.client.get(format!("{}/readyz", app.admin_url));
    let unready =
        async || (ready.try_clone().unwrap().send().await.unwrap().status() == 503).then_some(());
    eventually("not ready", unready).await;

    let _postgres = blocking(move || {
        postgres.restart().unwrap();
        postgres
    })
    .await;
    eventually("writes again", async || {
        let body = json!({ "original_url": "https://example.com/", "code": "after" });
        let status = app.create_link(body).await.status;
        (status == 201).then_some(())
    })
    .await;
}

/// Stands before a server. While `is_silent`, nothing comes through, and nobody is told.
async fn relay(server: String, is_silent: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            let (client, server) = (client.into_split(), server.into_split());
            tokio::spawn(pass_on(client.0, server.1, is_silent.clone()));
            tokio::spawn(pass_on(server.0, client.1, is_silent.clone()));
        }
    });
    address
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_silent: Arc<AtomicBool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        while is_silent.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_database_that_says_nothing_is_no_longer_ready_and_heals_without_a_restart() {
    let database = blocking(|| local_servers::testing::TestDatabase::create("control_plane")).await;
    let redis_url = blocking(|| local_servers::testing::redis_url().to_owned()).await;
    let mut url: url::Url = database.url.parse().unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let is_silent = Arc::new(AtomicBool::new(false));
    let relay = relay(server, is_silent.clone()).await;
    url.set_port(Some(relay.port())).unwrap();
    let app = App::start_on(url.as_str(), &redis_url, Some(database)).await;
    app.link("before").await;
    let readiness = async || {
        let ready = app.client.get(format!("{}/readyz", app.admin_url));
        ready.send().await.unwrap().status().as_u16()
    };
    eventually("ready", async || (readiness().await == 200).then_some(())).await;

    is_silent.store(true, Ordering::Relaxed);
    eventually("not ready", async || {
        (readiness().await == 503).then_some(())
    })
    .await;
    is_silent.store(false, Ordering::Relaxed);
    eventually("ready again", async || {
        (readiness().await == 200).then_some(())
    })
    .await;
    app.link("after").await;
}

#[tokio::test]
async fn redis_away_writes_succeed_and_are_relayed_later() {
    let mut redis = blocking(|| ThrowAway::<RedisServer>::redis().unwrap()).await;
    let database = blocking(|| local_servers::testing::TestDatabase::create("control_plane")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &redis.url(), Some(database)).await;
    app.link("first").await;

    redis = blocking(move || {
        redis.stop().unwrap();
        redis
    })
    .await;
    app.link("second").await;

    let redis = blocking(move || {
        redis.restart().unwrap();
        redis
    })
    .await;
    let client = redis::Client::open(redis.url()).unwrap();
    let changes = contract::Keys::new(app.prefix.as_str()).changes();
    eventually("both changes are in Redis", async || {
        let mut connection = client.get_multiplexed_async_connection().await.ok()?;
        let length: usize = redis::AsyncCommands::xlen(&mut connection, &changes)
            .await
            .ok()?;
        (length == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn statistics_away_links_are_still_made_edited_and_listed() {
    let app = App::start_without_statistics().await;
    let link = app.link("blind").await;
    assert_eq!(link["clicks"], 0, "nobody can have followed it yet");
    let edited = app
        .patch_link(&link["id"], json!({ "enabled": false }))
        .await;
    assert_eq!(
        (edited.status, &edited.body["status"]),
        (200, &json!("disabled"))
    );
    assert_eq!(edited.body["clicks"], Value::Null, "unknown is not none");
    assert_eq!(
        app.get("/api/v1/links").await.body["data"],
        json!([edited.body])
    );
    let stats = format!("{}/stats", link_path(&link["id"]));
    assert_eq!(app.get(&stats).await.status, 503);
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_a_whole_link_or_none() {
    let app = App::start().await;
    for number in 0..30 {
        let body =
            json!({ "original_url": "https://example.com/", "code": format!("hang-{number}") });
        let request = app.create_link(body);
        let _ = tokio::time::timeout(Duration::from_micros(200 * number), request).await;
    }
    app.link("last").await;
    // Every link that exists has its change, and the numbers have no gap.
    let consistent = "select (select count(*) from links) = (select count(*) from link_changes)
        and (select max(seq) from link_changes) = (select count(*) from link_changes)
        and not exists (select from links where revision = 0)";
    eventually("links and log agree", async || {
        sqlx::query_scalar::<_, bool>(consistent)
            .fetch_one(&app.pool)
            .await
            .unwrap()
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn stopping_is_clean() {
    let mut app = App::start().await;
    app.link("stop").await;
    app.stop().await.unwrap();
    assert!(
        app.client.get(&app.url).send().await.is_err(),
        "the port is closed"
    );
}
