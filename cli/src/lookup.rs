//! Settings of this process: the environment first, what `linkpulse up` decided where it is silent.

use std::collections::BTreeMap;

use service::settings::Setting;

/// Reads the environment and knows what to say where it is silent.
#[derive(Default)]
pub(crate) struct Lookup {
    fallbacks: BTreeMap<&'static str, String>,
}

impl Lookup {
    /// What holds unless the environment says otherwise.
    pub(crate) fn fall_back(&mut self, setting: &Setting, value: impl Into<String>) {
        self.fallbacks.insert(setting.name, value.into());
    }

    /// Whether the environment itself has the setting.
    pub(crate) fn is_given(setting: &Setting) -> bool {
        is_given(setting.name)
    }

    /// A variable, as [`service::Environment`] asks for them: by name, then by `NAME_FILE`.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let given = service::env::process(name).filter(|value| !value.is_empty());
        given.or_else(|| {
            let fallback = self.fallbacks.get(name)?;
            // Both forms at once would be refused.
            (!is_given(name)).then(|| fallback.clone())
        })
    }

    /// What a program that we start needs in addition to our own environment.
    pub(crate) fn additions(&self) -> BTreeMap<&'static str, String> {
        let silent = |(name, _): &(&&'static str, &String)| !is_given(name);
        let fallbacks = self.fallbacks.iter().filter(silent);
        fallbacks
            .map(|(name, value)| (*name, value.clone()))
            .collect()
    }
}

/// An empty variable counts as absent, as for the services.
fn is_given(name: &str) -> bool {
    let file_name = format!("{name}_FILE");
    [name, &file_name]
        .into_iter()
        .any(|name| service::env::process(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::Environment;
    use service::settings::PIPELINE_CONSUMER;

    #[test]
    fn what_the_environment_does_not_say_falls_back() {
        let mut lookup = Lookup::default();
        assert_eq!(lookup.get(PIPELINE_CONSUMER.name), None);
        lookup.fall_back(&PIPELINE_CONSUMER, "worker");
        let get = |name: &str| lookup.get(name);
        let value: String = Environment::new(&get).required(&PIPELINE_CONSUMER).unwrap();
        assert_eq!(value, "worker");
        assert_eq!(lookup.additions()[PIPELINE_CONSUMER.name], "worker");
        assert!(lookup.get("PATH").is_some() && lookup.get("PATH_FILE").is_none());
    }
}
