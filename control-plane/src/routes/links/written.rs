use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Link;
use crate::db::LinkRow;
use crate::error::{Error, Result};
use crate::propagation::Propagation;
use crate::state::AppState;
use crate::versions::Versioned;

/// A link that was just written.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrittenLink {
    #[serde(flatten)]
    link: Link,
    /// Where the change is in effect. Only if `wait` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    propagation: Option<Propagation>,
}

impl IntoResponse for WrittenLink {
    /// With the tag that the link has when it is read: where it is in effect is no part of it.
    fn into_response(self) -> Response {
        let mut response = Versioned(self.link.revision(), &self.link).into_response();
        if self.propagation.is_some() {
            match serde_json::to_vec(&self) {
                Ok(body) => *response.body_mut() = Body::from(body),
                Err(error) => return Error::internal(error).into_response(),
            }
        }
        response
    }
}

impl WrittenLink {
    /// A link as it was kept for a request that comes again, after waiting for the edge if the client
    /// wants that.
    pub(super) async fn kept(state: &AppState, link: Link, patience: Option<Duration>) -> Self {
        let revision = link.revision();
        let propagation = match patience {
            Some(patience) => Some(state.reports.wait(&state.pool, revision, patience).await),
            None => None,
        };
        Self { link, propagation }
    }

    /// The row as the client sees it, after waiting for the edge if it wants that.
    pub(super) async fn load(
        state: &AppState,
        row: LinkRow,
        patience: Option<Duration>,
    ) -> Result<Self> {
        let revision = row.revision;
        let propagation = async {
            match patience {
                Some(patience) => Some(state.reports.wait(&state.pool, revision, patience).await),
                None => None,
            }
        };
        let (link, propagation) = tokio::join!(Link::load_one(state, row), propagation);
        Ok(Self {
            link: link?,
            propagation,
        })
    }
}
