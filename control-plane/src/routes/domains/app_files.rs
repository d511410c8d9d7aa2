//! What a domain says of apps that may open its links. Which apps those are is between their makers
//! and the phones; what is checked is that it is a file of the kind.

use serde_json::Value;
use sqlx::types::Json;

use crate::archive::has_nul;
use crate::field_check::FieldCheck;

/// Bytes. Apple takes files of up to 128 KiB; bodies of requests end here.
const MAX_FILE: usize = 64 * 1024;

pub(crate) fn apple_app_site_association(
    file: Value,
    check: &mut FieldCheck<'_>,
) -> Option<Json<Value>> {
    let field = "apple_app_site_association";
    if !file.is_object() {
        check.refuse(field, "wrong_type", "this file is a JSON object");
        return None;
    }
    storable(field, file, check)
}

pub(crate) fn assetlinks(file: Value, check: &mut FieldCheck<'_>) -> Option<Json<Value>> {
    let is_list = |file: &Value| {
        let statements = file.as_array();
        statements.is_some_and(|statements| statements.iter().all(Value::is_object))
    };
    if !is_list(&file) {
        check.refuse(
            "assetlinks",
            "wrong_type",
            "this file is a JSON array of objects",
        );
        return None;
    }
    storable("assetlinks", file, check)
}

fn storable(field: &str, file: Value, check: &mut FieldCheck<'_>) -> Option<Json<Value>> {
    if has_nul(&file) {
        let message = "there is a NUL character in it";
        check.refuse(field, "forbidden_character", message);
        return None;
    }
    if file.to_string().len() > MAX_FILE {
        let message = format!("at most {MAX_FILE} bytes are allowed here");
        check.refuse(field, "too_long", message);
        return None;
    }
    Some(Json(file))
}
