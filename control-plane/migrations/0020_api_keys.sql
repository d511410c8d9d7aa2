-- What a key may do, and how often. Keys that exist keep what they could do.

alter table api_keys
    add column scopes text[] not null default '{read,write,analytics}'
        constraint api_keys_scopes_check check (
            cardinality(scopes) between 1 and 5
            and scopes <@ array['read', 'write', 'create-only', 'analytics', 'admin']
        ),
    -- The only domain whose links it sees. Null: all of the workspace.
    add column domain text check (domain = lower(domain)),
    -- Requests a minute. Null: as the installation's setting says.
    add column rate_limit integer
        constraint api_keys_rate_limit_check check (rate_limit between 1 and 1000000),
    -- The key in whose place it was made. Both work for a while.
    add column replaces uuid references api_keys on delete set null,
    -- Half the workspace would be an odd thing to administer.
    add constraint api_keys_admin_check check (domain is null or not 'admin' = any (scopes));
