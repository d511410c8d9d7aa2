//! The keys that visitors are hashed under: what proxies are told at `/internal/visitor-keys`.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::change::{decode_versioned, encode_versioned};
use crate::{Day, DecodeError};

/// The newest version of this encoding that this build reads, and the one it writes.
pub const DAY_KEYS_VERSION: u32 = 1;

const WHAT: &str = "visitor keys";

/// Keys of several days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayKeys {
    /// In no particular order, each day at most once.
    pub keys: Vec<DayKey>,
}

/// The key of one UTC day. Whoever has it can tell whose hash a hash is, by trying addresses: so it
/// is shown to nobody, and destroyed soon after its day.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayKey {
    /// The day of the clicks that it is for.
    pub day: Day,
    /// 256 random bits; on the wire 64 hexadecimal digits.
    #[serde(serialize_with = "write_hex", deserialize_with = "read_hex")]
    pub key: [u8; 32],
}

impl fmt::Debug for DayKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DayKey({:?}, …)", self.day)
    }
}

impl DayKeys {
    /// As JSON with a version.
    pub fn encode(&self) -> String {
        encode_versioned(DAY_KEYS_VERSION, self)
    }

    /// Reads what any release so far has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_versioned(WHAT, DAY_KEYS_VERSION, bytes).map_err(|error| match error {
            // Its reason quotes what could not be read, and errors are logged.
            DecodeError::Malformed { .. } => DecodeError::malformed(WHAT, "unexpected content"),
            newer => newer,
        })
    }
}

fn write_hex<S: Serializer>(key: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&digits)
}

fn read_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let digits = String::deserialize(deserializer)?;
    parse_hex(&digits).ok_or_else(|| D::Error::custom("a key is 64 hexadecimal digits"))
}

fn parse_hex(digits: &str) -> Option<[u8; 32]> {
    let pairs = digits.as_bytes().as_chunks::<2>();
    let (pairs, []) = pairs else { return None };
    let mut key = [0; 32];
    if pairs.len() != key.len() {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = (high? * 16 + low?) as u8;
    }
    Some(key)
}
