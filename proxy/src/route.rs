//! Which requests are for a link, which for the control plane, and which for nobody.
//!
//! Pure, and it compares the path as it was sent: nothing is decoded, so there is one way to
//! write a code, and no second reading of a path further on.

use contract::Code;
use contract::code::is_reserved;
use http::Method;
use memchr::memchr;

/// First segments of the system that could not be codes, and so are not among the reserved ones.
const SYSTEM_FILES: [&str; 3] = ["robots.txt", "favicon.ico", ".well-known"];

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'p> {
    /// To a link.
    Link(LinkPath<'p>),
    /// To where the domain's root leads, if that is set; else to the control plane.
    Root,
    /// To the control plane.
    ControlPlane,
    /// Nowhere: the method makes no sense there. Holds those that surely do.
    WrongMethod(&'static str),
    /// Nowhere: neither a link nor the control plane could be meant.
    Nowhere,
}

/// The path of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkPath<'p> {
    /// The code, which was checked.
    pub(crate) code: &'p str,
    /// What follows it: empty, or with its leading slash.
    pub(crate) extra: &'p str,
    /// There is a `+` behind the code: the visitor wants to see where the link leads. Or `.qr`: they
    /// want its QR code. Both are made by the control plane, for links that are in service.
    pub(crate) wants_preview: bool,
}

/// Whether a path is the API's: its errors have a form of their own, and its names may be long.
pub(crate) fn is_api(path: &[u8]) -> bool {
    let below = path.strip_prefix(b"/api");
    below.is_some_and(|below| matches!(below, [] | [b'/', ..]))
}

/// Decides by method and path; the path is without its query.
pub(crate) fn route<'p>(method: &Method, path: &'p str) -> Route<'p> {
    if *method == Method::CONNECT {
        return Route::WrongMethod(surely_allowed(path));
    }
    let Some(relative) = path.strip_prefix('/') else {
        return Route::Nowhere;
    };
    let (first, extra) =
        relative.split_at(memchr(b'/', relative.as_bytes()).unwrap_or(relative.len()));
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if path == "/" && is_read {
        return Route::Root;
    }
    if path == "/" || is_reserved(first) || SYSTEM_FILES.contains(&first) {
        return to_control_plane(method, path);
    }
    let shown = first.strip_suffix('+').or(first.strip_suffix(".qr"));
    let (code, wants_preview) = match shown {
        Some(code) if extra.is_empty() => (code, true),
        _ => (first, false),
    };
    match Code::check(code) {
        Ok(()) if is_read => Route::Link(LinkPath {
            code,
            extra,
            wants_preview,
        }),
        Ok(()) => Route::WrongMethod("GET, HEAD"),
        Err(_) => Route::Nowhere,
    }
}

/// TRACE would show what we add to a request, and unknown methods have unknown framing.
fn to_control_plane(method: &Method, path: &str) -> Route<'static> {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if known.contains(method) {
        Route::ControlPlane
    } else {
        Route::WrongMethod(surely_allowed(path))
    }
}

/// Pages and files can be read, whatever else. Of the API's paths only the control plane knows: some
/// cannot even be read, so none is listed.
fn surely_allowed(path: &str) -> &'static str {
    match is_api(path.as_bytes()) {
        true => "",
        false => "GET, HEAD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Route<'_> {
        route(&Method::GET, path)
    }

    fn link<'p>(code: &'p str, extra: &'p str, wants_preview: bool) -> Route<'p> {
        Route::Link(LinkPath {
            code,
            extra,
            wants_preview,
        })
    }

    #[test]
    fn a_first_segment_that_is_a_code_is_a_link() {
        for code in ["a", "aB3-_9", "apis", &"x".repeat(64)] {
            assert_eq!(get(&format!("/{code}")), link(code, "", false), "{code}");
        }
        assert!(matches!(route(&Method::HEAD, "/abc"), Route::Link(_)));
        assert_eq!(get("/abc/"), link("abc", "/", false));
        assert_eq!(get("/abc/d/../e"), link("abc", "/d/../e", false));
    }

    #[test]
    fn a_plus_asks_where_a_link_leads() {
        assert_eq!(get("/abc+"), link("abc", "", true));
        assert_eq!(get("/abc.qr"), link("abc", "", true));
        for path in [
            "/+",
            "/abc++",
            "/abc+/d",
            "/ab+c",
            "/.qr",
            "/abc.qr/d",
            "/abc.qr+",
            "/abc.QR",
        ] {
            assert_eq!(get(path), Route::Nowhere, "{path}");
        }
    }

    #[test]
    fn the_root_is_the_domains() {
        assert_eq!(get("/"), Route::Root);
        assert_eq!(route(&Method::POST, "/"), Route::ControlPlane);
    }

    #[test]
    fn the_system_keeps_its_words() {
        for path in [
            "/api/v1/links",
            "/API/v1",
            "/console/",
            "/login",
            "/metrics",
            "/robots.txt",
            "/favicon.ico",
            "/.well-known/security.txt",
            "/api/../x",
        ] {
            assert_eq!(get(path), Route::ControlPlane, "{path}");
        }
    }

    #[test]
    fn the_api_is_told_from_what_only_looks_like_it() {
        for path in ["/api", "/api/", "/api/v1/links"] {
            assert!(is_api(path.as_bytes()), "{path}");
        }
        for path in ["", "/", "/apis", "/API/v1", "/abc/api/", "//api/", "api/"] {
            assert!(!is_api(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn nothing_is_decoded_or_repaired() {
        for path in [
            "",
            "*",
            "//abc",
            "/%61bc",
            "/abc;x",
            "/abc%00",
            "/.env",
            "/../etc",
            "/é",
            "/robots.txt.bak",
            &format!("/{}", "x".repeat(65)),
        ] {
            assert_eq!(get(path), Route::Nowhere, "{path}");
        }
    }

    #[test]
    fn methods_that_make_no_sense_are_refused_with_those_that_do() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(route(&method, "/abc"), Route::WrongMethod("GET, HEAD"));
        }
        for (path, allowed) in [
            ("localhost:22", "GET, HEAD"),
            ("/abc", "GET, HEAD"),
            ("/robots.txt", "GET, HEAD"),
            ("/auth/abc", "GET, HEAD"),
            ("/api/v1/session", ""),
        ] {
            let refused = Route::WrongMethod(allowed);
            assert_eq!(route(&Method::CONNECT, path), refused, "{path}");
            if path.starts_with('/') {
                assert_eq!(route(&Method::TRACE, path), refused, "{path}");
            }
        }
        assert_eq!(
            route(&Method::PATCH, "/api/v1/links/x"),
            Route::ControlPlane
        );
    }
}
