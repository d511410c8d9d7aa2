//! The seam: delivery works the same through the library we use and through another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::keys::PIPELINE_GROUP;
use contract::{Ack, Block, BlockId, Click, Keys, Method, Partitions, RequestId, Timestamp, block};
use local_servers::testing;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{AsyncCommands, Client, Value};
use secrecy::SecretString;
use service::Lifecycle;
use service::env::SecretUrl;
use spool::{Options, Recorded, SyncPolicy, Writer};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::delivery::Delivery;
use super::redis_transport::RedisTransport;
use super::transport::{Transport, TransportError};
use crate::metrics::Metrics;

/// Clicks of a test: some dozens of blocks.
const CLICKS: u128 = 5_000;

/// The other library.
struct Other {
    connection: MultiplexedConnection,
    keys: Keys,
    appended: Arc<AtomicU64>,
}

impl Other {
    async fn start(url: &str, keys: &Keys) -> (Self, mpsc::Receiver<Ack>) {
        let client = Client::open(url).unwrap();
        let (sender, acks) = mpsc::channel(100);
        let mut subscription = client.get_async_pubsub().await.unwrap();
        subscription.subscribe(keys.ack(0)).await.unwrap();
        tokio::spawn(async move {
            let mut messages = subscription.into_on_message();
            while let Some(message) = futures_util::StreamExt::next(&mut messages).await {
                let ack = Ack::decode(message.get_payload_bytes()).unwrap();
                if sender.send(ack).await.is_err() {
                    return;
                }
            }
        });
        let transport = Self {
            connection: client.get_multiplexed_async_connection().await.unwrap(),
            keys: keys.clone(),
            appended: Arc::default(),
        };
        (transport, acks)
    }
}

impl Transport for Other {
    fn is_up(&self) -> bool {
        true
    }

    fn connections(&self) -> u64 {
        1
    }

    async fn append(&self, block: &Block) -> Result<String, TransportError> {
        // Every third answer is lost.
        let is_lost = self
            .appended
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(3);
        let mut command = redis::cmd("XADD");
        command
            .arg(self.keys.click_events(0))
            .arg(&["NOMKSTREAM", "*"]);
        for (field, value) in block::FIELDS.into_iter().zip(block.to_fields()) {
            command.arg(field).arg(value);
        }
        let mut connection = self.connection.clone();
        let entry: Option<String> = command.query_async(&mut connection).await.unwrap();
        match is_lost {
            true => Err(TransportError::Unknown("the answer was lost".into())),
            false => Ok(entry.unwrap()),
        }
    }

    async fn has(&self, _block: BlockId, entry: &str) -> Result<bool, TransportError> {
        let mut connection = self.connection.clone();
        let stream = self.keys.click_events(0);
        let found: StreamRangeReply = connection.xrange(stream, entry, entry).await.unwrap();
        Ok(!found.ids.is_empty())
    }

    fn close(&self) {}
}

fn click(number: u128) -> Click<'static> {
    Click {
        clicked_at: Timestamp::from_micros(1),
        request_id: RequestId(Uuid::from_u128(number)),
        link_id: None,
        visitor: None,
        method: Method::Get,
        is_prefetch: false,
        is_do_not_track: false,
        is_qr: false,
        variant: 0,
        rule: 0,
        status: 302,
        country: None,
        domain: "localhost",
        code: "abc",
        user_agent: "somebody's browser with a rather long name",
        referrer: "",
        language: "",
        city: "",
        query: "",
    }
}

/// Takes what comes, as the pipeline does, until it has all clicks; returns them.
async fn consume(url: &str, keys: &Keys) -> Vec<u128> {
    let client = Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let stream = keys.click_events(0);
    let mut seen = std::collections::BTreeMap::new();
    while seen.values().map(Vec::len).sum::<usize>() < CLICKS as usize {
        let entries: StreamRangeReply = connection.xrange_all(&stream).await.unwrap();
        let mut blocks = Vec::new();
        for entry in entries.ids {
            let field = |name: &str| match entry.map.get(name) {
                Some(Value::BulkString(bytes)) => Some(bytes.as_slice()),
                _ => None,
            };
            let block = Block::from_fields(field).unwrap();
            let clicks = block.clicks().unwrap();
            let numbers = clicks.iter().map(|it| it.request_id.0.as_u128()).collect();
            seen.insert(block.id, numbers);
            blocks.push(block.id);
            let _: u64 = connection.xdel(&stream, &[&entry.id]).await.unwrap();
        }
        let ack = Ack { blocks }.encode();
        let _: u64 = connection.publish(keys.ack(0), ack).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    seen.into_values().flat_map(|it: Vec<u128>| it).collect()
}

async fn record(spool: Arc<Writer>) {
    for number in 0..CLICKS {
        if spool.needs_spares() {
            spool.make_spares().unwrap();
        }
        assert_eq!(spool.record(&click(number)), Recorded::Kept);
        if number.is_multiple_of(100) {
            tokio::task::yield_now().await;
        }
    }
}

async fn delivers<T: Transport>(url: &str, keys: Keys, transport: T, acks: mpsc::Receiver<Ack>) {
    let client = Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let stream = keys.click_events(0);
    let _: () = connection
        .xgroup_create_mkstream(&stream, PIPELINE_GROUP, "0")
        .await
        .unwrap();

    let folder = tempfile::tempdir().unwrap();
    let (spool, outbox) = spool::open(Options {
        folder: folder.path().to_owned(),
        segment_size: 1 << 18,
        quota: 1 << 26,
        sync: SyncPolicy::Never,
        threads: 2,
        now: || Timestamp::from_micros(1),
    })
    .unwrap();
    let delivery = Delivery::new(
        transport,
        spool.clone(),
        outbox,
        // Fewer than there will be, so that acknowledgements are waited for.
        8,
        Arc::new(Metrics::new()),
    );
    let runtime = Handle::current();
    let delivering = tokio::task::spawn_blocking(move || {
        let deadline = tokio::time::sleep(Duration::from_secs(60));
        runtime.block_on(delivery.run(acks, deadline))
    });
    let (mut seen, ()) = tokio::join!(consume(url, &keys), record(spool.clone()));
    seen.sort_unstable();
    assert_eq!(seen, (0..CLICKS).collect::<Vec<_>>(), "all, once");
    spool.close();
    delivering.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_arrive_through_the_library_we_use() {
    let url = tokio::task::spawn_blocking(testing::redis_url)
        .await
        .unwrap();
    let keys = Keys::new(testing::unique_prefix());
    let lifecycle = Lifecycle::new();
    let secret = SecretUrl(SecretString::from(url.to_owned()));
    let started = RedisTransport::start(&secret, keys.clone(), Partitions::ONE, &lifecycle);
    let (transport, acks) = started.unwrap();
    delivers(url, keys, transport, acks).await;
    lifecycle
        .run_until(async {}, Duration::from_secs(2))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_arrive_through_another_library_that_loses_answers() {
    let url = tokio::task::spawn_blocking(testing::redis_url)
        .await
        .unwrap();
    let keys = Keys::new(testing::unique_prefix());
    let (transport, acks) = Other::start(url, &keys).await;
    delivers(url, keys, transport, acks).await;
}
