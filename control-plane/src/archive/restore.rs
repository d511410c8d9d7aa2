//! Making everything in a file, in one transaction.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::Domain;
use serde_json::{Value, json};
use sqlx::{Acquire, PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use super::line::{KeptDomain, Line};
use crate::audit::{self, Action, Cause, Event};
use crate::auth::id::UtmTemplateId;
use crate::db::{self, DomainRow, ImportRow, LinkRow, UtmTemplateRow};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::imports::RefusedRow;
use crate::problem::Problem;
use crate::qr::Logo;
use crate::routes::domains::{self, app_files};
use crate::routes::utm_templates::{self, UtmTemplate};
use crate::state::AppState;

/// Links that are written with one statement.
const CHUNK: usize = 1_000;

/// Faults that are kept. More would help nobody.
const MAX_FAULTS: usize = 1_000;

/// What is wrong with which lines.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Each a [`RefusedRow`].
    pub(crate) shown: Vec<Value>,
    /// How many there are.
    pub(crate) count: i32,
}

impl Faults {
    fn add(&mut self, line: usize, link: Option<&LinkRow>, reason: &Error) {
        self.count += 1;
        if self.shown.len() < MAX_FAULTS {
            let line = i64::try_from(line).unwrap_or(i64::MAX);
            let refused = RefusedRow {
                row: line,
                line: Some(line),
                domain: link.map(|link| link.domain.clone()),
                code: link.map(|link| link.code.clone()),
                problem: Problem::from(reason).with_few_errors(),
            };
            self.shown.push(json!(refused));
        }
    }
}

/// What a file is made of. Each with the number of its line.
#[derive(Default)]
struct Parts {
    domains: Vec<(usize, DomainRow)>,
    logo: Option<(usize, Vec<u8>)>,
    templates: Vec<(usize, UtmTemplateRow)>,
    links: Vec<(usize, LinkRow)>,
}

/// Makes all of it, and says how many links that were; or what is wrong, and then the transaction is
/// to be rolled back.
///
/// A dry run ends where writing would begin, and gives each lock back at once that others wait for.
///
/// # Errors
/// When it is to be tried again.
pub(crate) async fn restore(
    state: &AppState,
    connection: &mut PgConnection,
    import: &ImportRow,
    lines: Vec<Value>,
) -> Result<Result<i32, Faults>> {
    let workspace_id = import.workspace_id;
    // A hundred thousand addresses take a while to check, in which this thread would answer nobody.
    let checking = tokio::task::spawn_blocking({
        let state = state.clone();
        move || check(lines, &state, workspace_id)
    });
    let (mut parts, mut faults) = checking.await.map_err(Error::internal)?;
    if !import.is_dry_run {
        db::take_names(connection).await?;
    }
    if db::workspace_has_links(connection, workspace_id).await? {
        faults.add(1, None, &not_empty());
        return Ok(Err(faults));
    }
    set_domains(state, connection, &mut parts, import, &mut faults).await?;
    look_for_taken_templates(connection, &parts, import, &mut faults).await?;
    look_for_taken(state, connection, &parts, import, &mut faults).await?;
    if faults.count > 0 {
        return Ok(Err(faults));
    }
    if import.is_dry_run {
        return Ok(Ok(parts.links.len() as i32));
    }
    write(connection, parts, import, state.now()).await.map(Ok)
}

/// What whoever asks for it is told.
pub(crate) fn not_empty() -> Error {
    Error::Conflict("only a workspace without links, also in the bin, can be restored into")
}

fn check(lines: Vec<Value>, state: &AppState, workspace_id: Uuid) -> (Parts, Faults) {
    let mut parts = Parts::default();
    let mut faults = Faults::default();
    let mut names = HashSet::new();
    let mut ids = HashSet::new();
    let mut external_ids = HashSet::new();
    let mut domains = HashSet::new();
    let (mut template_ids, mut template_names) = (HashSet::new(), HashSet::new());
    let twice = |what| Error::Conflict(what);
    for (number, line) in (1..).zip(lines) {
        let line: Line = match serde_json::from_value(line) {
            Ok(line) => line,
            Err(error) => {
                faults.add(number, None, &Error::invalid("line", "invalid_line", error));
                continue;
            }
        };
        match line {
            Line::Workspace(_) | Line::End(_) => {}
            Line::Domain(kept) => match domain(kept, state, workspace_id) {
                Ok(row) if domains.insert(row.domain.clone()) => parts.domains.push((number, row)),
                Ok(_) => faults.add(number, None, &twice("this domain is in the file twice")),
                Err(error) => faults.add(number, None, &error),
            },
            // Decoding one takes a hundred times as long as reading it.
            Line::Logo(_) if parts.logo.is_some() => {
                faults.add(number, None, &twice("a logo is in the file twice"));
            }
            Line::Logo(kept) => match logo(&kept.png) {
                Ok(png) => parts.logo = Some((number, png)),
                Err(error) => faults.add(number, None, &error),
            },
            Line::UtmTemplate(kept) => match kept.check(state) {
                Ok(row) => {
                    let is_new =
                        template_ids.insert(row.id) & template_names.insert(row.name.clone());
                    if !is_new {
                        faults.add(number, None, &twice("this id or name is in the file twice"));
                    }
                    parts.templates.push((number, row));
                }
                Err(error) => faults.add(number, None, &error),
            },
            Line::Link(kept) => match kept.check(state, workspace_id) {
                Ok(link) => {
                    let is_new = ids.insert(link.id)
                        & names.insert((link.domain.clone(), link.code.clone()));
                    if !is_new {
                        let fault = twice("this id or code is in the file twice");
                        faults.add(number, Some(&link), &fault);
                    }
                    if let (Some(external_id), None) = (&link.external_id, link.deleted_at)
                        && !external_ids.insert(external_id.clone())
                    {
                        let fault = twice("this external id is in the file twice");
                        faults.add(number, Some(&link), &fault);
                    }
                    parts.links.push((number, link));
                }
                Err(error) => faults.add(number, None, &error),
            },
        }
    }
    (parts, faults)
}

fn domain(kept: KeptDomain, state: &AppState, workspace_id: Uuid) -> Result<DomainRow> {
    let domain = match kept.domain {
        None => state.config.default_domain.clone(),
        Some(name) => name.parse().map_err(|_| Error::NotFound("domain"))?,
    };
    let mut check = FieldCheck::of_restored(state, false);
    let mut url = |field, text: Option<String>| check.url(field, &text?);
    let row = DomainRow {
        domain: domain.to_string(),
        workspace_id,
        root_url: url("root_url", kept.root_url),
        not_found_url: url("not_found_url", kept.not_found_url),
        expired_url: url("expired_url", kept.expired_url),
        ignores_case: kept.ignores_case,
        apple_app_site_association: kept
            .apple_app_site_association
            .and_then(|file| app_files::apple_app_site_association(file, &mut check)),
        assetlinks: kept
            .assetlinks
            .and_then(|file| app_files::assetlinks(file, &mut check)),
        updated_at: state.now(),
        revision: 0,
    };
    check.finish()?;
    Ok(row)
}

fn logo(text: &str) -> Result<Vec<u8>> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| Error::invalid("png", "invalid_base64", "this is not base64"))?;
    Ok(Logo::accept(&bytes)?.into_png())
}

/// Writes the settings of domains, all of which must be the workspace's. They are logged later, with
/// the links.
async fn set_domains(
    state: &AppState,
    connection: &mut PgConnection,
    parts: &mut Parts,
    import: &ImportRow,
    faults: &mut Faults,
) -> Result<()> {
    for (number, wanted) in &parts.domains {
        let mut step = connection.begin().await?;
        if let Some(fault) = set_domain(state, &mut step, wanted, import.workspace_id).await? {
            faults.add(*number, None, &fault);
        }
        end(step, import).await?;
    }
    Ok(())
}

/// Writes the settings of a domain, or says why not.
async fn set_domain(
    state: &AppState,
    connection: &mut PgConnection,
    wanted: &DomainRow,
    workspace_id: Uuid,
) -> Result<Option<Error>> {
    let domain: Domain = wanted.domain.parse().map_err(Error::internal)?;
    // The installation's own may have no row yet, and belongs to the first workspace.
    let is_own = domain == state.config.default_domain;
    if is_own && db::first_workspace(connection).await? == Some(workspace_id) {
        db::insert_domain(connection, &domain, workspace_id, state.now()).await?;
    }
    let locked = db::lock_domain(connection, &domain, workspace_id).await?;
    if locked.is_none() {
        return Ok(Some(match is_own {
            true => Error::Conflict(
                "only the first workspace has settings of the installation's own domain",
            ),
            false => Error::NotFound("domain of this workspace"),
        }));
    }
    if wanted.ignores_case && !db::has_lower_case_only(connection, &domain).await? {
        let fault = Error::Conflict("some codes of this domain have capital letters");
        return Ok(Some(fault));
    }
    db::update_domain(connection, wanted).await?;
    Ok(None)
}

/// Ends a step. What a dry run wrote is taken back, and with it go the locks.
async fn end(step: Transaction<'_, Postgres>, import: &ImportRow) -> Result<()> {
    match import.is_dry_run {
        true => step.rollback().await?,
        false => step.commit().await?,
    }
    Ok(())
}

/// Finds templates that cannot be written, because of others. Nobody makes one until the end of the
/// transaction.
async fn look_for_taken_templates(
    connection: &mut PgConnection,
    parts: &Parts,
    import: &ImportRow,
    faults: &mut Faults,
) -> Result<()> {
    let Some((last, _)) = parts.templates.last() else {
        return Ok(());
    };
    let workspace_id = import.workspace_id;
    let mut step = connection.begin().await?;
    let count = db::count_utm_templates(&mut step, workspace_id).await?;
    if count + parts.templates.len() as i64 > utm_templates::MOST {
        let fault = Error::Conflict("a workspace has at most 200 UTM templates");
        faults.add(*last, None, &fault);
        return end(step, import).await;
    }
    for (number, row) in &parts.templates {
        if db::is_utm_template_taken(&mut step, workspace_id, row).await? {
            let fault = Error::Conflict("another template has this name or id");
            faults.add(*number, None, &fault);
        }
    }
    end(step, import).await
}

/// Finds links that cannot be written, because of what others have.
async fn look_for_taken(
    state: &AppState,
    connection: &mut PgConnection,
    parts: &Parts,
    import: &ImportRow,
    faults: &mut Faults,
) -> Result<()> {
    let usable = usable_domains(state, connection, parts, import).await?;
    for chunk in parts.links.chunks(CHUNK) {
        let of =
            |text: fn(&LinkRow) -> &str| chunk.iter().map(move |(_, link)| text(link).to_owned());
        let domains: Vec<String> = of(|link| &link.domain).collect();
        let codes: Vec<String> = of(|link| &link.code).collect();
        let taken = db::taken_codes(connection, &domains, &codes).await?;
        let ids: Vec<Uuid> = chunk.iter().map(|(_, link)| link.id).collect();
        let taken_ids = db::taken_ids(connection, &ids).await?;
        for (number, link) in chunk {
            let fault = match usable.get(&link.domain) {
                None => Some(Error::NotFound("domain of this workspace")),
                Some(true) if link.code.chars().any(|letter| letter.is_ascii_uppercase()) => Some(
                    Error::Conflict("codes of this domain have no capital letters"),
                ),
                _ if taken.contains(&(link.domain.clone(), link.code.clone())) => {
                    Some(Error::Conflict("the code is taken"))
                }
                _ if taken_ids.contains(&link.id) => Some(Error::Conflict("the id is taken")),
                _ => None,
            };
            if let Some(fault) = fault {
                faults.add(*number, Some(link), &fault);
            }
        }
    }
    Ok(())
}

/// The domains of the file under which the workspace may have links, and whether codes there are in lower
/// case: as it is, and in a dry run as it would be by then.
async fn usable_domains(
    state: &AppState,
    connection: &mut PgConnection,
    parts: &Parts,
    import: &ImportRow,
) -> Result<HashMap<String, bool>> {
    let names = parts.links.iter().map(|(_, link)| link.domain.as_str());
    let names: HashSet<&str> = names.collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let mut step = connection.begin().await?;
    let default = &state.config.default_domain;
    let mut usable = db::hold_cases(&mut step, import.workspace_id, &names, default).await?;
    end(step, import).await?;
    for (_, wanted) in &parts.domains {
        if let Some(is_lower) = usable.get_mut(&wanted.domain) {
            *is_lower = wanted.ignores_case;
        }
    }
    Ok(usable)
}

/// From here on, other writers wait.
async fn write(
    connection: &mut PgConnection,
    parts: Parts,
    import: &ImportRow,
    now: OffsetDateTime,
) -> Result<i32> {
    let cause = Cause {
        action: Action::Created,
        actor: &import.created_by,
        at: now,
    };
    if let Some((_, png)) = &parts.logo {
        db::put_qr_logo(&mut *connection, import.workspace_id, png, now).await?;
    }
    for (_, row) in parts.templates {
        db::insert_utm_template(connection, import.workspace_id, &row).await?;
        let event = Event {
            actor: cause.actor,
            action: "utm_template.created",
            subject: UtmTemplateId(row.id).to_string(),
            state: serde_json::to_string(&UtmTemplate::from(row)).map_err(Error::internal)?,
        };
        audit::record(connection, import.workspace_id, &[event], now).await?;
    }
    for (_, row) in parts.domains {
        let name = row.domain.clone();
        let event = Event {
            actor: cause.actor,
            action: "domain.updated",
            subject: name.clone(),
            state: serde_json::to_string(&domains::Domain::from(row)).map_err(Error::internal)?,
        };
        audit::record(connection, import.workspace_id, &[event], now).await?;
        db::log_domain_change(connection, &name, now).await?;
    }
    let made = parts.links.len() as i32;
    let mut links = parts.links.into_iter().map(|(_, link)| link);
    loop {
        let chunk: Vec<LinkRow> = links.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(made);
        }
        db::insert_links(connection, chunk, &cause).await?;
    }
}
