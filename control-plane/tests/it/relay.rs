use control_plane::audit::{Action, Cause};
use control_plane::db;
use std::time::{Duration, Instant};

use contract::{Change, FeedMessage, Keys, LinkRecord, LinkState, Record};
use futures_util::StreamExt;
use redis::AsyncCommands;
use redis::streams::StreamRangeReply;
use serde_json::json;

use crate::harness::{App, PATIENCE, eventually};

pub async fn redis(app: &App) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

pub async fn log(app: &App) -> Vec<Change> {
    let keys = Keys::new(app.prefix.as_str());
    let entries: StreamRangeReply = redis(app).await.xrange_all(keys.changes()).await.unwrap();
    let change = |entry: &redis::streams::StreamId| {
        let change = Change::decode(entry.get::<String>("change").unwrap().as_bytes()).unwrap();
        assert_eq!(entry.id, format!("{}-0", change.seq));
        change
    };
    entries.ids.iter().map(change).collect()
}

async fn record(app: &App, code: &str) -> Option<LinkRecord> {
    let keys = Keys::new(app.prefix.as_str());
    let key = keys.link("go.example.org", code);
    let text: Option<String> = redis(app).await.hget(key, "rec").await.unwrap();
    text.map(|text| LinkRecord::decode(text.as_bytes()).unwrap())
}

pub async fn seqs_when(app: &App, count: usize) -> Vec<u64> {
    let seqs = async || {
        let seqs: Vec<u64> = log(app).await.iter().map(|change| change.seq).collect();
        (seqs.len() >= count).then_some(seqs)
    };
    eventually("changes are relayed", seqs).await
}

/// One more state of a link, as any control plane would log it.
pub async fn change(app: &App, id: &serde_json::Value) {
    let id: contract::LinkId = id.as_str().unwrap().parse().unwrap();
    let now = contract::Clock::now(&*app.clock).to_datetime().unwrap();
    let mut transaction = control_plane::db::begin(&app.pool).await.unwrap();
    let workspace = db::first_workspace(&mut transaction).await.unwrap();
    let link = db::lock_link(&mut transaction, workspace.unwrap(), id).await;
    let cause = Cause {
        action: Action::Updated,
        actor: "test",
        at: now,
    };
    db::log_change(&mut transaction, &link.unwrap(), &cause)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// One more state of the domain, as any control plane would log it.
async fn change_domain(app: &App) {
    let now = contract::Clock::now(&*app.clock).to_datetime().unwrap();
    let mut transaction = control_plane::db::begin(&app.pool).await.unwrap();
    db::log_domain_change(&mut transaction, "go.example.org", now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn every_change_reaches_record_log_and_channel_in_order() {
    let app = App::start().await;
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    let mut channel = client.get_async_pubsub().await.unwrap();
    channel
        .subscribe(Keys::new(app.prefix.as_str()).invalidate())
        .await
        .unwrap();

    let link = app.link("fed").await;
    app.patch_link(&link["id"], json!({ "enabled": false }))
        .await;
    app.delete_link(&link["id"]).await;

    let mut states = Vec::new();
    let mut messages = channel.on_message();
    while states.len() < 3 {
        let message = tokio::time::timeout(PATIENCE, messages.next())
            .await
            .unwrap()
            .unwrap();
        match FeedMessage::decode(message.get_payload_bytes()).unwrap() {
            FeedMessage::Change(change) => {
                let Record::Link(link) = change.record else {
                    panic!("{change:?}");
                };
                states.push((change.seq, link.state));
            }
            FeedMessage::Heartbeat(heartbeat) => {
                let published = states.last().map_or(0, |(seq, _)| *seq);
                assert_eq!(
                    heartbeat.head_seq, published,
                    "a heartbeat never announces what was not sent"
                );
            }
        }
    }
    assert_eq!(
        states,
        [
            (1, LinkState::Active),
            (2, LinkState::Disabled),
            (3, LinkState::Deleted)
        ]
    );
    assert_eq!(seqs_when(&app, 3).await, [1, 2, 3]);
    let record = record(&app, "fed").await.unwrap();
    assert_eq!(
        (record.revision, record.state),
        (3, LinkState::Deleted),
        "a tombstone stays"
    );
}

#[tokio::test]
async fn concurrent_writers_leave_no_gap() {
    let app = App::start().await;
    let numbers = futures_util::stream::iter(0..40);
    numbers
        .for_each_concurrent(8, async |number| {
            drop(app.link(&format!("many-{number}")).await)
        })
        .await;
    assert_eq!(seqs_when(&app, 40).await, (1..=40).collect::<Vec<u64>>());
}

#[tokio::test]
async fn an_emptied_redis_is_filled_again() {
    let app = App::start().await;
    for code in ["one", "two", "three"] {
        app.link(code).await;
    }
    seqs_when(&app, 3).await;
    let keys = Keys::new(app.prefix.as_str());
    let link = keys.link("go.example.org", "two");
    let _: () = redis(&app)
        .await
        .del(&[keys.changes(), keys.epoch(), link])
        .await
        .unwrap();
    assert_eq!(seqs_when(&app, 3).await, [1, 2, 3]);
    eventually("the record is back", async || record(&app, "two").await).await;
}

#[tokio::test]
async fn a_redis_with_another_history_is_corrected() {
    let app = App::start().await;
    let link = app.link("mine").await;
    seqs_when(&app, 1).await;
    // As if this Redis had served a database that is gone: higher numbers, other content.
    let keys = Keys::new(app.prefix.as_str());
    let stale = LinkRecord {
        revision: 900,
        ..record(&app, "mine").await.unwrap()
    };
    let link_key = keys.link("go.example.org", "mine");
    let mut pipe = redis::pipe();
    pipe.set(keys.epoch(), "another")
        .hset_multiple(
            link_key,
            &[
                ("epoch", "another"),
                ("rev", "900"),
                ("rec", &stale.encode()),
            ],
        )
        .cmd("XADD")
        .arg(keys.changes())
        .arg("900-0")
        .arg("change")
        .arg("x");
    let _: () = pipe.query_async(&mut redis(&app).await).await.unwrap();

    app.patch_link(&link["id"], json!({ "title": "edited" }))
        .await;
    let corrected = async || {
        record(&app, "mine")
            .await
            .filter(|record| record.revision == 2)
    };
    eventually("the record is ours again", corrected).await;
    assert_eq!(seqs_when(&app, 2).await, [1, 2]);
}

#[tokio::test]
async fn a_second_relay_waits_and_takes_over() {
    let mut first = App::start().await;
    let link = first.link("before").await;
    seqs_when(&first, 1).await;
    let mut second = first.second_instance().await;
    first.stop().await.unwrap();

    // The first serves no more, so the change goes into the log as another process would put it.
    let begin = Instant::now();
    change(&first, &link["id"]).await;
    assert_eq!(seqs_when(&first, 2).await, [1, 2]);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_heartbeat_vouches_for_the_redis_that_has_everything() {
    let app = App::start().await;
    app.link("first").await;
    let keys = Keys::new(app.prefix.as_str());
    let info: redis::InfoDict = redis::cmd("INFO")
        .query_async(&mut redis(&app).await)
        .await
        .unwrap();
    let run_id: String = info.get("run_id").unwrap();
    let stored = async || {
        let text: Option<String> = redis(&app).await.get(keys.heartbeat()).await.unwrap();
        match FeedMessage::decode(text?.as_bytes()).unwrap() {
            FeedMessage::Heartbeat(heartbeat) => Some(heartbeat),
            FeedMessage::Change(_) => None,
        }
    };
    let first = eventually("a heartbeat about the link", async || {
        stored().await.filter(|heartbeat| heartbeat.head_seq == 1)
    })
    .await;
    assert_eq!(first.redis_runs, [run_id]);
    let next = async || {
        let heartbeat = stored().await?;
        (heartbeat.database_time > first.database_time).then_some(heartbeat)
    };
    assert_eq!(eventually("another one", next).await.epoch, first.epoch);
    assert_eq!(log(&app).await[0].epoch, Some(first.epoch));
}

#[tokio::test]
async fn while_redis_is_filled_again_it_never_holds_a_state_that_was_left_behind() {
    let app = App::start().await;
    let link = app.link("busy").await;
    sqlx::query(
        "insert into domains (domain, workspace_id, created_at, updated_at, revision)
         select 'go.example.org', id, now(), now(), 0 from workspaces",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    for _ in 0..75 {
        change(&app, &link["id"]).await;
        change_domain(&app).await;
    }
    seqs_when(&app, 151).await;
    let keys = Keys::new(app.prefix.as_str());
    let link = keys.link("go.example.org", "busy");
    let domain = keys.link("go.example.org", "");
    for _ in 0..3 {
        let emptied = [keys.changes(), keys.epoch(), keys.heartbeat()];
        let emptied = emptied.iter().chain([&link, &domain]);
        let mut connection = redis(&app).await;
        let _: () = connection.del(emptied.collect::<Vec<_>>()).await.unwrap();
        let begin = Instant::now();
        loop {
            assert!(begin.elapsed() < PATIENCE, "it is not filled again");
            let mut pipe = redis::pipe();
            pipe.hget(&link, "rev")
                .hget(&domain, "rev")
                .xlen(keys.changes());
            let (link, domain, length): (Option<u64>, Option<u64>, u64) =
                pipe.query_async(&mut connection).await.unwrap();
            assert!(link.is_none_or(|revision| revision == 150), "{link:?}");
            assert!(domain.is_none_or(|revision| revision == 151), "{domain:?}");
            if length == 151 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn emptied_in_the_middle_of_an_edit_the_log_gets_all_of_them_again() {
    let app = App::start().await;
    let link = app.link("busy").await;
    let keys = Keys::new(app.prefix.as_str());
    let emptied = [keys.changes(), keys.epoch(), keys.heartbeat()];
    let mut connection = redis(&app).await;
    for number in 2..=25 {
        change(&app, &link["id"]).await;
        // Anywhere between the relay's look at the log and its write.
        tokio::time::sleep(Duration::from_micros(number * 500)).await;
        let _: () = connection.del(&emptied).await.unwrap();
        let all: Vec<u64> = (1..=number).collect();
        let seqs = async || {
            let seqs: Vec<u64> = log(&app).await.iter().map(|change| change.seq).collect();
            (seqs == all).then_some(())
        };
        eventually("the log is whole", seqs).await;
    }
}

#[tokio::test]
async fn a_database_that_lost_changes_begins_a_new_history() {
    let mut app = App::start().await;
    for code in ["kept", "lost"] {
        app.link(code).await;
    }
    seqs_when(&app, 2).await;
    let epoch = log(&app).await[1].epoch;
    app.stop().await.unwrap();
    // As a copy of the database would be that was made before the second change.
    for statement in [
        "delete from link_changes where seq = 2",
        "delete from links where code = 'lost'",
        "update link_changes_head set seq = 1",
    ] {
        sqlx::query(statement).execute(&app.pool).await.unwrap();
    }
    let mut restored = app.second_instance().await;
    let renamed = async || {
        let log = log(&app).await;
        let [only] = log.as_slice() else { return None };
        (only.epoch != epoch).then_some(())
    };
    eventually("the log is that of the new history", renamed).await;
    restored.stop().await.unwrap();
}
