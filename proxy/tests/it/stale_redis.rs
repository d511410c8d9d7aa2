//! Redis comes back with old data, or with none.

use std::path::Path;
use std::time::{Duration, Instant};

use local_servers::testing::ThrowAwayDir;
use local_servers::{RedisOptions, RedisServer, free_port, random_password};

use crate::harness::{PATIENCE, Proxy, eventually, link};
use crate::redis::Voice;

/// A Redis that keeps its data, and the folder they are in.
struct Durable {
    server: RedisServer,
    dir: ThrowAwayDir,
}

impl Durable {
    async fn start() -> Self {
        let start = || {
            let dir = ThrowAwayDir::create().unwrap();
            let server = RedisServer::start(RedisOptions {
                dir: dir.path().join("redis"),
                port: free_port().unwrap(),
                password: random_password(),
                durable: true,
                users: Vec::new(),
                program: None,
            });
            Self {
                server: server.unwrap(),
                dir,
            }
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// Restarts with the same data, of which a copy is kept.
    async fn copied(self) -> Self {
        self.restarted(copy_dir).await
    }

    /// Restarts with the copy.
    async fn restored(self) -> Self {
        self.restarted(|data, copy| {
            std::fs::remove_dir_all(data).unwrap();
            copy_dir(copy, data);
        })
        .await
    }

    async fn restarted(mut self, between: impl FnOnce(&Path, &Path) + Send + 'static) -> Self {
        let restart = move || {
            self.server.stop().unwrap();
            let data = self.dir.path().join("redis/appendonlydir");
            between(&data, &self.dir.path().join("copy"));
            self.server.restart().unwrap();
            self
        };
        tokio::task::spawn_blocking(restart).await.unwrap()
    }
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_with_older_data_fills_nothing_until_the_relay_has_caught_up() {
    let redis = Durable::start().await;
    let url = redis.server.url();
    let proxy = Proxy::with_redis(&url, &url).await;
    proxy
        .relay
        .publish(&link("abc", 1, "https://example.com/old"))
        .await;
    let redis = redis.copied().await;
    let edit = link("abc", 2, "https://example.com/new");
    proxy.relay.publish(&edit).await;
    proxy.control_plane.knows(&edit);
    // Who starts now begins behind the edit, and does not read it from the log.
    let beats = proxy.relay.beats();
    eventually("a heartbeat tells of the edit", async || {
        proxy.relay.beats() >= beats + 2
    })
    .await;

    // Proxies that do not have the link in memory: one that lives through it, one that starts then.
    let survivor = Proxy::beside(&proxy, &url).await;
    survivor.control_plane.knows(&edit);
    survivor.is_ready().await;
    proxy.relay.speak(Voice::Silent).await;
    let redis = redis.restored().await;
    let starter = Proxy::beside(&proxy, &url).await;
    starter.control_plane.knows(&edit);
    starter.control_plane.has_log(1, &[]);
    for proxy in [&survivor, &starter] {
        // So that it has a connection to this Redis, and could ask it.
        eventually("Redis is reachable again", async || {
            proxy.status("/abc").await == 302 && proxy.relay.is_up().await
        })
        .await;
        assert_eq!(proxy.target("abc").await, "https://example.com/new");
        assert!(proxy.control_plane.was_asked_for("abc"));
    }

    proxy.relay.store(&edit).await;
    proxy.relay.log(&edit).await;
    proxy.relay.speak(Voice::Vouching).await;
    let mut number = 0;
    let mut is_believed = async || {
        number += 1;
        let unknown = link(
            &format!("only-redis-{number}"),
            2,
            "https://example.com/redis",
        );
        proxy.relay.store(&unknown).await;
        survivor.status(&format!("/only-redis-{number}")).await == 302
    };
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if is_believed().await {
            drop(redis);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Redis is never believed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_emptied_redis_lacks_comes_from_the_control_plane_and_voids_nothing() {
    let redis = Durable::start().await;
    let url = redis.server.url();
    let proxy = Proxy::with_redis(&url, &url).await;
    proxy.is_ready().await;
    let kept = link("kept", 1, "https://example.com/kept");
    let edits = [2, 3, 4].map(|revision| {
        let target = format!("https://example.com/{revision}");
        link("abc", revision, &target)
    });
    proxy.relay.publish(&kept).await;
    proxy.relay.publish(&edits[0]).await;
    let leads_to = async |target: &str| {
        eventually(target, async || proxy.target("abc").await == target).await;
    };
    leads_to("https://example.com/2").await;

    // Two edits are made, Redis is emptied, and only the second is in it afterwards.
    proxy.control_plane.has_log(
        1,
        &[kept, edits[0].clone(), edits[1].clone(), edits[2].clone()],
    );
    proxy.relay.speak(Voice::Silent).await;
    proxy.relay.empty_redis().await;
    proxy.relay.log(&edits[2]).await;
    proxy.relay.set_head(4);
    proxy.relay.speak(Voice::Vouching).await;
    leads_to("https://example.com/4").await;
    assert_eq!(proxy.target("kept").await, "https://example.com/kept");
    assert!(
        !proxy.control_plane.was_asked_for("kept"),
        "still in memory"
    );

    let later = link("abc", 5, "https://example.com/5");
    proxy.relay.publish(&later).await;
    leads_to("https://example.com/5").await;
    assert!(!proxy.control_plane.was_asked_for("kept"));
}
