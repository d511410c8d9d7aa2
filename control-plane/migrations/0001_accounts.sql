-- Who may do what: a workspace owns links, users belong to workspaces through memberships, and
-- API keys act for a workspace. Secrets are stored as hashes only.

create table workspaces (
    id uuid primary key,
    name text not null check (length(name) between 1 and 100),
    created_at timestamptz not null
);

create table users (
    id uuid primary key,
    -- In lower case, so that the unique constraint sees one person once.
    email text not null check (email = lower(email) and length(email) <= 254),
    -- argon2id, PHC string format.
    password_hash text not null,
    created_at timestamptz not null,
    constraint users_email_key unique (email)
);

create table memberships (
    workspace_id uuid not null references workspaces on delete cascade,
    user_id uuid not null references users on delete cascade,
    role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
    primary key (workspace_id, user_id)
);

create index memberships_user_id_idx on memberships (user_id);

create table sessions (
    -- SHA-256 of the 256-bit token in the cookie.
    token_hash bytea primary key check (length(token_hash) = 32),
    user_id uuid not null references users on delete cascade,
    workspace_id uuid not null references workspaces on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create index sessions_expires_at_idx on sessions (expires_at);

create table api_keys (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null check (length(name) between 1 and 100),
    -- The first characters, for people to tell their keys apart.
    prefix text not null,
    -- SHA-256 of the whole key.
    key_hash bytea not null check (length(key_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint api_keys_key_hash_key unique (key_hash)
);

create index api_keys_workspace_id_idx on api_keys (workspace_id, created_at desc);
