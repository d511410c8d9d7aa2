//! Which links a request is about.

use contract::{LinkId, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::outcome::{MAX_ROWS, PIECE};
use crate::auth::Caller;
use crate::db::{self, LinkOrder, Page, Position};
use crate::error::{Error, Result};
use crate::routes::links::list_query::{LinkFilters, narrow};
use crate::state::AppState;

/// Links by their ids, or by what a list of links can be asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = json!({ "ids": ["lnk_01K9ZC6T2YJ4T1B6Q8S3W5"] }))]
pub enum Selection {
    /// At most 10,000 ids.
    Ids(Vec<String>),
    /// All links that match. They must not be more than 10,000. `{}`: all but archived ones.
    Filter(LinkFilters),
}

/// A link that a request is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    /// Where it was named, from 0 on.
    pub(super) place: usize,
    /// `None`: what was named is no id, and so no link.
    pub(super) id: Option<LinkId>,
}

impl Selection {
    /// The links in their order, as often as they were named.
    pub(super) async fn chosen(&self, state: &AppState, caller: &Caller) -> Result<Vec<Chosen>> {
        match self {
            Self::Ids(ids) => {
                if !(1..=MAX_ROWS).contains(&ids.len()) {
                    let message = format!("1 to {MAX_ROWS} links can be named at once");
                    return Err(Error::invalid("select.ids", "wrong_length", message));
                }
                let chosen = ids.iter().enumerate().map(|(place, id)| Chosen {
                    place,
                    id: id.parse().ok(),
                });
                Ok(chosen.collect())
            }
            Self::Filter(filters) => {
                let mut filters = filters.clone();
                let mut filter = filters
                    .check(state)
                    .map_err(|error| error.below("select.filter"))?;
                narrow(&mut filter, caller)?;
                let mut chosen = Vec::new();
                let mut after = None;
                loop {
                    let page = Page {
                        order: LinkOrder::Created,
                        is_descending: false,
                        after,
                        limit: PIECE as i64,
                    };
                    let (workspace_id, now) = (caller.workspace_id, state.now());
                    let links =
                        db::list_links(state.lists(), workspace_id, &filter, &page, now).await?;
                    chosen.extend((chosen.len()..).zip(&links).map(|(place, link)| Chosen {
                        place,
                        id: Some(LinkId(link.id)),
                    }));
                    if chosen.len() > MAX_ROWS {
                        let message =
                            format!("more than {MAX_ROWS} links match: narrow the filter");
                        return Err(Error::invalid("select.filter", "too_many", message));
                    }
                    after = match links.last() {
                        Some(last) if links.len() == PIECE => Some(Position {
                            value: Timestamp::from(last.created_at).as_micros(),
                            id: last.id,
                        }),
                        _ => return Ok(chosen),
                    };
                }
            }
        }
    }
}
