-- How many hits without a row a block held, so that the audit can miss one.

alter table ingested_blocks add column tallied bigint not null default 0;

-- Which blocks told of what was counted so far, nobody knows any more; the sum is what matters. They
-- had no rows.
update ingested_blocks
set tallied = (select coalesce(sum(clicks + other_hits), 0) from click_tallies)
where (segment, block) = (
    select segment, block from ingested_blocks where clicks = 0 order by segment, block limit 1
);

create index click_tallies_minute on click_tallies (minute);
