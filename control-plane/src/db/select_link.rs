//! The columns of a link, written once.

/// `query_as!` of [`LinkRow`](super::LinkRow): `select` all its columns and go on with this text.
macro_rules! select_link {
    ($first:literal $(+ $rest:literal)* $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::db::LinkRow,
            r#"select links.id, links.workspace_id, domain, code, original_url, title, notes, tags,
                    is_enabled, is_archived, external_id, expires_at, created_at, created_by,
                    updated_at, deleted_at, revision, redirect_status, options as "options: _",
                    password_hash, password_changed, is_blocked
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
               returning links.id, links.workspace_id, domain, code, original_url, title, notes,
                    tags, is_enabled, is_archived, external_id, expires_at, created_at, created_by,
                    updated_at, deleted_at, revision, redirect_status, options as "options: _",
                    password_hash, password_changed, is_blocked"#
            $(, $argument)*
        )
    };
}

pub(super) use {returning_link, select_link};
