//! Wrong settings, and the documents about them.

use crate::harness::{Place, linkpulse, text};

#[test]
fn a_wrong_setting_is_one_line_and_exit_code_64() {
    for (name, value) in [
        ("LINKPULSE_SHUTDOWN_GRACE", "soon"),
        ("LINKPULSE_PROXY_LISTEN", "8080"),
        ("LINKPULSE_ANALYTICS_ENGINE", "oracle"),
        ("DATABASE_URL", "hunter2"),
    ] {
        let place = Place::new().with(name, value);
        let output = place.run(&["up", "--check"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with(&format!("linkpulse: {name}: ")), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert!(!place.state_dir().join("state.json").exists());
    }
}

#[test]
fn what_only_a_service_can_judge_is_told_in_its_words() {
    // The proxy alone knows this one.
    let place = Place::new().with("LINKPULSE_CLICK_WINDOW_BLOCKS", "many");
    let output = place.run(&["up", "--check"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("LINKPULSE_CLICK_WINDOW_BLOCKS: "), "{said}");
}

#[test]
fn documents_are_printed() {
    let settings = text(&linkpulse().arg("settings").output().unwrap());
    assert!(settings.starts_with("# Configuration\n"), "{settings}");
    assert!(
        settings.contains("| `LINKPULSE_PUBLIC_URL` |"),
        "{settings}"
    );

    let openapi = linkpulse().arg("openapi").output().unwrap();
    let openapi: serde_json::Value = serde_json::from_slice(&openapi.stdout).unwrap();
    assert!(openapi["paths"]["/api/v1/links"]["post"].is_object());
}
