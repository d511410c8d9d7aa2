-- How proxies and the relay are watched: who leads the relay and still does something, and how far
-- each proxy has got.

-- One row. The relay's leader holds an advisory lock, which its session keeps even while the
-- process is frozen; this row tells the others that it is.
create table relay_leader (
    is_only_row boolean primary key default true check (is_only_row),
    -- The leader's backend, written in the statement that takes the lock.
    pid integer,
    beat_at timestamptz not null
) with (fillfactor = 50);

insert into relay_leader (beat_at) values ('-infinity');

-- The relay writes a record to Redis only if no later change of the same link exists: a Redis that
-- is filled again must at no moment hold a state that proxies have left behind.
create index link_changes_link_id_idx on link_changes (link_id, seq);

-- contract::ProxyReport, the last of each proxy.
create table proxies (
    id uuid primary key,
    name text not null check (length(name) between 1 and 100),
    version text not null check (length(version) <= 100),
    started_at timestamptz not null,
    -- Which history applied counts in. Null while the proxy knows nothing.
    epoch uuid,
    applied bigint not null,
    last_seen_at timestamptz not null,
    -- How long it goes on serving what it knows without hearing of changes. Silent for longer, it
    -- is forgotten.
    max_stale_seconds bigint not null check (max_stale_seconds >= 0)
) with (fillfactor = 50);
