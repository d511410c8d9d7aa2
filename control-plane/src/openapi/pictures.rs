//! Pictures are bytes. utoipa calls what a handler says of them a list of numbers.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{Content, KnownFormat, RefOr, SchemaFormat, Type};

const PNG: &str = "image/png";

/// Calls them what they are.
pub(super) fn describe(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.get_mut(PNG).into_iter().for_each(bytes);
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.get_mut(PNG).into_iter().for_each(bytes);
        }
    }
}

fn bytes(content: &mut RefOr<Content>) {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    *content = RefOr::T(Content::new(Some(schema)));
}
