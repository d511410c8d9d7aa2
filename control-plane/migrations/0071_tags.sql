-- How many links have each tag. An index of tags (GIN) finds links, but does not say which tags there
-- are: to read that from a million links takes half a second.
--
-- Whoever writes links only adds to a list of changes. A row with a count that they all write would be a
-- lock that they all wait for. A job adds the changes up: control-plane/src/tags.rs.

create table link_tags (
    workspace_id uuid not null,
    -- In an order that does not depend on where the server runs, so that an index finds beginnings.
    tag text collate "C" not null,
    -- Links outside the bin.
    links bigint not null,
    primary key (workspace_id, tag)
);

create index link_tags_unused_idx on link_tags (workspace_id, tag) where links = 0;

create table link_tag_changes (
    id bigint generated always as identity primary key,
    workspace_id uuid not null,
    tag text collate "C" not null,
    -- Links that got the tag, less those that lost it.
    change bigint not null
);

create function links_count_new_tags() returns trigger language plpgsql as $$
begin
    insert into link_tag_changes (workspace_id, tag, change)
    select workspace_id, tag, count(*)
    from made, unnest(tags) as tag
    where deleted_at is null
    group by workspace_id, tag;
    return null;
end
$$;

create trigger links_count_new_tags after insert on links
    referencing new table as made
    for each statement execute function links_count_new_tags();

create function links_count_gone_tags() returns trigger language plpgsql as $$
begin
    insert into link_tag_changes (workspace_id, tag, change)
    select workspace_id, tag, -count(*)
    from gone, unnest(tags) as tag
    where deleted_at is null
    group by workspace_id, tag;
    return null;
end
$$;

create trigger links_count_gone_tags after delete on links
    referencing old table as gone
    for each statement execute function links_count_gone_tags();

create function links_count_other_tags() returns trigger language plpgsql as $$
begin
    insert into link_tag_changes (workspace_id, tag, change)
    select new.workspace_id, tag, sum(change)
    from (
        select tag, -1 as change from unnest(old.tags) as tag where old.deleted_at is null
        union all
        select tag, 1 from unnest(new.tags) as tag where new.deleted_at is null
    ) as changed
    group by tag
    having sum(change) <> 0;
    return null;
end
$$;

-- Of each row, so that most edits, which leave tags alone, cost nothing.
create trigger links_count_other_tags after update of tags, deleted_at on links
    for each row when (
        old.tags is distinct from new.tags
        or (old.deleted_at is null) is distinct from (new.deleted_at is null)
    )
    execute function links_count_other_tags();

-- The triggers are there, and nobody can write links until the end.
insert into link_tags (workspace_id, tag, links)
select workspace_id, tag, count(*)
from links, unnest(tags) as tag
where deleted_at is null
group by workspace_id, tag;
