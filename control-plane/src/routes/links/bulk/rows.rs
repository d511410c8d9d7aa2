//! Which of many new links get their codes.

use std::collections::{BTreeSet, HashSet};

use contract::{Code, Domain};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::routes::links::codes::{folded, generate_code};
use crate::routes::links::draft::{Draft, Maker};

/// A row of the request.
pub(in crate::routes::links) enum Row<'a> {
    /// It can be made.
    New(Box<LinkRow>),
    /// It cannot.
    Refused {
        /// The code it asked for.
        code: Option<String>,
        /// Why.
        reason: Reason<'a>,
    },
}

/// Why a row is refused: by its own fields, or by what is there.
pub(in crate::routes::links) enum Reason<'a> {
    /// Found when its fields were checked.
    Fields(&'a Error),
    /// Found in the database, or in a row before it.
    Found(Error),
}

impl std::ops::Deref for Reason<'_> {
    type Target = Error;

    fn deref(&self) -> &Error {
        match self {
            Self::Fields(error) => error,
            Self::Found(error) => error,
        }
    }
}

impl Row<'_> {
    /// The link, if it can be made.
    pub(in crate::routes::links) fn link(self) -> Option<LinkRow> {
        match self {
            Self::New(link) => Some(*link),
            Self::Refused { .. } => None,
        }
    }
}

/// Gives each draft its code, and finds out which are taken: by links, or by a row before.
///
/// What is free here may be taken before it is written; the database has the last word.
pub(in crate::routes::links) async fn settle<'a>(
    connection: &mut PgConnection,
    drafts: &'a [Result<Draft>],
    maker: Maker<'_>,
    default_domain: &Domain,
    now: OffsetDateTime,
) -> Result<Vec<Row<'a>>> {
    let domains = drafts.iter().flatten().map(|draft| draft.domain().as_str());
    let domains: BTreeSet<&str> = domains.collect();
    let domains: Vec<String> = domains.into_iter().map(str::to_owned).collect();
    let cases = db::hold_cases(connection, maker.0, &domains, default_domain).await?;
    let is_foreign = |domain: &Domain| !cases.contains_key(domain.as_str());
    let is_lower = |domain: &Domain| cases.get(domain.as_str()).copied().unwrap_or(false);
    let mut codes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let code = match draft {
            Ok(draft) => match draft.code() {
                Some(code) => Some(folded(code, is_lower(draft.domain()))?),
                None => Some(generate_code(is_lower(draft.domain()))),
            },
            Err(_) => None,
        };
        codes.push(code);
    }
    // A code that was made up is taken once in 10⁸ times: the insert says so, and all is tried again.
    let asked = drafts.iter().zip(&codes);
    let asked = asked.filter_map(|(draft, code)| {
        let draft = draft.as_ref().ok()?;
        draft.code()?;
        Some((draft.domain().to_string(), code.as_ref()?.to_string()))
    });
    let (domains, asked): (Vec<_>, Vec<_>) = asked.unzip();
    let mut taken = db::taken_codes(connection, &domains, &asked).await?;
    let external_ids = drafts.iter().flatten().filter_map(Draft::external_id);
    let external_ids: Vec<String> = external_ids.map(str::to_owned).collect();
    let ids = db::taken_external_ids(connection, maker.0, &external_ids);
    let mut taken_ids = ids.await?;

    let mut rows = Vec::with_capacity(drafts.len());
    for (draft, code) in drafts.iter().zip(codes) {
        let row = match (draft, code) {
            (Ok(draft), _) if is_foreign(draft.domain()) => Row::Refused {
                code: None,
                reason: Reason::Found(Error::NotFound("domain")),
            },
            (Ok(draft), Some(code)) => {
                let is_lower = is_lower(draft.domain());
                one(
                    draft,
                    code,
                    is_lower,
                    (&mut taken, &mut taken_ids),
                    maker,
                    now,
                )
            }
            (Err(error), _) => Row::Refused {
                code: None,
                reason: Reason::Fields(error),
            },
            (Ok(_), None) => return Err(Error::internal("a row lost its code")),
        };
        rows.push(row);
    }
    Ok(rows)
}

fn one<'a>(
    draft: &Draft,
    mut code: Code,
    is_lower: bool,
    (codes, ids): (&mut HashSet<(String, String)>, &mut HashSet<String>),
    maker: Maker<'_>,
    now: OffsetDateTime,
) -> Row<'a> {
    let refused = |code: Option<String>, reason| Row::Refused {
        code,
        reason: Reason::Found(reason),
    };
    let name = |code: &Code| (draft.domain().to_string(), code.to_string());
    if codes.contains(&name(&code)) {
        if draft.code().is_some() {
            let suggestion = generate_code(is_lower).to_string();
            let code = code.to_string();
            let reason = Error::CodeTaken {
                code: code.clone(),
                suggestion,
            };
            return refused(Some(code), reason);
        }
        // By a row before.
        code = generate_code(is_lower);
    }
    if let Some(id) = draft.external_id()
        && !ids.insert(id.to_owned())
    {
        let asked = draft.code().map(Code::to_string);
        return refused(asked, Error::Conflict("another link has this external id"));
    }
    codes.insert(name(&code));
    Row::New(Box::new(draft.row(&code, maker, now)))
}
