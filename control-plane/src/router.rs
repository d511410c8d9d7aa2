//! All routes, and what happens to every request around them.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use contract::RequestId;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::Instrument;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::Error;
use crate::openapi::{self, Description};
use crate::routes::{
    audit, domains, imports, invitations, keys, links, members, orphans, qr_logo, reports, session,
    sessions, tags, utm_templates, webhooks, workspaces,
};
use crate::state::AppState;
use crate::unasked::{self, Asked};
use crate::{body_limit, console, deadline, docs, gate, once, pages, problem, unread, versions};

/// The documented routes.
pub(crate) fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(
            session::create_session,
            session::get_session,
            session::switch_workspace,
            session::delete_session
        ))
        .routes(routes!(session::change_password))
        .routes(routes!(links::create_link, links::list_links))
        .routes(routes!(
            links::get_link,
            links::update_link,
            links::delete_link
        ))
        .routes(routes!(links::create_links))
        .routes(routes!(links::update_links))
        .routes(routes!(links::delete_links))
        .routes(routes!(links::restore_link))
        .routes(routes!(links::block_link))
        .routes(routes!(links::unblock_link))
        .routes(routes!(links::link_history))
        .routes(routes!(links::roll_back_link))
        .routes(routes!(links::end_link_split))
        .routes(routes!(links::link_qr_png))
        .routes(routes!(links::link_qr_svg))
        .routes(routes!(
            qr_logo::get_qr_logo,
            qr_logo::put_qr_logo,
            qr_logo::delete_qr_logo
        ))
        .routes(routes!(links::export_csv))
        .routes(routes!(links::export_jsonl))
        .routes(routes!(imports::create_import, imports::list_imports))
        .routes(routes!(imports::get_import))
        .routes(routes!(links::get_link_by_code))
        .routes(routes!(links::get_external_link, links::put_external_link))
        .routes(routes!(links::get_link_stats))
        .routes(routes!(links::explain_link))
        .routes(routes!(tags::list_tags))
        .routes(routes!(orphans::list_orphans))
        .routes(routes!(audit::list_audit_log))
        .routes(routes!(domains::list_domains, domains::add_domain))
        .routes(routes!(
            domains::get_domain,
            domains::update_domain,
            domains::remove_domain
        ))
        .routes(routes!(domains::verify_domain))
        .routes(routes!(keys::list_api_keys, keys::create_api_key))
        .routes(routes!(keys::get_api_key, keys::revoke_api_key))
        .routes(routes!(keys::rotate_api_key))
        .routes(routes!(members::list_members))
        .routes(routes!(
            members::get_member,
            members::update_member,
            members::remove_member
        ))
        .routes(routes!(
            invitations::list_invitations,
            invitations::create_invitation
        ))
        .routes(routes!(invitations::accept_invitation))
        .routes(routes!(
            invitations::get_invitation,
            invitations::withdraw_invitation
        ))
        .routes(routes!(
            sessions::list_sessions,
            sessions::end_other_sessions
        ))
        .routes(routes!(sessions::end_session))
        .routes(routes!(
            workspaces::list_workspaces,
            workspaces::create_workspace
        ))
        .routes(routes!(workspaces::get_workspace))
        .routes(routes!(workspaces::rename_workspace))
        .routes(routes!(workspaces::export_workspace))
        .routes(routes!(workspaces::restore_workspace))
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(
            webhooks::get_webhook,
            webhooks::update_webhook,
            webhooks::remove_webhook
        ))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::list_messages))
        .routes(routes!(webhooks::replay_message))
        .routes(routes!(
            utm_templates::list_utm_templates,
            utm_templates::create_utm_template
        ))
        .routes(routes!(
            utm_templates::get_utm_template,
            utm_templates::update_utm_template,
            utm_templates::remove_utm_template
        ))
        .routes(routes!(reports::list_reports))
        .routes(routes!(reports::close_report))
}

/// Everything the public listener serves.
pub fn router(state: AppState) -> Router {
    let (api, _) = api().split_for_parts();
    // A description is always JSON.
    let description = serde_json::to_value(openapi::description()).unwrap_or_default();
    let asked = Arc::new(Asked::of(&description));
    let docs = docs::router(&description, &state.config.public_url);
    let describe = get(|| async move { Json(description) });
    let no_sniff = HeaderValue::from_static("nosniff");
    let no_referrer = HeaderValue::from_static("same-origin");
    api.route_layer(from_fn_with_state(state.clone(), once::once))
        .route_layer(from_fn(versions::not_modified))
        .route_layer(from_fn_with_state(asked, unasked::refuse))
        .route_layer(from_fn_with_state(state.clone(), gate::gate))
        .route("/api/v1/openapi.json", describe)
        .merge(docs)
        .merge(console::router())
        .route("/auth/{code}", post(pages::unlock).get(pages::back_to_link))
        .route(
            "/report/{code}",
            post(pages::report).get(pages::report_form),
        )
        .route("/robots.txt", get(pages::robots))
        .route(
            "/.well-known/apple-app-site-association",
            get(pages::apple_app_site_association),
        )
        .route("/.well-known/assetlinks.json", get(pages::assetlinks))
        .fallback(pages::link_page)
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .layer(from_fn(body_limit::hold))
        .layer(CatchPanicLayer::custom(|_| {
            Error::internal("a handler panicked").into_response()
        }))
        .layer(from_fn_with_state(state.clone(), deadline::keep))
        .layer(from_fn(problem::render))
        .layer(from_fn(name_and_measure))
        .layer(from_fn(unread::say_so))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            no_sniff,
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::REFERRER_POLICY,
            no_referrer,
        ))
        .with_state(state)
}

/// Gives the request the name the proxy gave it (or one, if it came directly), puts that name on
/// every log line and on the answer, and counts the answer.
async fn name_and_measure(mut request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok());
    let request_id = given
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| RequestId(Uuid::now_v7()));
    request.extensions_mut().insert(request_id);
    let method = request.method().clone();
    let route = request.extensions().get::<axum::extract::MatchedPath>();
    let route = route.map_or("other".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", %request_id, %method, route);
    let begin = std::time::Instant::now();

    let mut response = next.run(request).instrument(span.clone()).await;

    let elapsed = begin.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, duration_ms = elapsed * 1000.0, "answered"));
    let labels = [
        ("method", method.to_string()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("linkpulse_http_requests_total", &labels).increment(1);
    metrics::histogram!("linkpulse_http_request_duration_seconds", &labels[..2]).record(elapsed);
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
