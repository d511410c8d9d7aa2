//! Everything on a Redis Cluster of three nodes, each of which is lost once.

use std::time::Duration;

use contract::Keys;
use local_servers::RedisCluster;
use local_servers::testing::{TestDatabase, ThrowAway};
use reqwest::Method;
use serde_json::json;
use service::{RedisAddress, RedisNodes};
use sqlx::{Connection, PgConnection};

use crate::harness::{Place, eventually};
use crate::web::Web;

/// Links that are made while all nodes are there, and followed when one is not. On average more
/// than two of them have their records on it.
const LINKS: usize = 8;

#[test]
fn each_of_three_nodes_may_come_back_empty_and_no_link_is_stale_and_no_click_lost() {
    let database = TestDatabase::create("cluster");
    let mut cluster = ThrowAway::redis_cluster().unwrap();
    let place = Place::new()
        .with("DATABASE_URL", database.url.clone())
        .with("REDIS_URL", cluster.url())
        .with("LINKPULSE_CLICK_PARTITIONS", "4");
    let up = place.up();
    let mut system = System {
        web: Web::new(place.url("")),
        key: word_with(&up.output(), "lp_live_"),
        followed: 0,
        database,
    };
    // The start has followed a link of its own.
    let begun_with = system.counted();

    for node in 0..cluster.nodes().len() {
        let code = |number: usize| format!("n{node}-{number}");
        let links: Vec<String> = (0..LINKS)
            .map(|number| system.create(&code(number)))
            .collect();
        system.follow(&code(0), &target(&code(0)));
        system.edit(&links[0], "https://example.com/edited");
        system.becomes(&code(0), "https://example.com/edited");

        cluster.node_mut(node).unwrap().stop().unwrap();
        for number in 1..4 {
            system.follow(&code(number), &target(&code(number)));
        }
        for number in [0, 4] {
            system.edit(&links[number], "https://example.com/meanwhile");
            system.becomes(&code(number), "https://example.com/meanwhile");
        }

        cluster.node_mut(node).unwrap().restart().unwrap();
        cluster.wait().unwrap();
        for number in [0, 4] {
            system.follow(&code(number), "https://example.com/meanwhile");
        }
        for number in 5..LINKS {
            system.follow(&code(number), &target(&code(number)));
        }
        eventually("every record is in Redis again", || {
            (0..=node).all(|node| {
                (0..LINKS).all(|number| has_record(&cluster, &format!("n{node}-{number}")))
            })
        });
        eventually("every click is counted", || {
            system.counted() - begun_with >= system.followed
        });
        assert_eq!(system.counted() - begun_with, system.followed);
    }
    let code = "afterwards";
    let link = system.create(code);
    system.follow(code, &target(code));
    system.edit(&link, "https://example.com/edited");
    system.becomes(code, "https://example.com/edited");
}

struct System {
    web: Web,
    key: String,
    /// Redirects that were answered.
    followed: i64,
    database: TestDatabase,
}

impl System {
    /// Makes a link to its [`target`]; returns its path in the API.
    fn create(&self, code: &str) -> String {
        let body = json!({ "original_url": target(code), "code": code });
        let link = self
            .web
            .api(Method::POST, "/api/v1/links", &self.key, Some(body));
        format!("/api/v1/links/{}", link["id"].as_str().unwrap())
    }

    fn edit(&self, link: &str, url: &str) {
        let body = json!({ "original_url": url });
        self.web.api(Method::PATCH, link, &self.key, Some(body));
    }

    fn location(&mut self, code: &str) -> String {
        let answer = self.web.get(&format!("/{code}"), "");
        assert_eq!(answer.status, 302, "{code}: {}", answer.body);
        self.followed += 1;
        answer.header("location").to_owned()
    }

    /// It leads there, at once.
    fn follow(&mut self, code: &str, url: &str) {
        assert_eq!(self.location(code), url, "{code}");
    }

    /// It leads there soon, and stays so.
    fn becomes(&mut self, code: &str, url: &str) {
        eventually("an edit takes effect", || self.location(code) == url);
        std::thread::sleep(Duration::from_millis(100));
        self.follow(code, url);
    }

    /// Clicks in the database.
    fn counted(&self) -> i64 {
        block_on(async {
            let mut connection = PgConnection::connect(&self.database.url).await.unwrap();
            sqlx::query_scalar("select count(*) from clicks")
                .fetch_one(&mut connection)
                .await
                .unwrap()
        })
    }
}

/// Where a link leads at first.
fn target(code: &str) -> String {
    format!("https://example.com/{code}")
}

fn has_record(cluster: &RedisCluster, code: &str) -> bool {
    let key = Keys::new("lp").link("localhost", code);
    block_on(async {
        let address = RedisAddress::parse(&cluster.url().into()).unwrap();
        let client = RedisNodes::look(&address).await.unwrap().client_for(&key);
        let connecting = client.unwrap();
        let connection = connecting.get_multiplexed_async_connection().await;
        let mut exists = redis::cmd("EXISTS");
        exists
            .arg(key)
            .query_async(&mut connection.unwrap())
            .await
            .unwrap()
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// The first word that begins so.
fn word_with(text: &str, start: &str) -> String {
    let mut words = text.split_whitespace();
    words.find(|word| word.starts_with(start)).unwrap().into()
}
