//! Who may sign in.

use control_plane::accounts;
use time::OffsetDateTime;

use crate::database::Databases;
use crate::output::Output;
use crate::password;
use crate::user::in_words;

/// Name of the first API key.
const FIRST_KEY: &str = "First key, made by linkpulse up";

/// Who may sign in.
pub(crate) enum Account {
    /// Made by this start. Both secrets exist here only; the database has hashes.
    New {
        email: String,
        password: String,
        api_key: String,
    },
    /// Was there before.
    Existing { email: String },
}

impl Account {
    /// Whether nobody could sign in before.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self, Self::New { .. })
    }
}

/// The first user, who is made now if there is none. To be called right before the secrets are
/// shown: a start that failed in between would leave a user whose password nobody has seen.
pub(crate) async fn find_or_make(
    databases: &Databases,
    email: &str,
    output: Output,
) -> anyhow::Result<Account> {
    if let Some(email) = databases.first_user().await? {
        return Ok(Account::Existing { email });
    }
    output
        .step("Make the first user and API key", make(databases, email))
        .await
}

async fn make(databases: &Databases, email: &str) -> anyhow::Result<Account> {
    let now = OffsetDateTime::now_utc();
    // The key first: it can be made again, should the rest fail.
    let mut random = rand::rng();
    let key = accounts::create_key(
        &databases.links,
        FIRST_KEY,
        &accounts::USUAL_SCOPES,
        &mut random,
        now,
    );
    let key = key.await.map_err(in_words)?.key;
    let password = password::generate();
    let user = accounts::create_owner(&databases.links, email, password.clone(), now);
    user.await.map_err(in_words)?;
    Ok(Account::New {
        email: email.to_owned(),
        password,
        api_key: key.expose().to_owned(),
    })
}
