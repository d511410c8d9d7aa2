-- What pages that links lead to say of themselves, and which are still to be read: control-plane/src/unfurl/.

alter table links
    -- unfurl::TargetPage. Null: not read yet, or there is nothing to read. It goes with the target.
    add column page jsonb
        constraint links_page_check check (jsonb_typeof(page) = 'object');

-- Pages to read. A row goes when its page was read or given up.
create table page_jobs (
    link_id uuid primary key references links on delete cascade,
    attempts smallint not null default 0,
    -- When it is read (again). While it is being read, when somebody else may try.
    next_attempt_at timestamptz not null
);

create index page_jobs_next_attempt_at_idx on page_jobs (next_attempt_at);

-- Triggers, so that nobody who makes links or changes targets, one or ten thousand, can forget it, and
-- so that it costs them no round trip.
create function links_queue_pages() returns trigger language plpgsql as $$
begin
    insert into page_jobs (link_id, next_attempt_at) select id, created_at from made;
    return null;
end
$$;

create trigger links_queue_pages after insert on links
    referencing new table as made
    for each statement execute function links_queue_pages();

create function links_queue_page_anew() returns trigger language plpgsql as $$
begin
    new.page := null;
    insert into page_jobs (link_id, next_attempt_at) values (new.id, old.updated_at)
    on conflict (link_id) do update set attempts = 0, next_attempt_at = excluded.next_attempt_at;
    return new;
end
$$;

create trigger links_queue_page_anew before update of original_url on links
    for each row when (old.original_url is distinct from new.original_url)
    execute function links_queue_page_anew();
