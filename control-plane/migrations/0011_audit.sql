-- Who changed what, and when. Each row is hashed over the one before, so that a row which is altered,
-- removed or put in between shows: control-plane/src/audit/.

create table audit_log (
    workspace_id uuid not null,
    -- From 1 on, without gaps.
    number bigint not null,
    at timestamptz not null,
    -- usr_…, key_…, or the part of the system that did it by itself.
    actor text not null,
    -- What was done, such as link.updated.
    action text not null,
    -- What it was done to, such as lnk_….
    subject text not null,
    -- JSON: the subject after the change. Text, since the hash is over these very bytes.
    state text not null,
    -- SHA-256 of the hash before and of this row.
    hash bytea not null check (length(hash) = 32),
    primary key (workspace_id, number)
);

-- The history of one thing.
create index audit_log_subject_idx on audit_log (workspace_id, subject, number);

-- The end of each workspace's log. Whoever adds to it holds this row until the commit.
create table audit_heads (
    workspace_id uuid primary key references workspaces on delete cascade,
    number bigint not null,
    hash bytea not null check (length(hash) = 32)
);
