-- What proxies count while they have no room for clicks: numbers without rows. The hourly counts are
-- then what rows and tallies add up to.

create table click_tallies (
    link_id uuid not null,
    minute timestamptz not null,
    -- Visits of persons, and all other hits.
    clicks bigint not null,
    other_hits bigint not null,
    primary key (link_id, minute)
);

-- Hits that are in no number of any link. Each is a row of its own, of the block that told of it.
create table click_gaps (
    segment bytea not null,
    block bigint not null,
    -- The first and the last of them.
    from_at timestamptz not null,
    until_at timestamptz not null,
    hits bigint not null,
    primary key (segment, block)
);

create or replace function count_hits(begins timestamptz, ends timestamptz)
returns table (
    link_id uuid, hour timestamptz, clicks bigint, other_hits bigint, last_clicked_at timestamptz
)
language sql stable as $$
    select
        hit.link_id, hit.hour,
        sum(hit.clicks)::bigint, sum(hit.other_hits)::bigint, max(hit.last_clicked_at)
    from (
        select
            row.link_id as link_id,
            date_trunc('hour', row.clicked_at, 'UTC') as hour,
            count(*) filter (where row.kind = 'click') as clicks,
            count(*) filter (where row.kind <> 'click') as other_hits,
            max(row.clicked_at) filter (where row.kind = 'click') as last_clicked_at
        from classified_clicks row
        where row.clicked_at >= begins and row.clicked_at < ends and row.link_id is not null
        group by 1, 2
        union all
        select
            tally.link_id,
            date_trunc('hour', tally.minute, 'UTC'),
            tally.clicks,
            tally.other_hits,
            case when tally.clicks > 0 then tally.minute end
        from click_tallies tally
        where tally.minute >= begins and tally.minute < ends
    ) hit
    group by 1, 2
$$;
