//! Which requests are for a link, which for the control plane, and which for nobody.
//!
//! Pure, and it compares the path as it was sent: nothing is decoded, so there is one way to
//! write a code, and no second reading of a path further on.

use contract::Code;
use contract::code::is_reserved;
use http::Method;

/// First segments of the system that could not be codes, and so are not among the reserved ones.
const SYSTEM_FILES: [&str; 3] = ["robots.txt", "favicon.ico", ".well-known"];

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'p> {
    /// To the link with this code, which was checked.
    Link(&'p str),
    /// To the control plane.
    ControlPlane,
    /// Nowhere: the method makes no sense there. Holds the ones that do.
    WrongMethod(&'static str),
    /// Nowhere: neither a link nor the control plane could be meant.
    Nowhere,
}

/// Decides by method and path; the path is without its query.
pub(crate) fn route<'p>(method: &Method, path: &'p str) -> Route<'p> {
    if *method == Method::CONNECT {
        return Route::WrongMethod("GET, HEAD");
    }
    let Some(relative) = path.strip_prefix('/') else {
        return Route::Nowhere;
    };
    let (first, is_single) = match relative.split_once('/') {
        Some((first, _)) => (first, false),
        None => (relative, true),
    };
    if path == "/" || is_reserved(first) || SYSTEM_FILES.contains(&first) {
        return to_control_plane(method);
    }
    if !is_single {
        return Route::Nowhere;
    }
    match Code::check(first) {
        Ok(()) if matches!(*method, Method::GET | Method::HEAD) => Route::Link(first),
        Ok(()) => Route::WrongMethod("GET, HEAD"),
        Err(_) => Route::Nowhere,
    }
}

/// TRACE would show what we add to a request, and unknown methods have unknown framing.
fn to_control_plane(method: &Method) -> Route<'static> {
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
        Route::WrongMethod("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Route<'_> {
        route(&Method::GET, path)
    }

    #[test]
    fn one_segment_that_is_a_code_is_a_link() {
        for code in ["a", "aB3-_9", "apis", &"x".repeat(64)] {
            assert_eq!(get(&format!("/{code}")), Route::Link(code), "{code}");
        }
        assert!(matches!(route(&Method::HEAD, "/abc"), Route::Link(_)));
    }

    #[test]
    fn the_system_keeps_its_words() {
        for path in [
            "/",
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
            "/abc/",
            "/abc/def",
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
        assert!(matches!(
            route(&Method::CONNECT, "localhost:22"),
            Route::WrongMethod(_)
        ));
        assert!(matches!(
            route(&Method::TRACE, "/api/v1/links"),
            Route::WrongMethod(_)
        ));
        assert_eq!(
            route(&Method::PATCH, "/api/v1/links/x"),
            Route::ControlPlane
        );
    }
}
