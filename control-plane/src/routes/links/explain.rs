use axum::Json;
use axum::extract::State;
use contract::identity::sticky_value;
use contract::place::continent_of;
use contract::rules::Country;
use contract::{
    CapState, ClickCap, LinkId, LinkRecord, Outcome, Place, Reason, Timestamp, Visit, decide,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::explanation::Explanation;
use crate::auth::Caller;
use crate::db;
use crate::error::{Error, Result};
use crate::field_check::{FieldCheck, MAX_TEXT};
use crate::problem::Problem;
use crate::routes::{LinkPath, QueryFields};
use crate::state::AppState;

/// A visit to imagine. What is absent is not known of the visitor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImaginedVisit {
    /// `User-Agent`.
    ua: Option<String>,
    /// ISO 3166-1, two letters.
    #[param(example = "DE")]
    country: Option<String>,
    /// As the geo database has it.
    #[param(max_length = 200)]
    region: Option<String>,
    /// In English.
    #[param(max_length = 200)]
    city: Option<String>,
    /// When (RFC 3339). Now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
    /// `Accept-Language`.
    #[param(example = "de-AT,de;q=0.9")]
    language: Option<String>,
    /// `Referer`: a whole URL.
    referrer: Option<String>,
    /// The query as it is sent, without its question mark.
    query: Option<String>,
    /// The visitor's address. Places are not looked up by it. With `ua` it decides which target of
    /// a split the visitor gets; without it that is an example.
    ip: Option<String>,
    /// What follows the code in the path, with its leading slash.
    path: Option<String>,
    /// True: the visitor has entered the link's password.
    unlocked: Option<bool>,
    /// True: a `+` stands behind the code.
    preview: Option<bool>,
}

/// Explain a link
///
/// What a visitor would get, and why, decided by the same function as at the edge. Nothing is
/// counted.
#[utoipa::path(get, path = "/api/v1/links/{id}/explain", tag = "links",
    params(("id" = String, Path, description = "`lnk_…`"), ImaginedVisit),
    responses(
        (status = 200, description = "What the visitor would get", body = Explanation),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`link_not_found`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    ))]
pub async fn explain_link(
    State(state): State<AppState>,
    caller: Caller,
    LinkPath(id): LinkPath,
    QueryFields(fields): QueryFields<ImaginedVisit>,
) -> Result<Json<Explanation>> {
    let row = db::find_link(&state.pool, caller.workspace_id, id).await?;
    let record = row.ok_or(Error::NotFound("link"))?.to_record()?;
    let (imagined, check) = fields.check(&state);
    let mut visit = imagined.check(&state, check)?;
    let cap = record.options.as_ref();
    if let Some(cap) = cap.and_then(|options| options.click_cap.as_ref()) {
        visit.cap = cap_state(&state, id, cap).await;
    }
    let outcome = decide(&record, &visit);
    let elsewhere = elsewhere(&state, &record, &outcome).await?;
    Ok(Json(Explanation::new(&record, &visit, outcome, elsewhere)))
}

/// What is left of a cap, without using any of it up.
async fn cap_state(state: &AppState, id: LinkId, cap: &ClickCap) -> CapState {
    let used = match state.caps.visits(id, cap.set_after).await {
        Ok(Some(visits)) => Some(visits),
        // Where the count would begin.
        Ok(None) => match db::link_totals(&state.analytics, &[id.0]).await {
            Ok(totals) => Some(
                totals
                    .first()
                    .map_or(0, |total| total.clicks.unsigned_abs()),
            ),
            Err(_) => None,
        },
        Err(_) => None,
    };
    match used {
        Some(used) if used < cap.limit => CapState::Open,
        Some(_) => CapState::UsedUp,
        None => CapState::Unknown,
    }
}

/// Where the link's domain sends visitors of expired links.
async fn elsewhere(
    state: &AppState,
    record: &LinkRecord,
    outcome: &Outcome<'_>,
) -> Result<Option<String>> {
    let Outcome::Refuse {
        reason: Reason::Expired,
        ..
    } = outcome
    else {
        return Ok(None);
    };
    let domain = db::find_domain(&state.pool, &record.domain).await?;
    Ok(domain.and_then(|domain| domain.expired_url))
}

impl ImaginedVisit {
    /// The facts that a decision may depend on.
    fn check(&self, state: &AppState, mut check: FieldCheck<'_>) -> Result<Visit<'_>> {
        let country = self.country.as_deref().map(|text| {
            let country = Country::try_from(text.to_owned()).ok();
            let country = country.filter(|country| continent_of(country.0).is_some());
            if country.is_none() {
                let message = "countries are two letters of ISO 3166-1, as DE or GB";
                check.refuse("country", "unknown_country", message);
            }
            country.map_or([0; 2], |country| country.0)
        });
        for (field, text) in [("region", &self.region), ("city", &self.city)] {
            if let Some(text) = text {
                check.text(field, text, MAX_TEXT);
            }
        }
        let now = match &self.at {
            Some(text) => check.moment("at", text).map(Timestamp::from),
            None => Some(state.timestamp()),
        };
        let address = self.ip.as_deref().and_then(|text| {
            let address = text.parse();
            if address.is_err() {
                let message = "an address is written as 192.0.2.1 or 2001:db8::1";
                check.refuse("ip", "invalid_address", message);
            }
            address.ok()
        });
        let extra_path = self.path.as_deref().unwrap_or_default();
        if !extra_path.is_empty() && !extra_path.starts_with('/') {
            check.refuse("path", "invalid_path", "a path begins with a slash");
        }
        check.finish()?;
        let user_agent = self.ua.as_deref().unwrap_or_default();
        Ok(Visit {
            now: now.unwrap_or_default(),
            address,
            place: Place {
                country,
                continent: country.and_then(continent_of),
                region: self.region.as_deref().unwrap_or_default(),
                city: self.city.as_deref().unwrap_or_default(),
            },
            user_agent,
            language: self.language.as_deref().unwrap_or_default(),
            referrer: self.referrer.as_deref().unwrap_or_default(),
            query: self.query.as_deref().unwrap_or_default(),
            extra_path,
            wants_preview: self.preview.unwrap_or(false),
            is_unlocked: self.unlocked.unwrap_or(false),
            sticky: address.map_or(0, |address| sticky_value(address, user_agent.as_bytes())),
            ..Visit::default()
        })
    }
}
