use contract::user_agent::{Browser, Device, Os};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use super::Hours;

/// One question about a visit, and perhaps `not`. Lists mean "one of"; what is not known of a
/// visitor is none of a list.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "country": ["DE", "AT"], "not": true }))]
pub struct Condition {
    /// The visitor's country: ISO 3166-1, two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) country: Option<Vec<String>>,
    /// The visitor's continent: AF, AN, AS, EU, NA, OC, SA.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) continent: Option<Vec<String>>,
    /// The visitor's region, in any case: its ISO 3166-2 code without the country, or its name,
    /// whichever the geo database has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) region: Option<Vec<String>>,
    /// The visitor's city in English, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) city: Option<Vec<String>>,
    /// The kind of device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = devices, required = false)]
    pub(super) device: Option<Vec<String>>,
    /// The operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = systems, required = false)]
    pub(super) os: Option<Vec<String>>,
    /// The browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = browsers, required = false)]
    pub(super) browser: Option<Vec<String>>,
    /// The language preferred: `de` holds for `de-AT`, not the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) language: Option<Vec<String>>,
    /// A parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) query: Option<QueryTest>,
    /// The site that the visitor comes from: a host, its subdomains included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) referrer: Option<Vec<String>>,
    /// The visitor's address: addresses and networks, as `192.0.2.0/24`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub(super) address: Option<Vec<String>>,
    /// Earlier than this moment (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    pub(super) before: Option<String>,
    /// At this moment or later (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    pub(super) after: Option<String>,
    /// Days of the week and hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) hours: Option<Hours>,
    /// The answer must be no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub(super) not: bool,
}

/// A question about a query parameter.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryTest {
    /// Its name as it is sent: percent encoding and all.
    #[schema(max_length = 200, example = "ref")]
    pub(super) name: String,
    /// What it must be.
    pub(super) value: QueryValue,
}

/// What a query parameter must be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = json!({ "equals": "newsletter" }))]
pub enum QueryValue {
    /// There, with any value.
    Present,
    /// There, with this value as it is sent: percent encoding and all.
    Equals(String),
}

fn devices() -> Array {
    let names = Device::ALL.iter().map(|device| device.as_str());
    some_of("The kind of device.", names)
}

fn systems() -> Array {
    let names = Os::ALL.iter().map(|os| os.as_str());
    some_of("The operating system.", names)
}

fn browsers() -> Array {
    let names = Browser::ALL.iter().map(|browser| browser.as_str());
    some_of("The browser.", names)
}

fn some_of(description: &str, names: impl Iterator<Item = &'static str>) -> Array {
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names));
    ArrayBuilder::new()
        .description(Some(description))
        .items(name)
        .min_items(Some(1))
        .max_items(Some(100))
        .build()
}
