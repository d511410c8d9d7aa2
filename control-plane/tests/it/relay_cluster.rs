//! The relay and a Redis Cluster.

use std::collections::{BTreeSet, HashMap};

use contract::keys::record_shard;
use contract::{FeedMessage, Keys, LinkRecord};
use local_servers::RedisCluster;
use local_servers::testing::{TestDatabase, ThrowAway};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde_json::json;
use service::{RedisAddress, RedisNodes};

use crate::harness::{App, blocking, eventually};

/// Its connection to the node that has the key.
async fn redis(app: &App, key: &str) -> MultiplexedConnection {
    let address = RedisAddress::parse(&app.redis_url.as_str().into()).unwrap();
    let nodes = RedisNodes::look(&address).await.unwrap();
    let client = nodes.client_for(key).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn revision(app: &App, key: &str) -> Option<u64> {
    let text: Option<String> = redis(app, key).await.hget(key, "rec").await.unwrap();
    Some(LinkRecord::decode(text?.as_bytes()).unwrap().revision)
}

async fn text(app: &App, key: &str) -> Option<String> {
    redis(app, key).await.get(key).await.unwrap()
}

async fn start() -> (App, ThrowAway<RedisCluster>) {
    let cluster = blocking(|| ThrowAway::redis_cluster().unwrap()).await;
    let database = blocking(|| TestDatabase::create("relay_cluster")).await;
    let url = database.url.clone();
    let app = App::start_on(&url, &cluster.url(), Some(database)).await;
    (app, cluster)
}

#[tokio::test]
async fn records_on_a_node_that_went_back_in_time_are_written_again() {
    let (app, _cluster) = start().await;
    let keys = Keys::new(app.prefix.as_str());
    // Three are on three nodes, or on two; what matters is that each has its own position.
    for code in ["one", "two", "three"] {
        let link = app.link(code).await;
        let record = keys.link("go.example.org", code);
        let position = keys.position(record_shard("go.example.org", code));
        let first = eventually("it is in Redis", async || revision(&app, &record).await).await;
        let noted = async || {
            let text = text(&app, &position).await?;
            let seq: u64 = text.split_once(' ')?.1.parse().unwrap();
            (seq >= first).then_some(text)
        };
        let noted = eventually("its position is noted", noted).await;
        let mut node = redis(&app, &record).await;
        let old: HashMap<String, String> = node.hgetall(&record).await.unwrap();

        app.patch_link(&link["id"], json!({ "enabled": false }))
            .await;
        let edited = async || revision(&app, &record).await.filter(|now| *now > first);
        let edited = eventually("the edit is in Redis", edited).await;
        let further = async || text(&app, &position).await.filter(|now| *now != noted);
        eventually("so is its position", further).await;

        // An old copy: of what is in this slot, all of it.
        let old: Vec<_> = old.into_iter().collect();
        let mut pipe = redis::pipe();
        pipe.atomic()
            .hset_multiple(&record, &old)
            .ignore()
            .set(&position, &noted)
            .ignore();
        let _: () = pipe.query_async(&mut node).await.unwrap();
        let again = async || revision(&app, &record).await.filter(|now| *now == edited);
        eventually("it is up to date again", again).await;
    }
}

#[tokio::test]
async fn a_heartbeat_names_all_nodes_and_the_new_one_in_the_place_of_one_that_was_lost() {
    let (app, mut cluster) = start().await;
    app.link("first").await;
    let keys = Keys::new(app.prefix.as_str());
    let runs = async || {
        let text = text(&app, &keys.heartbeat()).await?;
        match FeedMessage::decode(text.as_bytes()).unwrap() {
            FeedMessage::Heartbeat(heartbeat) if heartbeat.head_seq >= 1 => {
                Some(heartbeat.redis_runs.into_iter().collect::<BTreeSet<_>>())
            }
            _ => None,
        }
    };
    let before = eventually("a heartbeat about the link", runs).await;
    assert_eq!(before.len(), 3, "{before:?}");

    // One that has records, and not the feed.
    let feed = service::redis_slots::slot_of(&keys.changes()) as usize * 3 / 16_384;
    let lost = (feed + 1) % 3;
    let cluster = blocking(move || {
        cluster.node_mut(lost).unwrap().restart().unwrap();
        cluster.wait().unwrap();
        cluster
    })
    .await;
    let changed = async || runs().await.filter(|now| *now != before);
    let after = eventually("another process is named", changed).await;
    assert_eq!(after.len(), 3, "{after:?}");
    assert_eq!(after.intersection(&before).count(), 2, "{after:?}");
    drop(cluster);
}
