-- What owners note about their links, and what makes a list of a million links quick: text that can
-- be searched, and totals that can be sorted by.

alter table links
    -- In lower case, ascending, each once.
    add column tags text[] not null default '{}'
        constraint links_tags_check check (cardinality(tags) <= 50),
    add column notes text
        constraint links_notes_check check (length(notes) <= 10000),
    -- Out of the way, but in service.
    add column is_archived boolean not null default false,
    -- What another system calls it.
    add column external_id text
        constraint links_external_id_check check (length(external_id) between 1 and 255),
    -- Who made it: usr_… or key_…. Null: made before this was noted.
    add column created_by text;

-- Links in the bin give theirs back.
create unique index links_external_id_key on links (workspace_id, external_id)
    where deleted_at is null and external_id is not null;

-- array_to_string is only "stable", because other types than text print themselves differently at
-- different times.
create function links_tags_text(tags text[]) returns text
language sql immutable parallel safe as $$
    select array_to_string(tags, E'\n')
$$;

-- Of nothing but what is immutable, so that statements have it inlined, which makes it four times as
-- fast where the index does not help.
create function links_search_text(code text, original_url text, title text, notes text, tags text[])
returns text language sql immutable parallel safe as $$
    select code || E'\n' || original_url || E'\n' || coalesce(title, '') || E'\n'
        || coalesce(notes, '') || E'\n'
        || case when tags = '{}' then '' else links_tags_text(tags) end
$$;

-- Search finds a text anywhere. With pg_trgm it reads an index; without, it reads all links.
do $trigrams$
begin
    begin
        create extension if not exists pg_trgm;
    exception when undefined_file or feature_not_supported or insufficient_privilege then
        raise warning 'searching links will be slow, there is no pg_trgm here: %', sqlerrm;
        return;
    end;
    create index links_search_idx on links
        using gin (links_search_text(code, original_url, title, notes, tags) gin_trgm_ops);
end
$trigrams$;

create index links_tags_idx on links using gin (tags);

-- Few links are in these states, so a list of them must not read all others.
create index links_disabled_idx on links (workspace_id, created_at desc, id desc)
    where deleted_at is null and not is_enabled;
create index links_blocked_idx on links (workspace_id, created_at desc, id desc)
    where deleted_at is null and is_blocked;
create index links_archived_idx on links (workspace_id, created_at desc, id desc)
    where deleted_at is null and is_archived;
create index links_expiring_idx on links (workspace_id, expires_at)
    where deleted_at is null and expires_at is not null;
create index links_starting_idx on links (workspace_id, created_at desc, id desc)
    where deleted_at is null and options ->> 'starts_at' is not null;
create index links_domain_idx on links (workspace_id, domain, created_at desc, id desc)
    where deleted_at is null;
create index links_created_by_idx on links (workspace_id, created_by, created_at desc, id desc)
    where deleted_at is null;

-- Clicks of each link, for sorting: the statistics may be in another database. A table of its own,
-- since a row of links is long and in many indexes, and this one changes all the time.
create table link_totals (
    link_id uuid primary key references links on delete cascade,
    workspace_id uuid not null,
    clicks bigint not null default 0,
    -- 1970 when never.
    last_clicked_at timestamptz not null default 'epoch'
) with (fillfactor = 70);

create index link_totals_clicks_idx on link_totals (workspace_id, clicks, link_id);
create index link_totals_last_clicked_idx on link_totals (workspace_id, last_clicked_at, link_id);

insert into link_totals (link_id, workspace_id) select id, workspace_id from links;

create function links_begin_totals() returns trigger language plpgsql as $$
begin
    insert into link_totals (link_id, workspace_id) select id, workspace_id from made;
    return null;
end
$$;

-- Whoever makes links: a list by clicks must show each of them.
create trigger links_begin_totals after insert on links
    referencing new table as made
    for each statement execute function links_begin_totals();
