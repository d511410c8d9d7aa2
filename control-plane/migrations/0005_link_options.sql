-- What a link may have beyond a target: contract::LinkOptions, its password, and a take-down.

alter table links
    add column redirect_status smallint not null default 302
        constraint links_redirect_status_check check (redirect_status in (301, 302, 307, 308)),
    -- contract::LinkOptions as in records, without its password. Null: a plain link.
    add column options jsonb
        constraint links_options_check check (jsonb_typeof(options) = 'object'),
    -- argon2id, PHC string format. Null: everybody may follow it.
    add column password_hash text,
    -- Which password that is. Grows with each new one, and stays when it is removed: whoever knew
    -- an old one is asked again. It goes into the record, so the edge can tell.
    add column password_changed bigint not null default 0,
    -- Taken down: the edge answers 451.
    add column is_blocked boolean not null default false;
