-- What visitors say of links that they think are bad. Nothing in here says who they are.

create table link_reports (
    id uuid primary key,
    link_id uuid not null references links on delete cascade,
    workspace_id uuid not null references workspaces on delete cascade,
    reason text not null check (reason in ('phishing', 'malware', 'spam', 'other')),
    detail text check (length(detail) between 1 and 1000),
    reported_at timestamptz not null,
    -- Somebody has looked at it.
    closed_at timestamptz
);

create index link_reports_open_idx on link_reports (workspace_id, reported_at desc, id desc)
    where closed_at is null;
create index link_reports_link_id_idx on link_reports (link_id) where closed_at is null;
