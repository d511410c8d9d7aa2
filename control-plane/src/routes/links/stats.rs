use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use contract::LinkId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, UtcOffset};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::db;
use crate::error::{Error, FieldError, Result};
use crate::field_check::rfc3339;
use crate::problem::Problem;
use crate::routes::{LinkPath, Query};
use crate::state::AppState;

/// Longest range: 744 points still make a readable chart.
const MAX_RANGE: Duration = Duration::days(31);

/// The range shown when none is asked for.
const DEFAULT_RANGE: Duration = Duration::hours(24);

/// Which part of a link's history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsRange {
    /// From the hour this time falls into (RFC 3339). 24 hours before `to` when absent, 31 days
    /// before it at most.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Up to the end of the hour this time falls into. Now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
    /// Width of a bar.
    #[param(inline)]
    interval: Option<Interval>,
}

/// Width of a bar.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// One hour, UTC.
    #[default]
    Hour,
}

/// Clicks of a link.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkStats {
    /// Which link.
    #[schema(value_type = String, example = "lnk_01K9ZC6T2YJ4T1B6Q8S3W5")]
    link_id: LinkId,
    /// Beginning of the range.
    #[serde(with = "time::serde::rfc3339")]
    from: OffsetDateTime,
    /// End of the range, exclusive.
    #[serde(with = "time::serde::rfc3339")]
    to: OffsetDateTime,
    /// Width of a bar.
    interval: Interval,
    /// Clicks since the link was made.
    total: i64,
    /// Clicks in the range.
    clicks: i64,
    /// The newest click.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    last_clicked_at: Option<OffsetDateTime>,
    /// Every interval of the range, ascending, also those without clicks.
    series: Vec<StatsPoint>,
}

/// One bar.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsPoint {
    /// Beginning of the interval.
    #[serde(with = "time::serde::rfc3339")]
    start: OffsetDateTime,
    /// Clicks in it.
    clicks: i64,
}

/// Clicks of a link over time
///
/// Visits by GET. HEAD requests and prefetches are recorded apart.
#[utoipa::path(get, path = "/api/v1/links/{id}/stats", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), StatsRange),
    responses(
        (status = 200, description = "The clicks", body = LinkStats),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn get_link_stats(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    Query(query): Query<StatsRange>,
) -> Result<Json<LinkStats>> {
    let row = db::find_link(&state.pool, caller.workspace_id, id).await?;
    let row = row.ok_or(Error::NotFound("link"))?;
    let (from, to) = range(&query, state.now())?;
    let hours = db::clicks_by_hour(&state.analytics, row.id, from, to).await?;
    let total = db::link_totals(&state.analytics, &[row.id])
        .await?
        .first()
        .copied();
    let by_hour: HashMap<_, _> = hours.iter().map(|row| (row.hour, row.clicks)).collect();
    Ok(Json(LinkStats {
        link_id: id,
        from,
        to,
        interval: query.interval.unwrap_or_default(),
        total: total.map_or(0, |total| total.clicks),
        clicks: hours.iter().map(|row| row.clicks).sum(),
        last_clicked_at: total.and_then(|total| total.last_clicked_at),
        series: series(from, to, &by_hour),
    }))
}

fn range(query: &StatsRange, now: OffsetDateTime) -> Result<(OffsetDateTime, OffsetDateTime)> {
    let mut errors = Vec::new();
    let mut read = |field: &str, text: &Option<String>| {
        let moment = rfc3339(text.as_deref()?);
        if moment.is_none() {
            let message = "a time is written as 2027-01-31T12:00:00Z";
            errors.push(FieldError::new(field, "invalid_time", message));
        }
        moment
    };
    let (from, to) = (read("from", &query.from), read("to", &query.to));
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let out_of_range = || Error::invalid("to", "out_of_range", "choose a range of at most 31 days");
    let hour_of = |moment: OffsetDateTime| {
        moment
            .checked_to_offset(UtcOffset::UTC)
            .map(OffsetDateTime::truncate_to_hour)
    };
    let last_hour = hour_of(to.unwrap_or(now)).ok_or_else(out_of_range)?;
    let to = last_hour
        .checked_add(Duration::HOUR)
        .ok_or_else(out_of_range)?;
    let from = match from {
        Some(from) => hour_of(from),
        None => to.checked_sub(DEFAULT_RANGE),
    };
    let from = from.ok_or_else(out_of_range)?;
    // A year before the first cannot be written.
    let is_too_early = from < OffsetDateTime::UNIX_EPOCH;
    if is_too_early || from >= to || to - from > MAX_RANGE + Duration::HOUR {
        return Err(out_of_range());
    }
    Ok((from, to))
}

fn series(
    from: OffsetDateTime,
    to: OffsetDateTime,
    by_hour: &HashMap<OffsetDateTime, i64>,
) -> Vec<StatsPoint> {
    let hours = std::iter::successors(Some(from), |start| start.checked_add(Duration::HOUR));
    let point = |start| StatsPoint {
        start,
        clicks: by_hour.get(&start).copied().unwrap_or(0),
    };
    hours.take_while(|start| *start < to).map(point).collect()
}
