-- Values for the five UTM parameters, kept under a name: links are tagged with them. A link keeps the
-- address that came of it, not the template, so a template can change or go at any time.

create table utm_templates (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    source text check (char_length(source) <= 200),
    medium text check (char_length(medium) <= 200),
    campaign text check (char_length(campaign) <= 200),
    term text check (char_length(term) <= 200),
    content text check (char_length(content) <= 200),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint utm_templates_name_key unique (workspace_id, name)
);
