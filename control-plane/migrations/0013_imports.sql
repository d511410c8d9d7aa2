-- Links that come from a file. The rows wait here, and are made links a thousand at a time: whichever
-- process is free takes the next thousand, also after a crash.

create table imports (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    -- usr_… or key_….
    created_by text not null,
    created_at timestamptz not null,
    -- Nothing is made; all is said as if it were.
    is_dry_run boolean not null,
    total integer not null,
    -- Rows that are done with, of which so many were made, were there already, or were refused.
    position integer not null default 0,
    made integer not null default 0,
    skipped integer not null default 0,
    refused integer not null default 0,
    -- [{"row", "code", "errors"}], at most a thousand.
    errors jsonb not null default '[]',
    ignored_columns text[] not null,
    finished_at timestamptz
);

create index imports_workspace_id_idx on imports (workspace_id, created_at desc, id desc);
create index imports_unfinished_idx on imports (created_at) where finished_at is null;

-- Deleted when the import is finished.
create table import_rows (
    import_id uuid not null references imports on delete cascade,
    -- From 1 on; the header does not count.
    number integer not null,
    -- As it would be sent to make one link.
    link jsonb not null,
    primary key (import_id, number)
);
