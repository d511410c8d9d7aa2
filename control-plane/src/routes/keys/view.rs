use axum::http::StatusCode;
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Scope;
use crate::auth::id::ApiKeyId;
use crate::db::KeyRow;
use crate::error::Result;
use crate::once::Once;

/// An API key, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKey {
    #[schema(value_type = String, example = "key_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: ApiKeyId,
    /// What it is for.
    #[schema(example = "newsletter")]
    name: String,
    /// Its first characters, to tell keys apart.
    #[schema(example = "lp_live_3kTx")]
    prefix: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// The only domain whose links it sees. All of the workspace, when null.
    #[schema(required)]
    domain: Option<String>,
    /// The tag without which it sees no link. None is needed, when null.
    #[schema(required)]
    tag: Option<String>,
    /// Requests a minute. As for everybody, when null.
    #[schema(required)]
    rate_limit: Option<i32>,
    /// The key in whose place it was made.
    #[schema(required, value_type = Option<String>)]
    replaces: Option<ApiKeyId>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it stops working. Never, when null.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    expires_at: Option<OffsetDateTime>,
    /// To the minute. Not yet, when null.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    last_used_at: Option<OffsetDateTime>,
}

/// An API key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The key itself. It is shown this once. Null where an answer is repeated for an
    /// `Idempotency-Key`, since it is stored nowhere.
    #[schema(required, example = "lp_live_…")]
    secret: Option<String>,
}

impl ApiKey {
    /// Address in this API.
    pub(super) fn location(id: Uuid) -> String {
        format!("/api/v1/keys/{}", ApiKeyId(id))
    }
}

impl NewApiKey {
    /// Keeps the answer, without the key's text, for a request that comes again.
    pub(super) async fn keep(
        row: &KeyRow,
        once: &Once,
        connection: &mut PgConnection,
    ) -> Result<()> {
        let body = Self {
            key: row.clone().try_into()?,
            secret: None,
        };
        let location = ApiKey::location(row.id);
        once.keep(connection, StatusCode::CREATED, Some(&location), &body)
            .await
    }

    pub(super) fn new(key: ApiKey, secret: &str) -> Self {
        let secret = Some(secret.to_owned());
        Self { key, secret }
    }
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = crate::Error;

    fn try_from(row: KeyRow) -> Result<Self> {
        let scopes = row.scopes.iter().map(|text| Scope::parse(text));
        Ok(Self {
            id: ApiKeyId(row.id),
            name: row.name,
            prefix: row.prefix,
            scopes: scopes.collect::<Result<_>>()?,
            domain: row.domain,
            tag: row.tag,
            rate_limit: row.rate_limit,
            replaces: row.replaces.map(ApiKeyId),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    }
}
