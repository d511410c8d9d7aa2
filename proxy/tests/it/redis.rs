//! The test's own view of Redis: it plays the relay, and reads what the proxy has sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use contract::keys::{CAP_BASE, PIPELINE_GROUP};
use contract::{
    Ack, Block, BlockId, Change, Count, FeedMessage, Heartbeat, Keys, LinkId, LinkRecord, Record,
    Timestamp,
};
use fred::clients::Client;
use fred::interfaces::{
    ClientLike, HashesInterface, KeysInterface, LuaInterface, PubsubInterface, StreamsInterface,
};
use fred::types::config::{Config, ReconnectPolicy};
use fred::types::{Builder, InfoKind, Value};
use local_servers::RedisServer;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

pub(crate) struct Relay {
    pub(crate) url: String,
    client: Client,
    keys: Keys,
    head: Arc<AtomicU64>,
    epoch: Arc<AtomicU64>,
    beats: Arc<AtomicU64>,
    voice: Arc<AtomicU8>,
    /// Held for each heartbeat.
    turn: Arc<tokio::sync::Mutex<()>>,
    heartbeats: tokio::task::JoinHandle<()>,
}

/// What the stand-in for the relay says by itself.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Voice {
    /// Heartbeats, written and announced, that vouch for the Redis they are in.
    Vouching,
    /// Written, but not announced: the channel loses them.
    Whispering,
    /// None: the relay is dead or frozen.
    Silent,
}

impl Relay {
    /// Sends a heartbeat every 100 ms, so that the proxy never acts on mere silence.
    pub(crate) async fn start(url: &str, keys: Keys) -> Self {
        let mut config = Config::from_url(url).unwrap();
        config.fail_fast = false;
        let client = Builder::from_config(config)
            .with_performance_config(|performance| {
                performance.default_command_timeout = Duration::from_secs(10);
            })
            .set_policy(ReconnectPolicy::new_constant(0, 50))
            .build()
            .unwrap();
        client.connect();
        let head = Arc::new(AtomicU64::new(0));
        let epoch = Arc::new(AtomicU64::new(1));
        let beats = Arc::new(AtomicU64::new(0));
        let voice = Arc::new(AtomicU8::new(Voice::Vouching as u8));
        let turn = Arc::<tokio::sync::Mutex<()>>::default();
        let heartbeats = {
            let (client, keys) = (client.clone(), keys.clone());
            let (head, epoch, beats) = (head.clone(), epoch.clone(), beats.clone());
            let (voice, turn) = (voice.clone(), turn.clone());
            tokio::spawn(async move {
                loop {
                    // As the pipeline does, so that there is a stream.
                    let _: Result<(), _> = client
                        .xgroup_create(keys.click_events(0), PIPELINE_GROUP, "0", true)
                        .await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    let _turn = turn.lock().await;
                    let voice = voice.load(Ordering::SeqCst);
                    if voice == Voice::Silent as u8 {
                        continue;
                    }
                    let info: Result<String, _> = client.info(Some(InfoKind::Server)).await;
                    let beat = beats.fetch_add(1, Ordering::SeqCst);
                    let message = FeedMessage::Heartbeat(Heartbeat {
                        head_seq: head.load(Ordering::SeqCst),
                        epoch: Uuid::from_u128(epoch.load(Ordering::SeqCst).into()),
                        database_time: Timestamp::from_micros(beat as i64),
                        redis_runs: info.iter().map(|info| run_id(info)).collect(),
                    });
                    let text = message.encode();
                    let _: Result<(), _> = client
                        .set(keys.heartbeat(), text.as_str(), None, None, false)
                        .await;
                    if voice == Voice::Vouching as u8 {
                        let _: Result<i64, _> = client.publish(keys.invalidate(), text).await;
                    }
                }
            })
        };
        Self {
            url: url.to_owned(),
            client,
            keys,
            head,
            epoch,
            beats,
            voice,
            turn,
            heartbeats,
        }
    }

    /// All three steps of a change; its `seq` is the record's revision.
    pub(crate) async fn publish(&self, record: &(impl Clone + Into<Record>)) {
        let record: Record = record.clone().into();
        self.store(&record).await;
        self.log(&record).await;
        self.announce(&record).await;
        self.head.store(record.revision(), Ordering::SeqCst);
    }

    /// Step 1 alone: the record.
    pub(crate) async fn store(&self, record: &(impl Clone + Into<Record>)) {
        let record: Record = record.clone().into();
        let name = self.keys.link(record.domain(), record.code());
        let fields = [
            ("epoch", self.epoch().to_string()),
            ("rev", record.revision().to_string()),
            ("rec", record.encode()),
        ];
        let _: i64 = self.client.hset(name, HashMap::from(fields)).await.unwrap();
    }

    /// What the control plane does for a link with a click cap.
    pub(crate) async fn begin_cap(&self, link: LinkId, set_after: u64, visits: i64) {
        const BEGIN: &str = "
            local count = tonumber(redis.call('GET', KEYS[1]) or '0')
            if count < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[2]) end";
        let name = self.keys.click_cap(link, set_after);
        let arguments = vec![CAP_BASE, CAP_BASE + visits];
        let _: Value = self.client.eval(BEGIN, name, arguments).await.unwrap();
    }

    /// Takes the record away.
    pub(crate) async fn forget(&self, record: &LinkRecord) {
        let name = self.keys.link(&record.domain, &record.code);
        let _: i64 = self.client.del(name).await.unwrap();
    }

    /// Step 2 alone: the log.
    pub(crate) async fn log(&self, record: &(impl Clone + Into<Record>)) {
        let record: Record = record.clone().into();
        let id = format!("{}-0", record.revision());
        let change = change(record).encode();
        let name = self.keys.changes();
        let _: String = self
            .client
            .xadd(name, false, None, id, vec![("change", change)])
            .await
            .unwrap();
    }

    /// Step 3 alone: the message.
    pub(crate) async fn announce(&self, record: &(impl Clone + Into<Record>)) {
        let record: Record = record.clone().into();
        let message = FeedMessage::Change(change(record)).encode();
        let _: i64 = self
            .client
            .publish(self.keys.invalidate(), message)
            .await
            .unwrap();
    }

    /// What the heartbeats say from now on.
    pub(crate) fn set_head(&self, head: u64) {
        self.head.store(head, Ordering::SeqCst);
    }

    /// Heartbeats sent so far.
    pub(crate) fn beats(&self) -> u64 {
        self.beats.load(Ordering::SeqCst)
    }

    /// What it says by itself from now on: a heartbeat that is under way is over when this returns.
    pub(crate) async fn speak(&self, voice: Voice) {
        self.voice.store(voice as u8, Ordering::SeqCst);
        drop(self.turn.lock().await);
    }

    fn epoch(&self) -> Uuid {
        Uuid::from_u128(self.epoch.load(Ordering::SeqCst).into())
    }

    /// Whether Redis answers.
    pub(crate) async fn is_up(&self) -> bool {
        self.client.ping::<String>(None).await.is_ok()
    }

    /// Removes everything.
    pub(crate) async fn empty_redis(&self) {
        let _: () = self.client.flushall(false).await.unwrap();
    }

    /// The database was replaced.
    pub(crate) fn set_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::SeqCst);
    }

    /// Cuts the log, as if the proxy had been away for too long.
    pub(crate) async fn trim_log(&self) {
        let _: i64 = self
            .client
            .xtrim(self.keys.changes(), ("MAXLEN", "=", 0))
            .await
            .unwrap();
    }

    /// Blocks in the click stream, in order, duplicates included.
    pub(crate) async fn blocks(&self) -> Vec<Block> {
        let entries = self.entries().await.into_iter();
        entries.map(|(_, block)| block).collect()
    }

    async fn entries(&self) -> Vec<(String, Block)> {
        let stream = self.keys.click_events(0);
        let entries: Result<Vec<(String, HashMap<String, Bytes>)>, _> =
            self.client.xrange_values(stream, "-", "+", None).await;
        let block = |(id, fields): (String, HashMap<String, Bytes>)| {
            let block = Block::from_fields(|name| fields.get(name).map(|bytes| &bytes[..]));
            (id, block.unwrap())
        };
        entries.unwrap_or_default().into_iter().map(block).collect()
    }

    /// Takes blocks out of the stream and says that they are committed, as the pipeline does. What
    /// has come since they were read stays.
    pub(crate) async fn commit(&self, blocks: &[Block]) {
        let mut entries = self.entries().await;
        entries.retain(|(_, block)| blocks.iter().any(|other| other.id == block.id));
        let ids: Vec<String> = entries.into_iter().map(|(id, _)| id).collect();
        if !ids.is_empty() {
            let stream = self.keys.click_events(0);
            let _: i64 = self.client.xdel(stream, ids).await.unwrap();
        }
        let blocks = blocks.iter().map(|block| block.id).collect();
        let _: i64 = self
            .client
            .publish(self.keys.ack(0), Ack { blocks }.encode().as_slice())
            .await
            .unwrap();
    }

    /// Takes everything out of the stream without telling anybody.
    pub(crate) async fn lose_clicks(&self) {
        let _: i64 = self
            .client
            .xtrim(self.keys.click_events(0), ("MAXLEN", "=", 0))
            .await
            .unwrap();
    }

    /// Clicks in the click stream, each block counted once, as the pipeline does.
    pub(crate) async fn clicks(&self) -> usize {
        kept(&self.blocks().await) as usize
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.heartbeats.abort();
    }
}

/// Clicks in these blocks. One may have been sent again.
pub(crate) fn kept(blocks: &[Block]) -> u64 {
    let by_id = blocks
        .iter()
        .map(|block| (block.id, block.clicks().unwrap().len()));
    by_id
        .collect::<HashMap<BlockId, usize>>()
        .into_values()
        .sum::<usize>() as u64
}

/// Clicks of which only their link's number is in these blocks. One may have been sent again.
pub(crate) fn tallied(blocks: &[Block]) -> u64 {
    let by_id: HashMap<BlockId, &Block> = blocks.iter().map(|block| (block.id, block)).collect();
    let counts = by_id.values().flat_map(|block| block.counts().unwrap());
    let numbers = counts.map(|count| match count {
        Count::Tally(tally) => u64::from(tally.clicks + tally.other_hits),
        Count::Gap(gap) => panic!("{gap:?}"),
    });
    numbers.sum()
}

fn run_id(info: &str) -> String {
    let mut lines = info.lines();
    let run_id = lines.find_map(|line| line.trim_end().strip_prefix("run_id:"));
    run_id.unwrap().to_owned()
}

fn change(record: Record) -> Change {
    Change {
        seq: record.revision(),
        epoch: None,
        record,
    }
}

/// Stops a server's process without ending it: connections stay open, and nobody answers.
pub(crate) fn freeze(pid: u32) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::STOP).unwrap();
}

/// Lets it go on.
pub(crate) fn thaw(pid: u32) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::CONT).unwrap();
}

/// A wire to Redis that loses things.
pub(crate) struct LossyWire {
    pub(crate) port: u16,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    loses_xadd_reply: AtomicBool,
    is_muted: AtomicBool,
    subscriptions: AtomicU64,
}

impl LossyWire {
    pub(crate) async fn to(redis_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let faults = Arc::new(Faults::default());
        let shared = faults.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", redis_port)).await.unwrap();
                tokio::spawn(carry(client, server, shared.clone()));
            }
        });
        Self { port, faults }
    }

    /// The address of that Redis by this wire.
    pub(crate) fn url(&self, redis: &RedisServer) -> String {
        redis
            .url()
            .replace(&redis.port().to_string(), &self.port.to_string())
    }

    /// Loses the reply to the next XADD, and the connection with it.
    pub(crate) fn lose_next_reply(&self) {
        self.faults.loses_xadd_reply.store(true, Ordering::SeqCst);
    }

    /// Whether it was lost.
    pub(crate) fn has_lost(&self) -> bool {
        !self.faults.loses_xadd_reply.load(Ordering::SeqCst)
    }

    /// From now on the first connection that follows changes carries nothing, and stays open.
    pub(crate) fn mute_subscription(&self) {
        self.faults.is_muted.store(true, Ordering::SeqCst);
    }

    /// Connections that subscribed to changes.
    pub(crate) fn subscriptions(&self) -> u64 {
        self.faults.subscriptions.load(Ordering::SeqCst)
    }
}

async fn carry(client: TcpStream, server: TcpStream, faults: Arc<Faults>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut request, mut reply) = (vec![0; 65_536], vec![0; 65_536]);
    let mut is_losing = false;
    let mut subscription = None;
    loop {
        tokio::select! {
            read = from_client.read(&mut request) => {
                let Ok(read @ 1..) = read else { return };
                let has = |word: &[u8]| request[..read].windows(word.len()).any(|part| part == word);
                is_losing |= has(b"XADD") && faults.loses_xadd_reply.load(Ordering::SeqCst);
                if subscription.is_none() && has(b"SUBSCRIBE") && has(b":invalidate") {
                    subscription = Some(faults.subscriptions.fetch_add(1, Ordering::SeqCst));
                }
                if to_server.write_all(&request[..read]).await.is_err() { return };
            }
            read = from_server.read(&mut reply) => {
                let Ok(read @ 1..) = read else { return };
                if is_losing {
                    faults.loses_xadd_reply.store(false, Ordering::SeqCst);
                    return;
                }
                let is_muted = subscription == Some(0) && faults.is_muted.load(Ordering::SeqCst);
                if !is_muted && to_client.write_all(&reply[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
