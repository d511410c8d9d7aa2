//! Statements, next to the structs they fill. Free functions; those that must share a transaction
//! take `&mut PgConnection`.

mod api_keys;
mod archive;
mod audit_log;
mod changes;
mod domain_claims;
mod domains;
mod idempotency;
mod imports;
mod invitations;
mod link_filter;
mod link_list;
mod link_pages;
mod link_row;
mod link_sample;
mod link_way;
mod link_writes;
mod links;
mod members;
mod moment;
mod names;
mod orphans;
mod outdated;
mod page_jobs;
mod patterns;
mod pool;
mod proxies;
mod qr_logos;
mod reports;
mod samples;
mod select_link;
mod sessions;
mod stats;
mod tags;
mod takedowns;
mod totals;
mod users;
mod utm_templates;
mod visitor_keys;
mod webhook_messages;
mod webhook_tellings;
mod webhooks;
mod word_pairs;

pub use api_keys::{
    ApiKeyRow, KeyRow, count_api_keys, expire_api_key, find_api_key, find_key, has_successor,
    insert_api_key, list_api_keys, lock_api_key, revoke_api_key, touch_api_key, workspace_of_key,
};
pub use archive::{links_to_export, taken_ids, workspace_has_links};
pub use audit_log::{AuditFilter, AuditRow, VersionRow, audit_log, versions};
pub use changes::{
    Head, LoggedChange, changes_after, head, log_change, log_changes, rename_history,
};
pub use domain_claims::{
    ClaimRow, count_domains, delete_claim, find_claim, insert_claim, list_claims,
};
pub use domains::{
    DomainRow, delete_domain, domain_names, domains_with_targets, find_domain, has_links,
    has_lower_case_only, hold_case, hold_cases, insert_domain, list_domains, lock_domain,
    log_domain_change, owns_domain, registered_domains, update_domain,
};
pub use idempotency::{KeptAnswer, find_answer, has_answer, insert_answer, take_name};
pub use imports::{
    ImportRow, ImportTurn, find_import, has_unfinished_import, import_rows, insert_import,
    list_imports, lock_import, note_failure, take_turn, update_import,
};
pub use invitations::{
    InvitationRow, count_invitations, delete_invitation, delete_invitations_of, find_invitation,
    list_invitations, put_invitation,
};
pub use link_filter::LinkFilter;
pub use link_list::{
    BIN_PERIOD, LinkOrder, Page, Position, count_links, list_links, totals_of, work_in_new_links,
};
pub use link_row::LinkRow;
pub use link_writes::{
    TargetRow, hold_links, insert_links, lock_links, targets_after, write_links,
};
pub use links::{
    LinkName, LinkPlace, find_external_link, find_link, find_link_as_asked, find_link_by_code,
    ids_of_codes, insert_link, link_exists, lock_external_link, lock_link, lock_link_also_deleted,
    place_of_link, taken_codes, taken_external_ids, targets_of_codes, update_link, write_deleted,
};
pub use members::{
    MemberRow, WorkspaceRow, count_owned, delete_membership, list_members, list_workspaces,
    lock_members, lock_workspace, rename_workspace, update_role,
};
pub use moment::Moment;
pub use names::{hold_names, take_names};
pub use orphans::{OrphanPosition, OrphanRow, list_orphans};
pub use outdated::{Outdated, delete_outdated};
pub use page_jobs::{PageJob, delete_page_jobs, end_page_job, put_off_page_job, take_page_jobs};
pub use pool::{Analytics, begin, commit, connect, migrate};
pub use proxies::{ProxyRow, forget_proxy, put_report, reports};
pub use qr_logos::{delete_qr_logo, find_qr_logo, lock_qr_logo, put_qr_logo};
pub use reports::{
    AnyReportRow, ClosedReport, ReportRow, all_open_reports, close_report, insert_report,
    open_reports, workspace_of_report,
};
pub use samples::Samples;
pub use sessions::{
    NewSession, SessionRow, SignInRow, delete_other_sessions, delete_session, delete_session_of,
    find_session, insert_session, list_sessions, switch_session, touch_session,
};
pub use stats::{HourRow, LinkTotals, clicks_by_hour, link_totals};
pub use tags::{TagRow, add_up_tags, list_tags};
pub use takedowns::{
    LinkCase, TakedownRow, delete_takedown, find_any_link, find_takedown, link_case, lock_any_link,
    put_takedown,
};
pub use totals::{clicked_since, links_after, set_totals, try_lock_totals};
pub use users::{
    MembershipRow, UserRow, find_membership, find_user_by_email, first_workspace,
    insert_membership, insert_user, insert_workspace, update_password,
};
pub use utm_templates::{
    UtmTemplateRow, count_utm_templates, delete_utm_template, find_utm_template,
    insert_utm_template, is_utm_template_taken, list_utm_templates, lock_utm_template,
    update_utm_template,
};
pub use visitor_keys::{delete_visitor_keys_before, insert_missing_visitor_keys, visitor_keys};
pub use webhook_messages::{
    DueMessage, MessageRow, NewMessage, Outcome, UnderWay, insert_messages, list_messages,
    note_attempt, replay_message, room_for_messages, take_due_messages,
};
pub use webhook_tellings::{
    ClicksTelling, Progress, Telling, Tellings, changes_to_tell, clicks_to_tell, end_of_expiries,
    expired_links_to_tell, lock_progress, pass_over_thresholds, set_progress,
};
pub use webhooks::{
    WebhookRow, count_webhooks, delete_old_secrets, delete_webhook, disable_webhook, find_webhook,
    insert_webhook, list_webhooks, lock_webhook, note_missed, rotate_webhook_secret,
    update_webhook,
};
