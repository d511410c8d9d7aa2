//! Everything on a Redis Cluster of three nodes, each of which is lost once.

use std::time::Duration;

use contract::Keys;
use local_servers::RedisCluster;
use local_servers::testing::{TestDatabase, ThrowAway};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use service::{RedisAddress, RedisNodes};
use sqlx::{Connection, PgConnection};

use crate::harness::{Place, eventually};
use crate::processes::Family;
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

    // Nobody has followed these yet, and the control plane cannot be asked: all nodes are believed.
    let cold: Vec<String> = (0..2 * LINKS)
        .map(|number| format!("cold-{number}"))
        .collect();
    for code in &cold {
        system.create(code);
    }
    eventually("their records are in Redis", || {
        cold.iter().all(|code| has_record(&cluster, code))
    });
    // The second from now is about all of them, and so was the first, which proxies have heard.
    for _ in 0..2 {
        let before = heartbeat(&cluster);
        eventually("a heartbeat", || heartbeat(&cluster) != before);
    }
    let control_plane = Family::of(up.pid()).find("linkpulse-control-plane");
    let control_plane = Pid::from_raw(control_plane.cast_signed()).unwrap();
    kill_process(control_plane, Signal::STOP).unwrap();
    for code in &cold {
        system.follow(code, &target(code));
    }
    kill_process(control_plane, Signal::CONT).unwrap();
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
    ask(cluster, "EXISTS", &Keys::new("lp").link("localhost", code))
}

fn heartbeat(cluster: &RedisCluster) -> Option<String> {
    ask(cluster, "GET", &Keys::new("lp").heartbeat())
}

/// Asks the node that has the key.
fn ask<T: redis::FromRedisValue>(cluster: &RedisCluster, command: &str, key: &str) -> T {
    block_on(async {
        let address = RedisAddress::parse(&cluster.url().into()).unwrap();
        let client = RedisNodes::look(&address).await.unwrap().client_for(key);
        let connecting = client.unwrap();
        let connection = connecting.get_multiplexed_async_connection().await;
        redis::cmd(command)
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
