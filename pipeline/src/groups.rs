//! The consumer groups of a stream, and up to where each is done.
//!
//! Read by hand, as entries are: a group may have any bytes for a name, and must not stop us.

use std::fmt;
use std::str::FromStr;

use redis::{ErrorKind, RedisError, RedisResult, Value};

/// The id of an entry: milliseconds, and a number within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamId(u64, u64);

impl StreamId {
    /// The first id that is greater.
    fn next(self) -> Self {
        match self.1.checked_add(1) {
            Some(number) => Self(self.0, number),
            None => Self(self.0.saturating_add(1), 0),
        }
    }
}

impl FromStr for StreamId {
    type Err = RedisError;

    fn from_str(text: &str) -> RedisResult<Self> {
        let parts = text.split_once('-');
        let parsed = parts.and_then(|(one, two)| Some(Self(one.parse().ok()?, two.parse().ok()?)));
        parsed.ok_or_else(|| unexpected("the id of a stream entry"))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.0, self.1)
    }
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: Vec<u8>,
    /// The newest entry that one of its consumers was given.
    pub(crate) last_delivered: StreamId,
    /// Whether there are entries that were given and not acknowledged.
    pub(crate) has_pending: bool,
}

impl Group {
    /// The first entry that the group may still need, given its oldest pending one. Everything
    /// below was given and acknowledged.
    pub(crate) fn floor(&self, oldest_pending: Option<StreamId>) -> StreamId {
        let undelivered = self.last_delivered.next();
        oldest_pending.map_or(undelivered, |oldest| oldest.min(undelivered))
    }
}

/// The groups in a reply to XINFO GROUPS.
pub(crate) fn from_info(reply: Value) -> RedisResult<Vec<Group>> {
    let Value::Array(groups) = reply else {
        return Err(unexpected("a list of consumer groups"));
    };
    let group = |group| from_facts(group).ok_or_else(|| unexpected("a consumer group"));
    groups.into_iter().map(group).collect()
}

fn from_facts(group: Value) -> Option<Group> {
    let facts: Vec<(Value, Value)> = match group {
        Value::Array(list) => {
            let (pairs, _) = list.as_chunks::<2>();
            pairs
                .iter()
                .map(|[name, value]| (name.clone(), value.clone()))
                .collect()
        }
        // What RESP3 has instead.
        Value::Map(facts) => facts,
        _ => return None,
    };
    let fact = |wanted: &[u8]| {
        let mut found = facts.iter().filter(|(name, _)| bytes(name) == Some(wanted));
        found.next().map(|(_, value)| value)
    };
    let last_delivered = std::str::from_utf8(bytes(fact(b"last-delivered-id")?)?).ok()?;
    Some(Group {
        name: bytes(fact(b"name")?)?.to_vec(),
        last_delivered: last_delivered.parse().ok()?,
        has_pending: !matches!(fact(b"pending")?, Value::Int(0)),
    })
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn unexpected(wanted: &'static str) -> RedisError {
    RedisError::from((
        ErrorKind::UnexpectedReturnType,
        "a reply that is not",
        wanted.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> StreamId {
        text.parse().unwrap()
    }

    #[test]
    fn ids_are_ordered_by_number() {
        assert!(id("9-1") < id("10-0"));
        assert_eq!(id("5-0").next(), id("5-1"));
        assert_eq!(id(&format!("5-{}", u64::MAX)).next(), id("6-0"));
        assert_eq!(id("5-7").to_string(), "5-7");
        assert!("5".parse::<StreamId>().is_err());
    }

    #[test]
    fn a_group_needs_what_it_was_not_given_or_has_not_acknowledged() {
        let group = Group {
            name: b"g".to_vec(),
            last_delivered: id("5-3"),
            has_pending: true,
        };
        assert_eq!(group.floor(None), id("5-4"));
        assert_eq!(group.floor(Some(id("4-0"))), id("4-0"));
        // It was given more since we asked for its groups.
        assert_eq!(group.floor(Some(id("9-0"))), id("5-4"));
    }

    #[test]
    fn groups_may_have_any_name() {
        let text = |text: &[u8]| Value::BulkString(text.to_vec());
        let facts = vec![
            text(b"name"),
            text(b"\xff"),
            text(b"pending"),
            Value::Int(2),
            text(b"last-delivered-id"),
            text(b"7-0"),
        ];
        let expected = Group {
            name: b"\xff".to_vec(),
            last_delivered: id("7-0"),
            has_pending: true,
        };
        let reply = Value::Array(vec![Value::Array(facts)]);
        assert_eq!(from_info(reply).unwrap(), [expected]);
        assert!(from_info(Value::Nil).is_err());
        assert!(from_info(Value::Array(vec![Value::Array(Vec::new())])).is_err());
    }
}
