//! Logs and metrics.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Bounds of every histogram that ends in `_seconds`: 100 µs to 10 s.
const SECONDS_BUCKETS: [f64; 12] = [
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// Sends logs to standard output, one JSON object a line, filtered by `filter` (a level or
/// `target=level` pairs). Control characters inside values are escaped, so a visitor cannot forge
/// a line.
pub fn init_logs(filter: &str) {
    // An error means that a subscriber exists already, in a process that runs several services.
    let _ = lines(filter, std::io::stdout).try_init();
}

/// What writes the lines.
fn lines<W>(filter: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

/// The process's metrics. The first call installs the recorder.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(
            metrics_exporter_prometheus::Matcher::Suffix("_seconds".into()),
            &SECONDS_BUCKETS,
        );
        let recorder = match builder {
            Ok(builder) => builder.build_recorder(),
            Err(error) => {
                tracing::error!(%error, "histograms will be summaries");
                PrometheusBuilder::new().build_recorder()
            }
        };
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("another metrics recorder is installed: ours will stay empty");
        }
        handle
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_writes_a_line_of_their_own() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = lines("info", move || writer.clone());
        let forged = [
            "a\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
            "a\n\u{85}\u{2028}\u{2029}\u{b}\u{c}\0\u{1b}[2K\"}\n{",
        ];
        tracing::subscriber::with_default(subscriber, || {
            for text in forged {
                let span = tracing::info_span!("request", user_agent = text, path = ?text);
                let _inside = span.enter();
                tracing::info!(user_agent = text, header = %text, error = ?text, "said: {text}");
            }
        });
        let bytes = written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.matches('\n').count(), forged.len(), "{text}");
        let is_raw = |letter: char| letter < ' ' && letter != '\n';
        assert!(!text.contains(is_raw), "{text:?}");
        for (line, forged) in text.lines().zip(forged) {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["level"], "INFO");
            assert_eq!(line["user_agent"], forged);
            assert_eq!(line["header"], forged);
            assert_eq!(line["message"], format!("said: {forged}"));
            assert_eq!(line["span"]["user_agent"], forged);
        }
    }
}
