-- The picture in the middle of a workspace's QR codes.

create table qr_logos (
    workspace_id uuid primary key references workspaces on delete cascade,
    -- As we wrote it, not as it was sent: at most 256 pixels wide and high.
    png bytea not null check (length(png) <= 400000),
    updated_at timestamptz not null
);
