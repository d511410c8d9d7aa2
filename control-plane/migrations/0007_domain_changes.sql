-- The relay asks of every change whether a later one of the same domain has replaced it.

create index link_changes_domain_idx on link_changes (domain, seq) where domain is not null;
