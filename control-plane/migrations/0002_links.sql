-- Links, and the log of their changes that feeds every proxy.

create table links (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    -- Host name in normal form: contract::Domain.
    domain text not null check (domain = lower(domain)),
    code text not null check (code ~ '^[A-Za-z0-9_-]{1,64}$'),
    original_url text not null check (octet_length(original_url) <= 2048),
    title text check (length(title) <= 512),
    is_enabled boolean not null default true,
    expires_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- Set when in the bin. The row, its code and its statistics stay.
    deleted_at timestamptz,
    -- seq of the last change in link_changes.
    revision bigint not null,
    constraint links_domain_code_key unique (domain, code)
);

-- The list of a workspace, newest first, with and without the bin.
create index links_workspace_live_idx on links (workspace_id, created_at desc, id desc)
    where deleted_at is null;
create index links_workspace_deleted_idx on links (workspace_id, created_at desc, id desc)
    where deleted_at is not null;

-- One row. Whoever changes a link takes the next number here last, with nothing to follow but the log entry and the commit;
-- the row lock makes commit order equal to number order, without gaps. A sequence cannot do that:
-- its numbers are handed out before the commit and lost on rollback.
create table link_changes_head (
    is_only_row boolean primary key default true check (is_only_row),
    seq bigint not null,
    -- Names this history. A database restored from a backup must get a new one.
    epoch uuid not null
);

insert into link_changes_head (seq, epoch) values (0, gen_random_uuid());

create table link_changes (
    seq bigint primary key,
    link_id uuid not null,
    -- contract::LinkRecord, encoded as of this change.
    record text not null,
    changed_at timestamptz not null
);
