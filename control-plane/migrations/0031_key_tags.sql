-- Keys that see links with one tag only.

alter table api_keys
    -- In lower case, as links have it. Null: all of the workspace.
    add column tag text check (tag = lower(tag) and length(tag) between 1 and 50),
    add constraint api_keys_restriction_check check (
        (domain is null or tag is null) and (tag is null or not 'admin' = any (scopes))
    );
