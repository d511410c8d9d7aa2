-- What searches compare, once more next to what lists are sorted by. A search in a list sorted by clicks
-- goes through this table in order; to look each link up to compare its text took four times as long as
-- to find the text here. Only here, since clicks change all the time, and in `links` each change would
-- be written into its indexes.

alter table link_totals
    add column search_text text not null default '',
    add column beginnings text[] not null default '{}';

update link_totals
set search_text = links.search_text, beginnings = links.beginnings
from links
where links.id = link_id;

create or replace function links_begin_totals() returns trigger language plpgsql as $$
begin
    insert into link_totals (link_id, workspace_id, search_text, beginnings)
    select id, workspace_id, search_text, beginnings from made;
    return null;
end
$$;

create function links_follow_search() returns trigger language plpgsql as $$
declare
    changed uuid[];
begin
    select array_agg(after.id) into changed
    from after join before using (id)
    where (after.search_text, after.beginnings) is distinct from (before.search_text, before.beginnings);
    if changed is null then
        return null;
    end if;
    -- In one order, as the job that sets the totals: else two could wait for each other.
    perform from link_totals where link_id = any(changed) order by link_id for update;
    update link_totals
    set search_text = after.search_text, beginnings = after.beginnings
    from after
    where after.id = link_id and link_id = any(changed);
    return null;
end
$$;

create trigger links_follow_search after update on links
    referencing old table as before new table as after
    for each statement execute function links_follow_search();
