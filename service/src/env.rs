//! Reading settings. `main` passes the environment, tests pass a map; nobody calls `set_var`.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::settings::Setting;

/// Exit code of a process with a wrong setting: `EX_USAGE` of sysexits.h.
pub const EXIT_BAD_SETTING: u8 = 64;

/// A setting is missing or wrong. Its text is one line and shows no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct SettingError {
    name: String,
    reason: String,
}

impl SettingError {
    /// The setting is not acceptable because of `reason`, perhaps together with another.
    pub fn new(setting: &Setting, reason: impl fmt::Display) -> Self {
        Self {
            name: setting.name.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Prints the line and gives the exit code. For `main`, before anything is bound.
    pub fn refuse(&self) -> ExitCode {
        eprintln!("linkpulse: {self}");
        ExitCode::from(EXIT_BAD_SETTING)
    }
}

/// The environment of the process, as a look-up.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Settings, read through a look-up.
pub struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Environment<'a> {
    /// Reads through `lookup`.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup }
    }

    /// The value, or the default; without either an error that names the variable.
    pub fn required<T: Value>(&self, setting: &Setting) -> Result<T, SettingError> {
        let value = self.optional(setting)?;
        value.ok_or_else(|| SettingError::new(setting, "is required"))
    }

    /// The value, or the default, or nothing.
    pub fn optional<T: Value>(&self, setting: &Setting) -> Result<Option<T>, SettingError> {
        let Some(text) = self.text(setting)?.or(setting.default.map(str::to_owned)) else {
            return Ok(None);
        };
        match T::parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(expected) if setting.is_secret => {
                Err(SettingError::new(setting, format!("expected {expected}")))
            }
            Err(expected) => Err(SettingError::new(
                setting,
                format!("expected {expected}, got {text:?}"),
            )),
        }
    }

    /// An empty variable counts as absent: compose files and CI set those.
    fn text(&self, setting: &Setting) -> Result<Option<String>, SettingError> {
        let lookup = |name: &str| (self.lookup)(name).filter(|value| !value.is_empty());
        let file_name = format!("{}_FILE", setting.name);
        match (lookup(setting.name), lookup(&file_name)) {
            (Some(_), Some(_)) => Err(SettingError::new(
                setting,
                format!("is set, and {file_name} too: choose one"),
            )),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text.trim_end().to_owned())),
                Err(error) => Err(SettingError {
                    name: file_name,
                    reason: format!("cannot read {path:?}: {error}"),
                }),
            },
            (value, None) => Ok(value),
        }
    }
}

/// What a setting can be.
pub trait Value: Sized {
    /// Reads the text; the error says what was expected.
    fn parse(text: &str) -> Result<Self, &'static str>;
}

impl Value for String {
    fn parse(text: &str) -> Result<Self, &'static str> {
        Ok(text.to_owned())
    }
}

impl Value for SecretString {
    fn parse(text: &str) -> Result<Self, &'static str> {
        Ok(text.into())
    }
}

impl Value for SocketAddr {
    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse()
            .map_err(|_| "an address and a port, for example 127.0.0.1:8080")
    }
}

impl Value for Duration {
    fn parse(text: &str) -> Result<Self, &'static str> {
        humantime::parse_duration(text)
            .map_err(|_| "a duration with a unit, for example 250ms, 10s or 14days")
    }
}

impl Value for NonZeroU32 {
    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse()
            .map_err(|_| "a whole number from 1 to 4294967295")
    }
}

impl Value for u32 {
    /// Nothing we count may be none.
    fn parse(text: &str) -> Result<Self, &'static str> {
        NonZeroU32::parse(text).map(NonZeroU32::get)
    }
}

impl Value for bool {
    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse().map_err(|_| "true or false")
    }
}

impl Value for Url {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let expected = "a URL with a host, for example http://localhost:8080";
        let url = Url::parse(text).map_err(|_| expected)?;
        if url.has_host() {
            Ok(url)
        } else {
            Err(expected)
        }
    }
}

/// A URL with a secret inside, such as a database's; its scheme is checked, its text hidden.
#[derive(Debug, Clone)]
pub struct SecretUrl(pub SecretString);

impl Value for SecretUrl {
    fn parse(text: &str) -> Result<Self, &'static str> {
        <Url as Value>::parse(text)
            .map_err(|_| "a URL of the form scheme://user:password@host:port/name")?;
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;
    use std::collections::BTreeMap;

    fn with(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let pairs: BTreeMap<String, String> = pairs.iter().map(own).collect();
        move |name| pairs.get(name).cloned()
    }

    #[test]
    fn defaults_apply_and_empty_is_absent() {
        let lookup = with(&[("LINKPULSE_PROXY_LISTEN", "")]);
        let listen: SocketAddr = Environment::new(&lookup)
            .required(&settings::PROXY_LISTEN)
            .unwrap();
        assert_eq!(listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn errors_name_the_variable_and_the_form_but_no_secret() {
        let lookup = with(&[
            ("LINKPULSE_PROXY_LISTEN", "8080"),
            ("DATABASE_URL", "hunter2"),
        ]);
        let environment = Environment::new(&lookup);
        let error = environment
            .required::<SocketAddr>(&settings::PROXY_LISTEN)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "LINKPULSE_PROXY_LISTEN: expected an address and a port, for example 127.0.0.1:8080, got \"8080\""
        );
        let error = environment
            .required::<SecretUrl>(&settings::DATABASE_URL)
            .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let error = environment
            .required::<SecretUrl>(&settings::REDIS_URL)
            .unwrap_err();
        assert_eq!(error.to_string(), "REDIS_URL: is required");
    }

    #[test]
    fn a_file_may_hold_the_value_but_not_both() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "debug\n").unwrap();
        let path = file.path().to_str().unwrap();

        let lookup = with(&[("LINKPULSE_LOG_FILE", path)]);
        let value: String = Environment::new(&lookup).required(&settings::LOG).unwrap();
        assert_eq!(value, "debug");

        let lookup = with(&[("LINKPULSE_LOG_FILE", path), ("LINKPULSE_LOG", "info")]);
        assert!(
            Environment::new(&lookup)
                .required::<String>(&settings::LOG)
                .is_err()
        );

        let lookup = with(&[("LINKPULSE_LOG_FILE", "/does/not/exist")]);
        let error = Environment::new(&lookup)
            .required::<String>(&settings::LOG)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("LINKPULSE_LOG_FILE: cannot read"),
            "{error}"
        );
    }

    #[test]
    fn every_default_is_a_value_of_some_kind() {
        let nothing = |_: &str| None;
        let environment = Environment::new(&nothing);
        for setting in settings::ALL
            .iter()
            .filter(|setting| setting.name.ends_with("LISTEN") && setting.default.is_some())
        {
            environment.required::<SocketAddr>(setting).unwrap();
        }
        for setting in [
            settings::SHUTDOWN_GRACE,
            settings::SESSION_LIFETIME,
            settings::PIPELINE_CLAIM_IDLE,
        ] {
            environment.required::<Duration>(&setting).unwrap();
        }
    }
}
