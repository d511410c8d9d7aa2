//! A blocking client of the public port: a visitor's browser, or a program with an API key.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::Runtime;

/// What the client says it is: a person's browser, since only these are clicks.
pub(crate) const BROWSER: &str = "Mozilla/5.0 (X11) Firefox/145.0";

/// Sends requests to one address, and follows no redirect.
pub(crate) struct Web {
    runtime: Runtime,
    client: Client,
    root: String,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Web {
    /// A client of the proxy at this address.
    pub(crate) fn new(root: String) -> Web {
        service::install_tls_provider();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .timeout(Duration::from_secs(15))
            .user_agent(BROWSER)
            .build()
            .unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Web {
            runtime: runtime.enable_all().build().unwrap(),
            client,
            root,
        }
    }

    /// As a visitor, with a cookie, if there is one.
    pub(crate) fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(Method::GET, path, &[("cookie", cookie)], None)
    }

    /// A form, as a browser sends it from a page of ours.
    pub(crate) fn post_form(&self, path: &str, form: &str) -> Reply {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send(Method::POST, path, &headers, Some(form.to_owned()))
    }

    /// A call of the API; the JSON of a good answer.
    pub(crate) fn api(&self, method: Method, path: &str, key: &str, body: Option<Value>) -> Value {
        let authorization = format!("Bearer {key}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        let body = body.map(|body| body.to_string());
        let reply = self.send(method, path, &headers, body);
        assert!(
            reply.status < 300,
            "{path}: {} {}",
            reply.status,
            reply.body
        );
        serde_json::from_str(&reply.body).unwrap()
    }

    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let mut request = self.client.request(method, format!("{}{path}", self.root));
        request = request.header("host", "localhost");
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            Reply {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: response.text().await.unwrap(),
            }
        })
    }
}

impl Reply {
    /// A header's value; empty without one.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Name and value of the cookie that is set for this path.
    pub(crate) fn cookie(&self, path: &str) -> String {
        let cookies = self.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
        let attribute = format!("; Path={path};");
        let cookie = cookies.find(|cookie| cookie.contains(&attribute)).unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}
