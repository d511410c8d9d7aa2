use std::time::Duration;

use contract::Partitions;
use service::settings;
use service::{Environment, SettingError};
use spool::SyncPolicy;

/// A mebibyte.
const MIB: u64 = 1 << 20;

/// Segments that must fit: those that are written to, and those that lie ready.
const FEWEST_SEGMENTS: u64 = 8;

/// How clicks are kept until they are committed.
#[derive(Debug, Clone, Copy)]
pub struct SpoolConfig {
    /// Bytes of a segment: `LINKPULSE_SPOOL_SEGMENT_MIB`. Too small: files are made often. Too
    /// large: they take room from the start, and memory while they are written to.
    pub segment_size: u64,
    /// Bytes of all segments: `LINKPULSE_SPOOL_QUOTA_MIB`. Too small: a long outage of Redis or the
    /// pipeline costs clicks.
    pub quota: u64,
    /// What survives the end of the machine: `LINKPULSE_SPOOL_SYNC`.
    pub sync: SyncPolicy,
    /// Blocks in Redis that are not committed yet: `LINKPULSE_CLICK_WINDOW_BLOCKS`. Too few: the
    /// pipeline waits for us. Too many: an outage of the pipeline fills Redis.
    pub window: usize,
    /// Streams that blocks are divided into: `LINKPULSE_CLICK_PARTITIONS`.
    pub partitions: Partitions,
}

impl SpoolConfig {
    pub(crate) fn read(environment: &Environment<'_>) -> Result<Self, SettingError> {
        let mebibytes = |setting| {
            let number = environment.required::<std::num::NonZeroU32>(setting)?;
            Ok(u64::from(number.get()) * MIB)
        };
        let segment_size = mebibytes(&settings::SPOOL_SEGMENT_MIB)?;
        let quota = mebibytes(&settings::SPOOL_QUOTA_MIB)?;
        if quota < FEWEST_SEGMENTS * segment_size {
            let reason =
                format!("must be at least {FEWEST_SEGMENTS} times LINKPULSE_SPOOL_SEGMENT_MIB");
            return Err(SettingError::new(&settings::SPOOL_QUOTA_MIB, reason));
        }
        let window: std::num::NonZeroU32 = environment.required(&settings::CLICK_WINDOW_BLOCKS)?;
        Ok(Self {
            segment_size,
            quota,
            sync: sync(environment)?,
            window: window.get() as usize,
            partitions: partitions(environment)?,
        })
    }
}

fn partitions(environment: &Environment<'_>) -> Result<Partitions, SettingError> {
    let count: u32 = environment.required(&settings::CLICK_PARTITIONS)?;
    Partitions::new(count).ok_or_else(|| {
        let reason = format!("must be 1 to {}", Partitions::MAX);
        SettingError::new(&settings::CLICK_PARTITIONS, reason)
    })
}

fn sync(environment: &Environment<'_>) -> Result<SyncPolicy, SettingError> {
    let text: String = environment.required(&settings::SPOOL_SYNC)?;
    match text.as_str() {
        "never" => Ok(SyncPolicy::Never),
        "always" => Ok(SyncPolicy::Always),
        _ => {
            let period: Duration = environment.required(&settings::SPOOL_SYNC)?;
            if period.is_zero() {
                let reason = "a period must be longer than nothing; there is also `always`";
                return Err(SettingError::new(&settings::SPOOL_SYNC, reason));
            }
            Ok(SyncPolicy::Every(period))
        }
    }
}
