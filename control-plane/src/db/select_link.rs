//! The columns of a link, written once.

/// `query_as!` of [`LinkRow`](super::LinkRow): `select` all its columns and go on with this text.
macro_rules! select_link {
    ($first:literal $(+ $rest:literal)* $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::db::LinkRow,
            r#"select links.id, links.workspace_id, links.domain, links.code, links.original_url,
                    links.title, links.notes, links.tags, links.is_enabled, links.is_archived,
                    links.external_id, links.expires_at, links.created_at, links.created_by,
                    links.updated_at, links.deleted_at, links.revision, links.redirect_status,
                    links.options as "options: _", links.password_hash, links.password_changed,
                    links.is_blocked, links.page as "page: _"
               "# + $first $(+ $rest)*
            $(, $argument)*
        )
    };
}

/// The same for statements that write: they go on with this text and return all columns.
macro_rules! returning_link {
    ($begin:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::db::LinkRow,
            $begin + r#"
               returning links.id, links.workspace_id, links.domain, links.code, links.original_url,
                    links.title, links.notes, links.tags, links.is_enabled, links.is_archived,
                    links.external_id, links.expires_at, links.created_at, links.created_by,
                    links.updated_at, links.deleted_at, links.revision, links.redirect_status,
                    links.options as "options: _", links.password_hash, links.password_changed,
                    links.is_blocked, links.page as "page: _""#
            $(, $argument)*
        )
    };
}

pub(super) use {returning_link, select_link};
