-- An import may be a whole workspace, as it was exported: made all at once, or not at all.

alter table imports
    add column is_workspace boolean not null default false;
