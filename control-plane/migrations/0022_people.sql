-- People of a workspace: when they came, who is invited, and where they are signed in.

alter table memberships
    add column created_at timestamptz not null default now();

alter table sessions
    -- Names a sign-in where its owner lists and ends them; the token does not come out again.
    add column id uuid not null default gen_random_uuid(),
    -- What the browser called itself, for its owner to tell sign-ins apart.
    add column user_agent text check (length(user_agent) <= 300),
    -- To five minutes.
    add column last_used_at timestamptz,
    add constraint sessions_id_key unique (id);

create index sessions_user_id_idx on sessions (user_id);

create table invitations (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    email text not null check (email = lower(email) and length(email) <= 254),
    role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
    -- SHA-256 of the 256-bit token in the link.
    token_hash bytea not null check (length(token_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- One at a time: the last one counts.
    constraint invitations_workspace_id_email_key unique (workspace_id, email),
    constraint invitations_token_hash_key unique (token_hash)
);
