-- Many links may expire at one instant. Null: all of it.
alter table webhook_progress add column expired_link uuid;
