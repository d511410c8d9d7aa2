//! Rows of a file, as rows of a bulk request.

use std::collections::HashSet;

use contract::Domain;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::create::check_imported;
use super::rows::{self, Reason, Row};
use crate::db::{self, LinkRow};
use crate::error::{self, Error, Result};
use crate::imports;
use crate::state::AppState;

/// Longest code or domain that is shown of a row that was refused. Characters.
const MAX_SHOWN: usize = 100;

/// What becomes of a row.
pub enum ImportedRow {
    /// It can be made.
    New(Box<LinkRow>),
    /// It is there already: its code leads where it should.
    Known,
    /// It cannot be made.
    Refused {
        /// The domain it asked for, or would get.
        domain: String,
        /// The code it asked for.
        code: Option<String>,
        /// Why.
        reason: Error,
    },
}

impl ImportedRow {
    /// Checks rows, and finds out which are new.
    pub(crate) async fn settle(
        state: &AppState,
        connection: &mut PgConnection,
        workspace_id: Uuid,
        actor: &str,
        rows: &[imports::Row],
    ) -> Result<Vec<Self>> {
        let mut domains = db::domain_names(&mut *connection, workspace_id).await?;
        domains.push(state.config.default_domain.to_string());
        let mut names = Vec::with_capacity(rows.len());
        let mut drafts = Vec::with_capacity(rows.len());
        for row in rows {
            let link = placed(row.link.clone(), &domains);
            names.push(Name::of(&link, &state.config.default_domain));
            drafts.push(match &row.fault {
                Some(fault) => Err(Error::Invalid(vec![fault.clone()])),
                None => check_imported(link, state),
            });
        }
        let maker = (workspace_id, actor);
        let rows = rows::settle(
            connection,
            &drafts,
            maker,
            &state.config.default_domain,
            state.now(),
        )
        .await?;
        let mut taken: Vec<(String, String)> = Vec::new();
        for (row, draft) in rows.iter().zip(&drafts) {
            if let (
                Row::Refused {
                    code: Some(code), ..
                },
                Ok(draft),
            ) = (row, draft)
            {
                taken.push((draft.domain().to_string(), code.clone()));
            }
        }
        let (domains, codes): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let known = db::targets_of_codes(connection, workspace_id, &domains, &codes).await?;
        let mut made: HashSet<(String, String, String)> = HashSet::new();
        let mut settled = Vec::with_capacity(rows.len());
        for ((row, draft), name) in rows.into_iter().zip(&drafts).zip(names) {
            settled.push(match (row, draft) {
                (Row::New(link), _) => {
                    let target = link.original_url.clone();
                    made.insert((link.domain.clone(), link.code.clone(), target));
                    Self::New(link)
                }
                (
                    Row::Refused {
                        code: Some(code),
                        reason,
                    },
                    Ok(draft),
                ) => {
                    let domain = draft.domain().to_string();
                    let link = (domain, code, draft.original_url().to_owned());
                    // In the database, or in a row before.
                    match known.contains(&link) || made.contains(&link) {
                        true => Self::Known,
                        false => name.refused(Some(link.1), reason),
                    }
                }
                (Row::Refused { code, reason }, _) => name.refused(code, reason),
            });
        }
        Ok(settled)
    }
}

/// What a row is known by, whether it can be read or not.
struct Name {
    domain: String,
    code: Option<String>,
}

impl Name {
    fn of(link: &Value, default_domain: &Domain) -> Self {
        let text = |field| link.get(field).and_then(Value::as_str);
        Self {
            domain: shown(text("domain").unwrap_or(default_domain.as_str())),
            code: text("code").map(shown),
        }
    }

    fn refused(self, code: Option<String>, reason: Reason<'_>) -> ImportedRow {
        let reason = match reason {
            Reason::Found(error) => error,
            Reason::Fields(Error::Invalid(errors)) => Error::Invalid(errors.clone()),
            Reason::Fields(Error::NotFound(what)) => Error::NotFound(what),
            Reason::Fields(other) => Error::internal(other),
        };
        ImportedRow::Refused {
            domain: self.domain,
            code: code.or(self.code),
            reason,
        }
    }
}

/// What may be of any length, as far as it is shown.
fn shown(text: &str) -> String {
    error::cut(text.to_owned(), MAX_SHOWN)
}

/// A row whose code is a whole short address, as its code and, if the workspace can have links there, its
/// domain. Of addresses elsewhere, such as another shortener's, the code is what people move.
fn placed(mut link: Value, domains: &[String]) -> Value {
    let address = link.get("code").and_then(Value::as_str);
    let Some((host, path)) = address.and_then(|address| address.split_once('/')) else {
        return link;
    };
    let host = host.parse::<Domain>().ok();
    let host = host.filter(|host| domains.iter().any(|domain| domain == host.as_str()));
    let code = path.rsplit('/').next().unwrap_or_default().to_owned();
    link["code"] = code.into();
    if let Some(host) = host
        && link.get("domain").is_none()
    {
        link["domain"] = host.to_string().into();
    }
    link
}
