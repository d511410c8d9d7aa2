-- Each receiver has a few messages under way at most, whatever the others have, and keeps so many
-- waiting and no more. What is beyond is counted, so that the receiver's owner learns of it.

alter table webhooks
    -- Messages that were not written down, since too many were waiting.
    add column missed bigint not null default 0,
    -- When that happened last.
    add column missed_at timestamptz;

-- What is due, receiver by receiver. (The older index, by time alone, is for a control plane of the
-- release before.)
create index webhook_messages_pending_idx on webhook_messages (webhook_id, next_attempt_at, id)
    where state = 'pending';
