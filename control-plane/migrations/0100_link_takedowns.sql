-- Links that whoever runs the installation took down, on the command line. Their workspaces cannot put
-- them up again: is_blocked alone they could.

create table link_takedowns (
    link_id uuid primary key references links on delete cascade,
    -- Told to the link's owners.
    reason text check (length(reason) between 1 and 1000),
    taken_down_at timestamptz not null
);

-- Reports of all workspaces, newest first: linkpulse report list.
create index link_reports_newest_idx on link_reports (reported_at desc, id desc)
    where closed_at is null;
