//! Making users and keys from the command line, where nobody is signed in yet.

use rand::Rng;
use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::{COMMAND_LINE, Deed};
use crate::auth::id::{ApiKeyId, UserId, WorkspaceId};
use crate::auth::{ApiKey, PasswordHasher, Role, Scope};
use crate::db::{self, KeyRow, MemberRow, UserRow};
use crate::error::{Error, Result};
use crate::routes::invitations::withdraw_made_by;
use crate::routes::keys;
use crate::routes::members::Member;

/// Shortest password in bytes. NIST SP 800-63B asks for 8 at least.
pub const MIN_PASSWORD_LENGTH: usize = 10;

/// Longest password in bytes: hashing must not become a way to keep us busy.
pub const MAX_PASSWORD_LENGTH: usize = 1024;

/// Makes a user who owns the installation's workspace, and the workspace if there is none.
///
/// # Errors
/// [`Error::Invalid`] for an address or password that cannot be used, [`Error::Conflict`] when the
/// address is taken.
pub async fn create_owner(
    pool: &PgPool,
    email: &str,
    password: String,
    now: OffsetDateTime,
) -> Result<Uuid> {
    let email = self::email(email)?;
    check_password("password", &password)?;
    let password_hash = PasswordHasher::default().hash(password).await?;
    let user = UserRow {
        id: Uuid::now_v7(),
        email,
        password_hash,
    };
    let mut transaction = db::begin(pool).await?;
    if !db::insert_user(&mut transaction, &user, now).await? {
        return Err(Error::Conflict("this e-mail address has a user already"));
    }
    let workspace_id = workspace(&mut transaction, now).await?;
    let role = Role::Owner.as_str().to_owned();
    db::insert_membership(&mut transaction, workspace_id, user.id, &role).await?;
    let member = MemberRow {
        user_id: user.id,
        email: user.email,
        role,
        created_at: now,
    };
    let member = Member::try_from(member)?;
    deed(workspace_id, "member.joined", now)
        .record(&mut transaction, UserId(user.id), &member)
        .await?;
    db::commit(transaction).await?;
    Ok(user.id)
}

/// What keys may do that are made without saying so.
pub const USUAL_SCOPES: [Scope; 3] = [Scope::Read, Scope::Write, Scope::Analytics];

/// A new API key for the installation's workspace.
#[derive(Clone)]
pub struct CreatedKey {
    /// Identity, to revoke it by.
    pub id: Uuid,
    /// The key, to be shown once.
    pub key: ApiKey,
}

/// Makes an API key.
///
/// # Errors
/// [`Error::Invalid`] for a name that is empty or longer than 100 characters.
pub async fn create_key(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    random: &mut impl Rng,
    now: OffsetDateTime,
) -> Result<CreatedKey> {
    if !(1..=100).contains(&name.chars().count()) {
        return Err(Error::invalid(
            "name",
            "invalid_length",
            "a name has 1 to 100 characters",
        ));
    }
    if scopes.is_empty() {
        return Err(Error::invalid(
            "scopes",
            "required",
            "say what the key may do",
        ));
    }
    let key = ApiKey::generate(random);
    let mut transaction = db::begin(pool).await?;
    let workspace_id = workspace(&mut transaction, now).await?;
    let row = KeyRow {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        prefix: key.shown_prefix().to_owned(),
        scopes: scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        domain: None,
        tag: None,
        rate_limit: None,
        replaces: None,
        created_at: now,
        expires_at: None,
        last_used_at: None,
    };
    db::insert_api_key(&mut transaction, workspace_id, &row, &key.hash()).await?;
    let id = row.id;
    let made = keys::ApiKey::try_from(row)?;
    deed(workspace_id, "key.created", now)
        .record(&mut transaction, ApiKeyId(id), &made)
        .await?;
    db::commit(transaction).await?;
    Ok(CreatedKey { id, key })
}

/// Ends an API key; false when there is none to end.
///
/// # Errors
/// When the database cannot be reached.
pub async fn revoke_key(pool: &PgPool, id: Uuid, now: OffsetDateTime) -> Result<bool> {
    let mut transaction = db::begin(pool).await?;
    let Some(workspace_id) = db::workspace_of_key(&mut transaction, id).await? else {
        return Ok(false);
    };
    let Some(key) = db::lock_api_key(&mut transaction, workspace_id, id).await? else {
        return Ok(false);
    };
    db::revoke_api_key(&mut transaction, id, now).await?;
    let deed = deed(workspace_id, "key.revoked", now);
    withdraw_made_by(&mut transaction, &deed, &ApiKeyId(id).to_string(), None).await?;
    let key = keys::ApiKey::try_from(key)?;
    deed.record(&mut transaction, ApiKeyId(id), &key).await?;
    db::commit(transaction).await?;
    Ok(true)
}

/// What is done here, for the audit log.
fn deed(workspace_id: Uuid, action: &'static str, at: OffsetDateTime) -> Deed<'static> {
    Deed {
        workspace_id,
        actor: COMMAND_LINE,
        action,
        at,
    }
}

/// The installation's workspace; made at the first call.
async fn workspace(connection: &mut sqlx::PgConnection, now: OffsetDateTime) -> Result<Uuid> {
    if let Some(id) = db::first_workspace(connection).await? {
        return Ok(id);
    }
    let id = Uuid::now_v7();
    let name = "Workspace";
    db::insert_workspace(connection, id, name, now).await?;
    deed(id, "workspace.created", now)
        .record(connection, WorkspaceId(id), &json!({ "name": name }))
        .await?;
    Ok(id)
}

/// An address in the form in which it is stored.
pub(crate) fn email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    match is_email(&email) {
        true => Ok(email),
        false => Err(Error::invalid(
            "email",
            "invalid_email",
            "this is not an e-mail address",
        )),
    }
}

/// Refuses what cannot become a password.
pub(crate) fn check_password(field: &str, password: &str) -> Result<()> {
    if (MIN_PASSWORD_LENGTH..=MAX_PASSWORD_LENGTH).contains(&password.len()) {
        return Ok(());
    }
    let message = format!("a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} bytes");
    Err(Error::invalid(field, "invalid_length", message))
}

/// Good enough to catch a slip; only a message that arrives proves an address.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    !local.is_empty()
        && text.len() <= 254
        && !text
            .chars()
            .any(|character| character.is_whitespace() || character.is_control())
        && domain.parse::<contract::Domain>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn slips_are_caught() {
        for good in [
            "a@b.de",
            "first.last+tag@mail.example.com",
            "root@localhost",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@b.de", "a@", "a b@c.de", "a@b..de", "a@b.de\n"] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }
}
