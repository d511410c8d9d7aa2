//! The writes that must look before they write. Each touches one key.

use redis::Script;

/// Writes the record unless Redis has a newer one of the same history. KEYS: the link.
/// ARGV: epoch, revision, record.
const COMPARE_AND_SET: &str = "
    local known = redis.call('HMGET', KEYS[1], 'epoch', 'rev')
    if known[1] == ARGV[1] and tonumber(known[2]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'rev', ARGV[2], 'rec', ARGV[3])
    return 1";

/// Appends the entry if it is the next one. One that is there already is fine: an answer got lost,
/// or there is a second relay. A gap is not: the log was emptied since it was looked at, and its
/// newest entry would say that everything before it is there. KEYS: the log. ARGV: number, change,
/// entries to keep.
const APPEND: &str = "
    local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
    local newest = last and tonumber(string.match(last[1], '^%d+')) or 0
    local seq = tonumber(ARGV[1])
    if newest >= seq then return 0 end
    if newest < seq - 1 then return redis.error_reply('GAP the log ends at ' .. newest) end
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], ARGV[1] .. '-0', 'change', ARGV[2])
    return 1";

/// Notes how far a shard of the records has got. What it says must be there, so it has to know of
/// what was there before: a shard that was emptied since it was looked at is a gap. KEYS: the
/// position. ARGV: epoch, number before these changes, number of the last.
const ADVANCE: &str = "
    local epoch, seq = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%d+)$')
    local known = epoch == ARGV[1] and tonumber(seq) or 0
    if known >= tonumber(ARGV[3]) then return 0 end
    if known < tonumber(ARGV[2]) then return redis.error_reply('GAP the records end at ' .. known) end
    redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[3])
    return 1";

/// All scripts.
pub(super) struct Scripts {
    pub(super) compare_and_set: Script,
    pub(super) append: Script,
    pub(super) advance: Script,
}

impl Scripts {
    /// Not loaded into any Redis yet.
    pub(super) fn new() -> Self {
        Self {
            compare_and_set: Script::new(COMPARE_AND_SET),
            append: Script::new(APPEND),
            advance: Script::new(ADVANCE),
        }
    }

    /// For loading them.
    pub(super) fn all(&self) -> [&Script; 3] {
        [&self.compare_and_set, &self.append, &self.advance]
    }
}
