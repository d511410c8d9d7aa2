-- An import that fails is tried again a few times, later and later, and then given up; and imports of
-- several workspaces take turns. Before, the oldest one was taken again and again, and if it could not
-- be done, no other one ever was.

create sequence import_turns;

alter table imports
    -- Attempts since rows were last done with.
    add column attempts integer not null default 0,
    -- Not taken before; null: at once.
    add column next_attempt_at timestamptz,
    -- The lowest is taken next, and gets a new one.
    add column turn bigint not null default nextval('import_turns'),
    -- A problem, as the API tells it: why the last attempt failed. Of one that is finished: why it was
    -- given up.
    add column failure jsonb;

create index imports_turn_idx on imports (turn) where finished_at is null;
drop index imports_unfinished_idx;
