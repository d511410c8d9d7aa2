-- Searches for one or two characters. They have no trigram, so links_search_idx is of no use to them,
-- and to find them anywhere in a million links took two seconds. They find beginnings instead: of a
-- code, of a tag, of a word of a title, which is what somebody means who has just begun to type.

-- The first character, and the first two, of each.
create function links_beginnings(code text, title text, tags text[]) returns text[]
language sql immutable parallel safe as $$
    select array(
        select distinct left(lower(part), length)
        from unnest(code || tags || regexp_split_to_array(coalesce(title, ''), '[^[:alnum:]]+')) as part,
             generate_series(1, 2) as length
        where part <> ''
    )
$$;

create index links_beginnings_idx on links using gin (links_beginnings(code, title, tags));
