-- Programs that want to be told of links. What is to be told is written down in the transaction that
-- reads the change log further, so nothing is told twice or forgotten; then it is sent until the
-- receiver takes it.

create table webhooks (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    url text not null check (octet_length(url) <= 2048),
    -- What messages are signed with. Whoever signs needs it as it is.
    secret bytea not null check (length(secret) = 32),
    events text[] not null check (
        cardinality(events) between 1 and 5
        and events <@ array['link.created', 'link.updated', 'link.deleted', 'link.expired',
                            'link.clicks_reached']
    ),
    -- Numbers of clicks of a link to be told of.
    click_thresholds bigint[] not null default '{}' check (cardinality(click_thresholds) <= 20),
    is_enabled boolean not null default true,
    -- It is told of changes after this one.
    since_seq bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create index webhooks_workspace_id_idx on webhooks (workspace_id);

create table webhook_messages (
    -- Also the message's identity for the receiver: the same one each time it is sent.
    id uuid primary key,
    webhook_id uuid not null references webhooks on delete cascade,
    event text not null,
    -- JSON, as it is sent.
    body text not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts integer not null default 0,
    -- When it is sent (again). While it is being sent, when somebody else may try.
    next_attempt_at timestamptz not null,
    last_attempt_at timestamptz,
    -- What the receiver answered, or why it did not.
    last_status smallint,
    last_error text,
    created_at timestamptz not null
);

create index webhook_messages_due_idx on webhook_messages (next_attempt_at) where state = 'pending';
create index webhook_messages_webhook_id_idx on webhook_messages (webhook_id, id desc);
create index webhook_messages_created_at_idx on webhook_messages (created_at);

-- Which links have reached which number of clicks, so that each is told once.
create table webhook_thresholds (
    webhook_id uuid not null references webhooks on delete cascade,
    link_id uuid not null references links on delete cascade,
    threshold bigint not null,
    primary key (webhook_id, link_id, threshold)
);

-- One row: up to where changes and expiries were written down. It begins now.
create table webhook_progress (
    is_only_row boolean primary key default true check (is_only_row),
    seq bigint not null,
    expired_until timestamptz
);

insert into webhook_progress (seq) select seq from link_changes_head;

create index links_expires_at_idx on links (expires_at)
    where expires_at is not null and deleted_at is null;
