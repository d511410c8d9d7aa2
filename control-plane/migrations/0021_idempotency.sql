-- Answers to requests that made something, under the name that the client gave the request: asked
-- again, it gets the answer again. Written in the transaction that made it, so either both are there
-- or neither.

create table idempotency_keys (
    workspace_id uuid not null references workspaces on delete cascade,
    -- SHA-256 of the header's value.
    key_hash bytea not null check (length(key_hash) = 32),
    -- SHA-256 of method, path and body: the same name for something else is a mistake.
    request_hash bytea not null check (length(request_hash) = 32),
    -- The answer. It holds nothing secret.
    status smallint not null,
    location text,
    body text not null,
    created_at timestamptz not null,
    primary key (workspace_id, key_hash)
);

create index idempotency_keys_created_at_idx on idempotency_keys (created_at);
