-- Domains that a workspace wants and has not shown yet to be its own. Several may want the same one;
-- the first whose record is found in the DNS gets it, and then it is a row of `domains`.

create table domain_claims (
    workspace_id uuid not null references workspaces on delete cascade,
    -- Host name in normal form: contract::Domain.
    domain text not null check (domain = lower(domain)),
    -- What the DNS record must say. Public: it proves nothing but who may write the zone.
    token text not null,
    created_at timestamptz not null,
    primary key (workspace_id, domain)
);
