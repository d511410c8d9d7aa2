use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::auth::id::UtmTemplateId;
use crate::db::UtmTemplateRow;

/// Values of UTM parameters under a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct UtmTemplate {
    #[schema(value_type = String, example = "utm_01K9ZC6T2YJ4T1B6Q8S3W5")]
    id: UtmTemplateId,
    /// What people call it.
    #[schema(example = "Spring newsletter")]
    name: String,
    /// `utm_source`. What is null, links keep as they have it.
    #[schema(required, example = "newsletter")]
    source: Option<String>,
    /// `utm_medium`.
    #[schema(required, example = "email")]
    medium: Option<String>,
    /// `utm_campaign`.
    #[schema(required, example = "spring-27")]
    campaign: Option<String>,
    /// `utm_term`.
    #[schema(required)]
    term: Option<String>,
    /// `utm_content`.
    #[schema(required)]
    content: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl UtmTemplate {
    /// Address in this API.
    pub(super) fn location(&self) -> String {
        format!("/api/v1/utm-templates/{}", self.id)
    }
}

impl From<UtmTemplateRow> for UtmTemplate {
    fn from(row: UtmTemplateRow) -> Self {
        Self {
            id: UtmTemplateId(row.id),
            name: row.name,
            source: row.source,
            medium: row.medium,
            campaign: row.campaign,
            term: row.term,
            content: row.content,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
