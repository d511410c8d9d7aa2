//! `linkpulse doctor --audit`: whether anybody has altered the log of who changed what.

use control_plane::audit::{self, Finding, Verified};
use control_plane::auth::id::WorkspaceId;
use sqlx::PgPool;

use super::Report;

const WHAT: &str = "audit log";

/// Computes all hashes anew.
pub(super) async fn check(report: &mut Report, links: &PgPool) {
    let logs = match audit::verify(links).await {
        Ok(logs) => logs,
        Err(error) => return report.problem(WHAT, error, "run `linkpulse migrate`"),
    };
    if logs.is_empty() {
        report.ok(WHAT, "nobody has changed anything yet");
    }
    for log in logs {
        tell(report, &log);
    }
}

fn tell(report: &mut Report, log: &Verified) {
    let workspace = WorkspaceId(log.workspace_id);
    let Some(finding) = log.finding else {
        let hash: String = log.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let entries = log.entries;
        return report.ok(
            WHAT,
            format_args!("{workspace}: {entries} entries are what was written, up to {hash}"),
        );
    };
    let advice = match finding {
        Finding::Altered(_) | Finding::Missing(_) => {
            "somebody with access to the database changed audit_log by hand: compare the entry, and \
             the one before it, with a backup"
        }
        Finding::WrongEnd { .. } | Finding::AlteredHead => {
            "entries at the end were added or removed by hand: compare them with a backup"
        }
    };
    report.problem(WHAT, format_args!("{workspace}: {finding}"), advice);
}
