-- What a domain does besides carrying links. The installation's own domain exists without a row;
-- it gets one with its first setting.

create table domains (
    -- Host name in normal form: contract::Domain.
    domain text primary key check (domain = lower(domain)),
    workspace_id uuid not null references workspaces on delete cascade,
    -- Where `/` leads. Null: to the console.
    root_url text check (octet_length(root_url) <= 2048),
    -- Where unknown codes lead. Null: nowhere, 404.
    not_found_url text check (octet_length(not_found_url) <= 2048),
    -- Where expired links lead that have no such target of their own. Null: nowhere, 410.
    expired_url text check (octet_length(expired_url) <= 2048),
    -- Codes of the domain are in lower case, and are found in any.
    ignores_case boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- seq of the last change in link_changes.
    revision bigint not null
);

-- The log carries settings of domains, too: proxies learn them as they learn links.
alter table link_changes
    alter column link_id drop not null,
    add column domain text,
    add constraint link_changes_of_one_check check (num_nonnulls(link_id, domain) = 1);
