//! Users of Redis, one for each service: those of `linkpulse up`, and `linkpulse redis-acl` for
//! people who run their own.

use contract::{Keys, RedisUser};
use local_servers::{RedisAccount, random_password};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use service::settings::REDIS_KEY_PREFIX;
use service::{Environment, SettingError};

use crate::lookup::Lookup;
use crate::output;

/// A password for each service. It has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Passwords {
    proxy: String,
    control_plane: String,
    pipeline: String,
}

impl Default for Passwords {
    /// New ones.
    fn default() -> Self {
        let password = || random_password().expose_secret().to_owned();
        Self {
            proxy: password(),
            control_plane: password(),
            pipeline: password(),
        }
    }
}

impl Passwords {
    /// The password of one of them.
    pub(crate) fn of(&self, user: RedisUser) -> &str {
        match user {
            RedisUser::Proxy => &self.proxy,
            RedisUser::ControlPlane => &self.control_plane,
            RedisUser::Pipeline => &self.pipeline,
        }
    }
}

/// What a Redis has to be told of all services.
///
/// # Errors
/// When the prefix of names in Redis cannot be part of a rule.
pub(crate) fn accounts(
    passwords: &Passwords,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<RedisAccount>, SettingError> {
    let prefix: String = Environment::new(lookup).required(&REDIS_KEY_PREFIX)?;
    let keys = Keys::new(prefix);
    let account = |user: RedisUser| {
        let reason = "spaces, quotes and parentheses cannot be part of Redis' access rules";
        Ok(RedisAccount {
            name: user.name().to_owned(),
            password: passwords.of(user).into(),
            rules: user
                .rules(&keys)
                .ok_or_else(|| SettingError::new(&REDIS_KEY_PREFIX, reason))?,
        })
    };
    RedisUser::ALL.into_iter().map(account).collect()
}

/// Prints a file for Redis' `aclfile` setting, with new passwords, and to standard error what to
/// put where. The file can have no comments.
pub(crate) fn print() -> anyhow::Result<()> {
    let lookup = Lookup::default();
    let passwords = Passwords::default();
    let accounts = accounts(&passwords, &|name| lookup.get(name))?;
    let administrator = random_password();
    let administrator = administrator.expose_secret();
    let mut file = format!("user default on >{administrator} ~* &* +@all\n");
    let mut notes = format!(
        "Start Redis with `aclfile` set to a file with these lines, closed to others, and without \
         `requirepass`.\nREDIS_URL of each service, with your host and port:\n  \
         linkpulse (this command): redis://:{administrator}@localhost:6379/0\n"
    );
    for RedisAccount {
        name,
        password,
        rules,
    } in accounts
    {
        let password = password.expose_secret();
        file.push_str(&format!("user {name} >{password} {rules}\n"));
        notes.push_str(&format!(
            "  {name}: redis://{name}:{password}@localhost:6379/0\n"
        ));
    }
    eprint!("{notes}");
    output::document(&file)
}
