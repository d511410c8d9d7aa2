//! Values of UTM parameters that links are tagged with.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::versions::revision_of;
use crate::{Error, Result};

/// A template.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UtmTemplateRow {
    /// Identity.
    pub id: Uuid,
    /// What people call it: no other of the workspace has the name.
    pub name: String,
    /// `utm_source`.
    pub source: Option<String>,
    /// `utm_medium`.
    pub medium: Option<String>,
    /// `utm_campaign`.
    pub campaign: Option<String>,
    /// `utm_term`.
    pub term: Option<String>,
    /// `utm_content`.
    pub content: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

impl UtmTemplateRow {
    /// Which version this is.
    pub fn revision(&self) -> Result<i64> {
        revision_of(self)
    }
}

/// Stores a new template.
///
/// # Errors
/// [`Error::Conflict`] when another has its name.
pub async fn insert_utm_template(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    template: &UtmTemplateRow,
) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into utm_templates (id, workspace_id, name, source, medium, campaign, term, content,
                                    created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        template.id,
        workspace_id,
        template.name,
        template.source,
        template.medium,
        template.campaign,
        template.term,
        template.content,
        template.created_at,
        template.updated_at,
    )
    .execute(connection)
    .await;
    inserted.map_err(name_taken)?;
    Ok(())
}

/// How many templates a workspace has. Nobody can make one more until the end of the transaction.
pub async fn count_utm_templates(connection: &mut PgConnection, workspace_id: Uuid) -> Result<i64> {
    sqlx::query!(
        "select id from workspaces where id = $1 for no key update",
        workspace_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from utm_templates where workspace_id = $1"#,
        workspace_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Whether the template's id is another's, or its name another's of the workspace.
pub async fn is_utm_template_taken(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    template: &UtmTemplateRow,
) -> Result<bool> {
    let is_taken = sqlx::query_scalar!(
        r#"select exists (
               select from utm_templates where id = $1 or (workspace_id = $2 and name = $3)
           ) as "is_taken!""#,
        template.id,
        workspace_id,
        template.name,
    )
    .fetch_one(connection)
    .await?;
    Ok(is_taken)
}

/// The templates of a workspace, by name.
pub async fn list_utm_templates(pool: &PgPool, workspace_id: Uuid) -> Result<Vec<UtmTemplateRow>> {
    let templates = sqlx::query_as!(
        UtmTemplateRow,
        "select id, name, source, medium, campaign, term, content, created_at, updated_at
         from utm_templates
         where workspace_id = $1
         order by name",
        workspace_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(templates)
}

/// One template.
pub async fn find_utm_template(
    pool: &PgPool,
    workspace_id: Uuid,
    id: Uuid,
) -> Result<Option<UtmTemplateRow>> {
    let template = sqlx::query_as!(
        UtmTemplateRow,
        "select id, name, source, medium, campaign, term, content, created_at, updated_at
         from utm_templates
         where workspace_id = $1 and id = $2",
        workspace_id,
        id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(template)
}

/// One template for an edit, locked until the end of the transaction.
pub async fn lock_utm_template(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    id: Uuid,
) -> Result<Option<UtmTemplateRow>> {
    let template = sqlx::query_as!(
        UtmTemplateRow,
        "select id, name, source, medium, campaign, term, content, created_at, updated_at
         from utm_templates
         where workspace_id = $1 and id = $2
         for update",
        workspace_id,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(template)
}

/// Writes what may be edited.
///
/// # Errors
/// [`Error::Conflict`] when another has its name.
pub async fn update_utm_template(
    connection: &mut PgConnection,
    template: &UtmTemplateRow,
) -> Result<()> {
    let updated = sqlx::query!(
        "update utm_templates
         set name = $2, source = $3, medium = $4, campaign = $5, term = $6, content = $7,
             updated_at = $8
         where id = $1",
        template.id,
        template.name,
        template.source,
        template.medium,
        template.campaign,
        template.term,
        template.content,
        template.updated_at,
    )
    .execute(connection)
    .await;
    updated.map_err(name_taken)?;
    Ok(())
}

/// Removes a template, which the transaction has locked.
pub async fn delete_utm_template(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("delete from utm_templates where id = $1", id)
        .execute(connection)
        .await?;
    Ok(())
}

fn name_taken(error: sqlx::Error) -> Error {
    let constraint = error
        .as_database_error()
        .and_then(|error| error.constraint());
    match constraint {
        Some("utm_templates_name_key") => Error::Conflict("another template has this name"),
        _ => error.into(),
    }
}
