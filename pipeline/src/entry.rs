//! Entries of a stream as Redis returns them, before anybody asks what they mean.
//!
//! Read by hand: the library's own types give up on a whole reply for one field name that is not
//! UTF-8, and then one bad entry would block all others.

use contract::block::checksum;
use contract::{BlockId, SegmentId};
use redis::{ErrorKind, RedisError, RedisResult, Value};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its id in the stream, `milliseconds-number`.
    pub(crate) id: String,
    /// Names and values alternating; `None` if the entry was deleted before it was acknowledged.
    pub(crate) fields: Option<Vec<Vec<u8>>>,
}

impl Entry {
    /// The value of a field, the first one with that name.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        let (pairs, _) = self.fields.as_deref()?.as_chunks::<2>();
        let found = pairs.iter().find(|[found, _]| found == name.as_bytes());
        found.map(|[_, value]| value.as_slice())
    }

    /// The name of the block inside, as far as it can be told of one that is damaged otherwise.
    pub(crate) fn block_id(&self) -> Option<BlockId> {
        let text = |name| std::str::from_utf8(self.field(name)?).ok();
        let segment: SegmentId = text("seg")?.parse().ok()?;
        let number = text("blk")?.parse().ok()?;
        Some(BlockId { segment, number })
    }

    /// Whether the payload is the one that was sealed. Otherwise it was damaged on its way here.
    pub(crate) fn is_as_sealed(&self) -> bool {
        let crc = self
            .field("crc")
            .and_then(|crc| std::str::from_utf8(crc).ok());
        let crc = crc.and_then(|crc| crc.parse().ok());
        let payload = self.field("payload");
        payload.is_some_and(|payload| crc == Some(checksum(payload)))
    }
}

/// The entries in a reply to XREADGROUP on one stream. No reply within BLOCK is no entries.
pub(crate) fn from_reading(reply: Value) -> RedisResult<Vec<Entry>> {
    let stream = match reply {
        Value::Nil => return Ok(Vec::new()),
        Value::Array(streams) => streams.into_iter().next().and_then(|stream| match stream {
            Value::Array(key_and_entries) => key_and_entries.into_iter().nth(1),
            _ => None,
        }),
        // What RESP3 has instead.
        Value::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
        _ => None,
    };
    from_list(stream.ok_or_else(unexpected)?)
}

/// The entries in a list of pairs: id, fields.
pub(crate) fn from_list(list: Value) -> RedisResult<Vec<Entry>> {
    let Value::Array(list) = list else {
        return Err(unexpected());
    };
    list.into_iter()
        .map(|entry| from_pair(entry).ok_or_else(unexpected))
        .collect()
}

fn from_pair(entry: Value) -> Option<Entry> {
    let Value::Array(parts) = entry else {
        return None;
    };
    let [id, fields] = <[Value; 2]>::try_from(parts).ok()?;
    let fields = match fields {
        Value::Nil => None,
        Value::Array(fields) => Some(fields.into_iter().map(bytes).collect::<Option<_>>()?),
        _ => return None,
    };
    Some(Entry {
        id: String::from_utf8(bytes(id)?).ok()?,
        fields,
    })
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

fn unexpected() -> RedisError {
    let what = "a reply that is not a list of stream entries";
    RedisError::from((ErrorKind::UnexpectedReturnType, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &[u8]) -> Value {
        Value::BulkString(text.to_vec())
    }

    #[test]
    fn reads_fields_of_any_bytes_and_entries_without() {
        let full = Value::Array(vec![text(b"v"), text(b"1"), text(b"\xff"), text(b"\0")]);
        let entries = Value::Array(vec![
            Value::Array(vec![text(b"1-0"), full]),
            Value::Array(vec![text(b"2-0"), Value::Nil]),
        ]);
        let reply = Value::Array(vec![Value::Array(vec![text(b"key"), entries])]);
        let entries = from_reading(reply).unwrap();
        assert_eq!(entries[0].field("v"), Some(b"1".as_slice()));
        assert_eq!(entries[0].field("payload"), None);
        assert_eq!(entries[1].fields, None);
        assert_eq!(from_reading(Value::Nil).unwrap(), []);
    }

    #[test]
    fn names_a_block_that_is_damaged_otherwise() {
        let named = |segment: &str, number: &str| {
            let fields = ["crc", "?", "seg", segment, "blk", number];
            let fields = fields.iter().map(|field| field.as_bytes().to_vec());
            let entry = Entry {
                id: "1-0".into(),
                fields: Some(fields.collect()),
            };
            entry.block_id()
        };
        let expected = BlockId {
            segment: SegmentId([0xab; 16]),
            number: 7,
        };
        assert_eq!(named(&"ab".repeat(16), "7"), Some(expected));
        assert_eq!(named(&"ab".repeat(15), "7"), None);
        assert_eq!(named(&"ab".repeat(16), "-7"), None);
    }

    #[test]
    fn a_reply_of_another_shape_is_an_error() {
        assert!(from_reading(Value::Int(1)).is_err());
        assert!(from_list(Value::Array(vec![Value::Nil])).is_err());
    }
}
