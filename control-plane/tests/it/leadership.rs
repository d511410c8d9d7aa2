//! Who relays, with the service as a program: what is frozen must be a process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use contract::{FeedMessage, Keys};
use futures_util::StreamExt;
use local_servers::{Signal, TiedChild, free_port, spawn_tied};

use crate::harness::{App, INTERNAL_SECRET, PATIENCE, blocking, eventually};
use crate::relay::{change, log, seqs_when};

const BINARY: &str = env!("CARGO_BIN_EXE_linkpulse-control-plane");

struct Program {
    child: TiedChild,
    admin: String,
}

impl Program {
    /// Another process of the installation, on ports of its own.
    async fn start(app: &App) -> Self {
        let ports = blocking(|| [free_port().unwrap(), free_port().unwrap()]).await;
        let [listen, admin] = ports.map(|port| format!("127.0.0.1:{port}"));
        let mut command = Command::new(BINARY);
        command.env_clear().stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.envs([
            ("DATABASE_URL", app.database_url.as_str()),
            ("REDIS_URL", &app.redis_url),
            ("LINKPULSE_REDIS_KEY_PREFIX", &app.prefix),
            ("LINKPULSE_INTERNAL_SECRET", INTERNAL_SECRET),
            ("LINKPULSE_PUBLIC_URL", "https://go.example.org"),
            ("LINKPULSE_CONTROL_PLANE_LISTEN", &listen),
            ("LINKPULSE_CONTROL_PLANE_ADMIN_LISTEN", &admin),
        ]);
        let child = blocking(move || spawn_tied(command, Signal::KILL).unwrap()).await;
        let program = Self { child, admin };
        eventually("it runs", async || program.metrics(app).await.map(|_| ())).await;
        program
    }

    async fn metrics(&self, app: &App) -> Option<String> {
        let url = format!("http://{}/metrics", self.admin);
        app.client.get(url).send().await.ok()?.text().await.ok()
    }

    async fn leads(&self, app: &App) -> bool {
        let metrics = self.metrics(app).await.unwrap();
        metrics.contains("linkpulse_relay_is_leader 1")
    }
}

#[tokio::test]
async fn a_frozen_leader_is_replaced_and_does_no_harm_when_it_wakes() {
    let mut app = App::start().await;
    let link = app.link("relayed").await;
    seqs_when(&app, 1).await;
    app.stop().await.unwrap();

    let mut first = Program::start(&app).await;
    eventually("the first leads", async || {
        first.leads(&app).await.then_some(())
    })
    .await;
    let second = Program::start(&app).await;
    let client = redis::Client::open(app.redis_url.as_str()).unwrap();
    let mut channel = client.get_async_pubsub().await.unwrap();
    channel
        .subscribe(Keys::new(app.prefix.as_str()).invalidate())
        .await
        .unwrap();

    first.child.signal(Signal::STOP).unwrap();
    let begin = Instant::now();
    change(&app, &link["id"]).await;
    seqs_when(&app, 2).await;
    // Some 4 s where nothing else goes on, and not the minutes until a connection is given up.
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(second.leads(&app).await);
    for _ in 0..20 {
        change(&app, &link["id"]).await;
    }
    assert_eq!(seqs_when(&app, 22).await, (1..=22).collect::<Vec<u64>>());

    first.child.signal(Signal::CONT).unwrap();
    eventually("the first knows that it leads no more", async || {
        (!first.leads(&app).await).then_some(())
    })
    .await;
    for _ in 0..20 {
        change(&app, &link["id"]).await;
    }
    assert_eq!(seqs_when(&app, 42).await, (1..=42).collect::<Vec<u64>>());
    assert!(second.leads(&app).await && !first.leads(&app).await);
    assert_eq!(log(&app).await.len(), 42, "nothing was published anew");

    // Everything that proxies have heard meanwhile, in order.
    let mut head = 0;
    let mut messages = channel.on_message();
    while head < 42 {
        let message = tokio::time::timeout(PATIENCE, messages.next());
        let message = message.await.unwrap().unwrap();
        if let FeedMessage::Heartbeat(heartbeat) =
            FeedMessage::decode(message.get_payload_bytes()).unwrap()
        {
            let next = heartbeat.head_seq;
            assert!(next >= head, "a heartbeat went back from {head} to {next}");
            head = next;
        }
    }
}

#[tokio::test]
async fn a_leader_that_only_waits_for_changes_keeps_its_place() {
    let mut app = App::start().await;
    app.link("quiet").await;
    seqs_when(&app, 1).await;
    let mut second = app.second_instance().await;
    let leader = "select pid from relay_leader";
    let leader = async || -> i32 {
        sqlx::query_scalar(leader)
            .fetch_one(&app.pool)
            .await
            .unwrap()
    };
    // A busy machine may keep a leader silent for too long, but not each time.
    eventually("it still leads", async || {
        let before = leader().await;
        // Longer than a leader may be silent.
        tokio::time::sleep(Duration::from_secs(5)).await;
        (leader().await == before).then_some(())
    })
    .await;
    second.stop().await.unwrap();
    app.stop().await.unwrap();
}
