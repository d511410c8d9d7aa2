//! What visitors know, held against what was counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::Connection;

use super::clients::Memory;
use super::faults::redis;
use super::stage::Stage;
use crate::servers::{Client, linkpulse};

/// How long everything may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);

/// For so long nothing may be on its way. A click is sealed after 0.2 s, and proxies tell each second
/// what they have sent: a shorter rest may be the moment between the two.
const REST: Duration = Duration::from_secs(4);

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) sent: usize,
    pub(super) redirected: usize,
    /// Rows of clicks.
    pub(super) rows: usize,
    /// Of these, visitors who have not seen the answer.
    pub(super) unseen: usize,
    /// Counted without a row, for lack of room.
    pub(super) tallied: u64,
    /// In a gap.
    pub(super) in_gap: u64,
}

/// Waits until proxies have nothing that is not committed, and nothing is left in the stream but
/// what we put there.
pub(super) fn wait_for_rest(stage: &mut Stage, foreign: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut at_rest_since = None;
    loop {
        let waiting = redis(stage)?.waiting()?;
        let mut unsent = Vec::new();
        for proxy in &stage.proxies {
            let mut client = Client::connect(proxy.admin)?;
            let metrics = client.get("/metrics")?.expect(200)?.body;
            unsent.push(value(&metrics, "linkpulse_spool_blocks_on_the_way")?);
        }
        if waiting <= foreign && unsent.iter().all(|blocks| *blocks == 0.0) {
            if at_rest_since.get_or_insert_with(Instant::now).elapsed() >= REST {
                return Ok(());
            }
        } else {
            at_rest_since = None;
        }
        if begun.elapsed() > PATIENCE {
            for service in stage.services() {
                eprintln!("{}: {}", service.name, service.tail());
            }
            bail!(
                "{waiting} entries in the stream ({foreign} of ours) and {unsent:?} blocks on the \
                 way are left after {PATIENCE:?}"
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn value(metrics: &str, name: &str) -> anyhow::Result<f64> {
    let found = metrics.lines().find_map(|line| {
        let (found, value) = line.rsplit_once(' ')?;
        (found == name).then(|| value.parse().ok())?
    });
    found.with_context(|| format!("no metric {name}"))
}

/// Compares.
///
/// # Errors
/// When a click is lost, doubled or nobody's, or the tables do not agree.
pub(super) fn judge(stage: &Stage, memory: &Memory) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let counted = runtime.block_on(read(&stage.database_url()))?;
    let (verdict, mut faults) = compare(memory, &counted);
    match linkpulse(&["doctor", "--audit"], &stage.settings) {
        Ok(printed) if printed.contains(" agree") => {}
        Ok(printed) => faults.push(format!("no audit was made: {printed}")),
        Err(error) => faults.push(format!("{error:#}")),
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(verdict)
}

/// What is in the tables.
#[derive(Debug, Default)]
struct Counted {
    /// How often each numbered click is there.
    rows: BTreeMap<u64, i64>,
    tallied: u64,
    in_gap: u64,
}

/// What is wrong, in words.
fn compare(memory: &Memory, counted: &Counted) -> (Verdict, Vec<String>) {
    let Counted {
        rows,
        tallied,
        in_gap,
    } = counted;
    let sent: BTreeSet<u64> = memory.sent.iter().copied().collect();
    let redirected: BTreeSet<u64> = memory.redirected.iter().copied().collect();
    let mut faults = Vec::new();
    let twice: Vec<_> = rows.iter().filter(|(_, count)| **count > 1).collect();
    if !twice.is_empty() {
        faults.push(format!(
            "{} clicks were counted twice: {twice:?}",
            twice.len()
        ));
    }
    let strange: Vec<_> = rows
        .keys()
        .filter(|number| !sent.contains(number))
        .collect();
    if !strange.is_empty() {
        faults.push(format!(
            "{} clicks were never sent: {strange:?}",
            strange.len()
        ));
    }
    let lost: Vec<_> = redirected
        .iter()
        .filter(|number| !rows.contains_key(number))
        .collect();
    if lost.len() as u64 > tallied + in_gap {
        let lost_count = lost.len();
        let last = memory.sent.iter().max().copied().unwrap_or_default();
        faults.push(format!(
            "of {last} numbers, {lost_count} visitors were redirected and not counted ({tallied} tallied, {in_gap} in \
             gaps): {lost:?}"
        ));
    }
    if rows.len() as u64 + tallied + in_gap > sent.len() as u64 {
        faults.push("more was counted than was sent".to_owned());
    }
    if memory.astray > 0 {
        faults.push(format!("{} visitors were led astray", memory.astray));
    }
    let verdict = Verdict {
        sent: sent.len(),
        redirected: redirected.len(),
        rows: rows.len(),
        unseen: rows.keys().filter(|it| !redirected.contains(it)).count(),
        tallied: *tallied,
        in_gap: *in_gap,
    };
    (verdict, faults)
}

/// Reads the tables.
async fn read(url: &str) -> anyhow::Result<Counted> {
    let mut connection = sqlx::PgConnection::connect(url).await?;
    // Runtime SQL: the numbers are the clients' own, and nothing of ours.
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "select substring(query from '^n=([0-9]+)$')::bigint, count(*) from clicks
         where link_id is not null group by 1",
    )
    .fetch_all(&mut connection)
    .await?;
    let (tallied, in_gap): (i64, i64) = sqlx::query_as(
        "select (select coalesce(sum(clicks + other_hits), 0)::bigint from click_tallies),
                (select coalesce(sum(hits), 0)::bigint from click_gaps)",
    )
    .fetch_one(&mut connection)
    .await?;
    let rows = rows
        .into_iter()
        .map(|(number, count)| (number as u64, count));
    Ok(Counted {
        rows: rows.collect(),
        tallied: tallied as u64,
        in_gap: in_gap as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rows: &[(u64, i64)], tallied: u64) -> Vec<String> {
        let memory = Memory {
            sent: vec![1, 2, 3, 4],
            redirected: vec![1, 2],
            ..Memory::default()
        };
        let counted = Counted {
            rows: rows.iter().copied().collect(),
            tallied,
            in_gap: 0,
        };
        compare(&memory, &counted).1
    }

    #[test]
    fn what_was_not_seen_may_count_or_not() {
        assert_eq!(faults(&[(1, 1), (2, 1)], 0), [""; 0]);
        assert_eq!(faults(&[(1, 1), (2, 1), (4, 1)], 0), [""; 0]);
        assert_eq!(faults(&[(1, 1)], 1), [""; 0], "its detail is lost");
    }

    #[test]
    fn every_fault_has_its_word() {
        for (rows, tallied, word) in [
            (vec![(1, 1)], 0, "not counted"),
            (vec![(1, 1), (2, 2)], 0, "twice"),
            (vec![(1, 1), (2, 1), (9, 1)], 0, "never sent"),
            (vec![(1, 1), (2, 1)], 3, "more was counted"),
        ] {
            let faults = faults(&rows, tallied);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].contains(word), "{faults:?}");
        }
    }
}
