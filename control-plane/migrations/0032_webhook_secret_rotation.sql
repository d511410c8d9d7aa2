-- The secret before, with which messages are signed too for a while, so that receivers can change to
-- the new one when it suits them.

alter table webhooks
    add column old_secret bytea check (length(old_secret) = 32),
    add column old_secret_until timestamptz,
    add constraint webhooks_rotation_check check (
        (old_secret is null) = (old_secret_until is null)
    );
