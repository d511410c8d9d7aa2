//! A site that links lead to: it answers as a test tells it, and keeps what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::net::TcpListener;

/// What is at a path.
#[derive(Clone)]
pub enum Page {
    Html(String),
    /// With this content type.
    Bytes(&'static str, Vec<u8>),
    Redirect(String),
    Status(u16),
    /// A byte now and then, without end.
    Trickle,
}

#[derive(Clone, Default)]
pub struct PageServer {
    pub port: u16,
    pages: Arc<Mutex<HashMap<String, Page>>>,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl PageServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            ..Self::default()
        };
        let router = Router::new().fallback(give).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub fn put(&self, path: &str, page: Page) {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// Paths that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Headers of the last request.
    pub fn headers(&self) -> HeaderMap {
        self.asked.lock().unwrap().last().unwrap().1.clone()
    }
}

async fn give(State(server): State<PageServer>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().to_owned();
    let page = server.pages.lock().unwrap().get(&path).cloned();
    server.asked.lock().unwrap().push((path, headers));
    let html = "text/html; charset=utf-8";
    match page {
        Some(Page::Html(text)) => ([(header::CONTENT_TYPE, html)], text).into_response(),
        Some(Page::Bytes(kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Some(Page::Redirect(to)) => {
            let cookie = (header::SET_COOKIE, "visited=1".to_owned());
            (StatusCode::FOUND, [(header::LOCATION, to), cookie]).into_response()
        }
        Some(Page::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Page::Trickle) => {
            let bytes = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            });
            ([(header::CONTENT_TYPE, html)], Body::from_stream(bytes)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
