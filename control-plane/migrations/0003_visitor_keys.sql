-- The keys that visitors are hashed under, one for each UTC day. They are here, because all proxies
-- need the same ones; and only here, because a key that is destroyed must be gone: whoever has one
-- can find out addresses by trying. See control-plane/src/visitor_keys.rs for their lifetime.

create table visitor_keys (
    day date primary key,
    key bytea not null check (length(key) = 32)
);
