use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Keys, SystemClock};
use service::Lifecycle;
use service::env::SecretUrl;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::config::SpoolConfig;
use super::delivery::Delivery;
use super::keeper::keep;
use super::recorder::Recorder;
use super::redis_transport::RedisTransport;
use crate::metrics::Metrics;
use crate::priority::let_visitors_go_first;
use crate::{Error, Result};

/// Where the spool is in the folder for data.
pub(crate) const FOLDER: &str = "spool";

/// What keeping and sending clicks takes.
pub(crate) struct Start<'c> {
    pub(crate) spool: SpoolConfig,
    pub(crate) folder: PathBuf,
    pub(crate) redis_url: &'c SecretUrl,
    pub(crate) keys: Keys,
    pub(crate) metrics: Arc<Metrics>,
    /// How long clicks are sent after the stop begins.
    pub(crate) patience: Duration,
}

impl Start<'_> {
    /// Opens the spool, and starts to send what is in it. Its files are looked after until `served`.
    pub(crate) async fn start(
        self,
        lifecycle: &Lifecycle,
        served: &CancellationToken,
    ) -> Result<Arc<Recorder>> {
        let options = spool::Options {
            folder: self.folder,
            segment_size: self.spool.segment_size,
            quota: self.spool.quota,
            sync: self.spool.sync,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            now: || SystemClock.now(),
        };
        let opening = spawn_blocking(move || {
            std::fs::create_dir_all(&options.folder)?;
            spool::open(options)
        });
        let opened = opening.await.map_err(Error::set_up("the spool"))?;
        let (spool, outbox) = opened.map_err(Error::set_up("the spool"))?;

        let keeping = keep(
            spool.clone(),
            self.spool.sync,
            served.clone().cancelled_owned(),
        );
        lifecycle.spawn("spool", keeping);

        let (transport, acks) =
            RedisTransport::start(self.redis_url, self.keys, self.spool.partitions, lifecycle)?;
        let window = self.spool.window;
        let delivery = Delivery::new(
            transport,
            spool.clone(),
            outbox,
            window,
            self.metrics.clone(),
        );
        let stopping = lifecycle.stopping();
        let deadline = async move {
            stopping.await;
            tokio::time::sleep(self.patience).await;
        };
        // On a thread of its own: it reads from the disk, which may take its time.
        let runtime = Handle::current();
        let delivering = spawn_blocking(move || {
            let_visitors_go_first();
            runtime.block_on(delivery.run(acks, deadline))
        });
        lifecycle.spawn("click delivery", async move {
            delivering.await.map(|Ok(())| ())
        });
        Ok(Arc::new(Recorder {
            spool,
            metrics: self.metrics,
        }))
    }
}
