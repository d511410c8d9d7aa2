//! The control plane from outside: the real service, with its own database and Redis names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

mod access;
mod archive;
mod archive_later;
mod archive_lines;
mod audit;
mod auth;
mod bad_input;
mod blocklist;
mod body_fields;
mod bulk;
mod caps;
mod console;
mod cross_site;
mod database_errors;
mod deadline;
mod docs;
mod domain_ownership;
mod domains;
mod dump;
mod errors_at_once;
mod every_caller;
mod every_field;
mod every_form;
mod every_id;
mod every_query;
mod explain;
mod foreign;
mod foreign_names;
mod harmful;
mod harness;
mod history;
mod imports;
mod internal;
mod keys;
mod killed;
mod leadership;
mod link_fields;
mod link_list;
mod link_options;
mod link_search;
mod links;
mod name_server;
mod once;
mod openapi;
mod openapi_examples;
mod orphans;
mod outage;
mod page_server;
mod password;
mod people;
mod pool;
mod preview;
mod propagation;
mod pruning;
mod qr;
mod rate_limits;
mod relay;
mod relay_cluster;
mod reports;
mod restricted_keys;
mod sign_in_flood;
mod site_files;
mod split_winner;
mod stats;
mod tags;
mod takedowns;
mod things;
mod together;
mod unasked;
mod unfurl;
mod unread;
mod utm;
mod versions;
mod versions_elsewhere;
mod visitor_keys;
mod webhook_receiver;
mod webhooks;
