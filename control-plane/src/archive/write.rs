//! Writing the file while it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, stream};
use time::OffsetDateTime;
use uuid::Uuid;

use super::line::{Begin, End, FORMAT, KeptDomain, KeptLogo, Line};
use crate::db;
use crate::error::Result;
use crate::routes::links::KeptLink;
use crate::routes::utm_templates::KeptUtmTemplate;
use crate::state::AppState;

/// Links that are in memory at a time.
const CHUNK: i64 = 500;

/// What comes next.
enum Next {
    Begin,
    Links {
        after: Option<(OffsetDateTime, Uuid)>,
    },
    End,
    Nothing,
}

/// The lines, each part read when the one before has been sent.
pub(crate) fn write(
    state: AppState,
    workspace_id: Uuid,
) -> impl Stream<Item = Result<Vec<u8>>> + Send {
    let begin = (Next::Begin, 0);
    stream::try_unfold(begin, move |(next, count)| {
        let state = state.clone();
        async move {
            let (lines, next) = match next {
                Next::Nothing => return Ok(None),
                Next::Begin => {
                    let head = head(&state, workspace_id).await?;
                    (head, Next::Links { after: None })
                }
                Next::Links { after } => links(&state, workspace_id, after).await?,
                Next::End => (vec![Line::End(End { lines: count })], Next::Nothing),
            };
            let mut bytes = Vec::new();
            for line in &lines {
                line.write(&mut bytes)?;
            }
            Ok(Some((bytes, (next, count + lines.len()))))
        }
    })
}

async fn head(state: &AppState, workspace_id: Uuid) -> Result<Vec<Line>> {
    let mut lines = vec![Line::Workspace(Begin { format: FORMAT })];
    let own = state.config.default_domain.as_str();
    let mut domains = db::list_domains(&state.pool, workspace_id).await?;
    // The same order wherever it is, so the one without a name comes first.
    domains.sort_by_key(|row| row.domain != own);
    for row in domains {
        lines.push(Line::Domain(KeptDomain {
            domain: Some(row.domain).filter(|name| name != own),
            root_url: row.root_url,
            not_found_url: row.not_found_url,
            expired_url: row.expired_url,
            ignores_case: row.ignores_case,
            apple_app_site_association: row.apple_app_site_association.map(|file| file.0),
            assetlinks: row.assetlinks.map(|file| file.0),
        }));
    }
    if let Some(png) = db::find_qr_logo(&state.pool, workspace_id).await? {
        let png = STANDARD.encode(png);
        lines.push(Line::Logo(KeptLogo { png }));
    }
    let mut templates = db::list_utm_templates(&state.pool, workspace_id).await?;
    // Databases differ in what comes before what.
    templates.sort_by(|one, other| one.name.cmp(&other.name));
    for row in templates {
        lines.push(Line::UtmTemplate(KeptUtmTemplate::of(row)?));
    }
    Ok(lines)
}

async fn links(
    state: &AppState,
    workspace_id: Uuid,
    after: Option<(OffsetDateTime, Uuid)>,
) -> Result<(Vec<Line>, Next)> {
    let rows = db::links_to_export(&state.pool, workspace_id, after, CHUNK).await?;
    let next = match rows.last() {
        Some(last) if rows.len() as i64 == CHUNK => Next::Links {
            after: Some((last.created_at, last.id)),
        },
        _ => Next::End,
    };
    let own = &state.config.default_domain;
    let line = |row| Ok(Line::Link(Box::new(KeptLink::of(row, own)?)));
    let lines = rows.into_iter().map(line).collect::<Result<_>>()?;
    Ok((lines, next))
}
