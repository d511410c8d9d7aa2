//! Names of the metrics. Counters are raised per batch, gauges once a second.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};

/// Blocks written by this worker.
pub(crate) const BLOCKS_INGESTED: &str = "linkpulse_blocks_ingested_total";
/// Blocks that had been counted before and were only acknowledged.
pub(crate) const BLOCKS_DUPLICATE: &str = "linkpulse_blocks_duplicate_total";
/// Deliveries of a block whose name is known with other content. Must be 0.
pub(crate) const BLOCK_CONFLICTS: &str = "linkpulse_block_conflicts_total";
/// Deliveries of a block written by a newer release.
pub(crate) const BLOCKS_NEWER: &str = "linkpulse_blocks_newer_version_total";
/// Clicks in the ingested blocks, hits of every kind.
pub(crate) const CLICKS_INGESTED: &str = "linkpulse_clicks_ingested_total";
/// Entries given up.
pub(crate) const DEAD_LETTERS: &str = "linkpulse_dead_letters_total";
/// Entries deleted from the stream by somebody else before they were counted. Must be 0.
pub(crate) const ENTRIES_VANISHED: &str = "linkpulse_entries_vanished_total";
/// Entries taken over from silent workers, and own ones tried again.
pub(crate) const ENTRIES_RECLAIMED: &str = "linkpulse_entries_reclaimed_total";
/// Entries in the stream: not received, or received and not committed.
pub(crate) const STREAM_LAG: &str = "linkpulse_stream_lag_entries";
/// Entries in streams of partitions that this pipeline does not read. Must be 0.
pub(crate) const STREAM_UNREAD: &str = "linkpulse_stream_unread_entries";
/// Seconds since this worker committed blocks; since its start if it never did.
pub(crate) const LAST_COMMIT_AGE: &str = "linkpulse_last_commit_age_seconds";
/// Seconds from the receipt of a batch to its acknowledgement, waiting for servers included.
pub(crate) const INGEST_DURATION: &str = "linkpulse_ingest_duration_seconds";

/// Describes all metrics and starts the counters at 0, so that a rate is known from the first one.
pub(crate) fn describe() {
    for (name, meaning) in [
        (BLOCKS_INGESTED, "Blocks written by this worker."),
        (BLOCKS_DUPLICATE, "Blocks that had been counted before."),
        (
            BLOCK_CONFLICTS,
            "Deliveries of a known block with other content.",
        ),
        (
            BLOCKS_NEWER,
            "Deliveries of a block written by a newer release.",
        ),
        (
            CLICKS_INGESTED,
            "Clicks written by this worker, of every kind.",
        ),
        (DEAD_LETTERS, "Stream entries given up."),
        (
            ENTRIES_VANISHED,
            "Stream entries deleted before they were counted.",
        ),
        (
            ENTRIES_RECLAIMED,
            "Stream entries taken over from silent workers.",
        ),
    ] {
        describe_counter!(name, meaning);
        counter!(name).increment(0);
    }
    describe_gauge!(STREAM_LAG, "Entries in the stream that are not committed.");
    describe_gauge!(
        STREAM_UNREAD,
        "Entries in streams that no pipeline reads: LINKPULSE_CLICK_PARTITIONS differs."
    );
    describe_gauge!(
        LAST_COMMIT_AGE,
        "Seconds since the last commit of this worker."
    );
    describe_histogram!(
        INGEST_DURATION,
        "Seconds from the receipt of a batch to its acknowledgement."
    );
}
