//! `linkpulse doctor --audit`: whether blocks, rows and counts agree.

use pipeline::{Finding, audit};
use sqlx::PgPool;

use super::Report;

/// How to go on from findings that only labels explain.
const RECLASSIFY: &str = "run `linkpulse reclassify`: it makes counts what the rows add up to";

/// Reads every click there is.
pub(super) async fn check(report: &mut Report, analytics: &PgPool) {
    const WHAT: &str = "click counts";
    let audit = match audit(analytics).await {
        Ok(audit) => audit,
        Err(error) => return report.problem(WHAT, error, "run `linkpulse migrate`"),
    };
    for finding in &audit.findings {
        report.problem(WHAT, finding, advice(finding));
    }
    if audit.findings.is_empty() {
        let (blocks, rows, days) = (audit.blocks, audit.rows, audit.days);
        report.ok(
            WHAT,
            format_args!("{blocks} blocks, {rows} clicks and the counts of {days} days agree"),
        );
    }
}

fn advice(finding: &Finding) -> &'static str {
    match finding {
        Finding::Rows { .. } => {
            "rows were removed or added by hand, or a backup is older than its other half: no \
             command mends that"
        }
        Finding::Day { .. } | Finding::OtherClassifier { .. } => RECLASSIFY,
        Finding::UnknownAgents { .. } => {
            "rows of user_agents were removed: put them back from a backup, or these clicks count \
             as a program's"
        }
    }
}
