//! What each service may do in Redis, as rules of its access control list (Redis 7.0 and later).
//!
//! A service that was broken into must not reach what others own: whoever has the proxy's password
//! can add clicks and read links, and can change neither links nor the change log. Two things these
//! rules cannot forbid: XADD may also trim the stream that it adds to, and a list of keys is by
//! name, so somebody may guess which domains and codes there are.
//!
//! Each service has a line per kind of thing that it does; commands and keys of one line do not
//! mix with those of another. Whoever gives a service a new command adds it here.

use crate::Keys;

/// Whoever talks to Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisUser {
    /// Reads links and the change log, counts visits of capped links, adds clicks.
    Proxy,
    /// Writes links and the change log, limits callers.
    ControlPlane,
    /// Takes clicks.
    Pipeline,
}

impl RedisUser {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Proxy, Self::ControlPlane, Self::Pipeline];

    /// The name to log in with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proxy => "linkpulse-proxy",
            Self::ControlPlane => "linkpulse-control-plane",
            Self::Pipeline => "linkpulse-pipeline",
        }
    }

    /// Its rules, without name and password; they replace what it had. `None` if the prefix has a
    /// character that no rule can have.
    pub fn rules(self, keys: &Keys) -> Option<String> {
        let prefix = pattern(keys.prefix())?;
        let rules = match self {
            Self::Proxy => PROXY,
            Self::ControlPlane => CONTROL_PLANE,
            Self::Pipeline => PIPELINE,
        };
        // To log in, to ask who and where one is, to follow a cluster; not to look at others.
        let connection = "on resetkeys resetchannels clearselectors -@all \
                          +@connection -@admin -@dangerous +info \
                          +cluster|slots +cluster|shards";
        let rules: Vec<String> = rules
            .iter()
            .map(|rule| rule.replace("{lp}", &prefix))
            .collect();
        Some(format!("{connection} {}", rules.join(" ")))
    }
}

/// `{lp}` stands for the prefix.
const PROXY: &[&str] = &[
    "&{lp}:invalidate &{lp}:ack:* +subscribe +unsubscribe",
    "(%R~{lp}:link:* +hmget)",
    "(%R~{lp}:heartbeat:{feed} %R~{lp}:epoch:{feed} +get)",
    "(%R~{lp}:changes:{feed} +xrange)",
    "(~{lp}:cap:* +get +incr +decr)",
    "(~{lp}:click_events:* +xadd +xrange +xlen)",
];

const CONTROL_PLANE: &[&str] = &[
    "&{lp}:invalidate +publish +multi +exec +discard +script|load",
    // Scripts: a rule for the call, and for what it does in turn.
    "(~{lp}:link:* +evalsha +hmget +hset)",
    "(~{lp}:position:* +evalsha +get +set)",
    "(~{lp}:epoch:{feed} ~{lp}:heartbeat:{feed} +get +set +del)",
    "(~{lp}:changes:{feed} +evalsha +xadd +xrevrange +del)",
    "(~{lp}:cap:* +evalsha +get +set)",
    "(~{lp}:attempts:* ~{lp}:rate:* +evalsha +get +set +hget +hset +pexpire)",
];

const PIPELINE: &[&str] = &[
    "&{lp}:ack:* +publish +multi +exec +discard",
    "(~{lp}:click_events:* +xgroup|create +xreadgroup +xautoclaim +xpending +xinfo|groups +xlen +xack +xdel +xtrim)",
];

/// The prefix as a pattern that nothing else matches.
fn pattern(prefix: &str) -> Option<String> {
    let mut pattern = String::with_capacity(prefix.len());
    for character in prefix.chars() {
        match character {
            '*' | '?' | '[' | ']' | '\\' => pattern.extend(['\\', character]),
            // They end a rule, or a selector.
            '(' | ')' | '"' | '\'' => return None,
            _ if character.is_whitespace() || character.is_control() => return None,
            _ => pattern.push(character),
        }
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_about_one_prefix() {
        let rules = RedisUser::Pipeline.rules(&Keys::new("a*")).unwrap();
        assert!(
            rules.starts_with("on resetkeys resetchannels clearselectors -@all"),
            "{rules}"
        );
        assert!(rules.contains("&a\\*:ack:* +publish"), "{rules}");
        assert!(!rules.contains("{lp}"), "{rules}");
        for wrong in ["a b", "a\n", "a)", "\""] {
            assert_eq!(RedisUser::Proxy.rules(&Keys::new(wrong)), None);
        }
    }
}
