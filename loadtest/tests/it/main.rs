//! Small runs of the tool itself against real services, so that it keeps up with them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use local_servers::testing::ThrowAwayDir;

/// Runs a measurement; its results, and what it printed.
fn run(arguments: &[&str]) -> (ThrowAwayDir, String) {
    let folder = ThrowAwayDir::create().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_loadtest"))
        .args(arguments)
        .arg("--results")
        .arg(folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    (folder, String::from_utf8(output.stdout).unwrap())
}

fn read(folder: &ThrowAwayDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn memory_is_measured_and_written_down() {
    let (folder, printed) = run(&["memory", "--links", "20000", "--machine", "a test's"]);
    let text = read(&folder, "memory.md");
    assert!(text.contains(" bytes per link**") && text.ends_with("Machine: a test's.\n"));
    assert_eq!(printed.trim_end(), text.trim_end());
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "memory.json")).unwrap();
    assert_eq!(raw["links"], 20_000);
    assert!(raw["bytes_per_link"].as_f64().unwrap() > 60.0, "{raw}");
}

#[test]
fn edits_are_followed_in_the_whole_system() {
    let arguments = ["edits", "--edits", "6", "--links", "3", "--rate", "50"];
    let document = PathBuf::from("edit-to-effect.md");
    let more = [
        "--date",
        "2000-01-01",
        "--document",
        document.to_str().unwrap(),
    ];
    let (folder, _) = run(&[&arguments[..], &more[..]].concat());
    let text = read(&folder, "edit-to-effect.md");
    assert!(
        text.contains("6 edits") && text.contains("Measured on 2000-01-01"),
        "{text}"
    );
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "edits.json")).unwrap();
    assert_eq!(raw["effect"].as_array().unwrap().len(), 6);
    assert!(raw["background_redirects"].as_u64().unwrap() > 0);
}

#[test]
fn recording_is_measured_beside_other_ways() {
    let (folder, _) = run(&["recording", "--clicks", "20000", "--rounds", "2"]);
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "recording.json")).unwrap();
    for way in ["spool", "write", "channel"] {
        let nanos = raw[way].as_array().unwrap();
        assert_eq!(nanos.len(), 2);
        assert!(nanos.iter().all(|it| it.as_f64().unwrap() > 1.0), "{raw}");
    }
}

#[test]
fn clicks_become_visible_in_the_whole_system() {
    let arguments = ["visible", "--clicks", "8", "--links", "5", "--rate", "100"];
    let (folder, _) = run(&arguments);
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "visible.json")).unwrap();
    assert_eq!(raw["millis"].as_array().unwrap().len(), 8);
    assert!(raw["background_redirects"].as_u64().unwrap() > 0);
}

#[test]
fn every_click_of_an_outage_is_counted_after_it() {
    let arguments = ["outage", "--seconds", "5", "--around", "2", "--rate", "300"];
    let (folder, _) = run(&arguments);
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "outage.json")).unwrap();
    // The run itself fails when they differ, or when a redirect fails.
    assert_eq!(raw["clicks"], raw["redirects"]);
    assert!(raw["clicks"].as_u64().unwrap() > 1_000, "{raw}");
    assert!(raw["samples"].as_array().unwrap().len() >= 7, "{raw}");
}

#[test]
fn no_click_is_lost_or_doubled_when_everything_is_killed() {
    let (folder, _) = run(&["chaos", "--seconds", "30", "--rate", "500"]);
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "chaos.json")).unwrap();
    // The run itself fails when a click is missing, or when nothing went wrong.
    let faults = raw["faults"].as_object().unwrap().len();
    let skipped = raw["skipped"].as_object().unwrap();
    for (fault, reason) in skipped {
        println!("not here: {fault}: {reason}");
    }
    assert_eq!(faults + skipped.len(), 17);
    assert!(raw["rows"].as_u64().unwrap() > 5_000, "{raw}");
}

#[test]
fn a_backlog_is_drained_on_each_engine_and_compared() {
    let arguments = ["drain", "--clicks", "30000", "--links", "500"];
    let more = ["--user-agents", "300", "--partitions", "2"];
    let (folder, _) = run(&[&arguments[..], &more[..]].concat());
    let text = read(&folder, "drain.md");
    assert!(text.contains("30000 clicks of two hours"), "{text}");
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "drain.json")).unwrap();
    let rounds = raw["rounds"].as_array().unwrap();
    assert_eq!(rounds[0]["engine"], "postgres");
    for round in rounds {
        assert!(round["clicks_per_second"].as_f64().unwrap() > 0.0, "{raw}");
        let progress = round["progress"].as_array().unwrap();
        assert_eq!(progress.last().unwrap()[1], 0);
    }
}

#[test]
fn the_api_is_measured_with_links_of_all_kinds() {
    let arguments = ["api", "--links", "3000", "--seconds", "2", "--rows", "200"];
    let more = ["--lists", "2", "--depth", "12", "--rounds", "1"];
    let slowly = [
        "--create-rate",
        "40",
        "--sign-in-rate",
        "15",
        "--read-rate",
        "20",
    ];
    let (folder, _) = run(&[&arguments[..], &more[..], &slowly[..]].concat());
    let text = read(&folder, "api.md");
    assert!(text.contains("has 3000 links on five domains"), "{text}");
    let raw: serde_json::Value = serde_json::from_str(&read(&folder, "api.json")).unwrap();
    let made = raw["created"]["millis"]["count"].as_u64().unwrap();
    assert_eq!(
        raw["created"]["statuses"],
        serde_json::json!({ "201": made })
    );
    let lists = raw["lists"].as_array().unwrap();
    assert!(lists.len() > 40, "{raw}");
    for list in lists {
        assert!(list["first"]["count"].as_u64().unwrap() > 0, "{list}");
    }
    let sign_ins = &raw["sign_ins"];
    assert_eq!(sign_ins["reads_beside"]["errors"], 0);
    assert_eq!(sign_ins["sign_ins"]["errors"], 0, "{sign_ins}");
    assert!(sign_ins["sign_ins"]["statuses"]["200"].as_u64().unwrap() > 0);
    assert!(sign_ins["sign_ins"]["statuses"]["401"].as_u64().unwrap() > 0);
}
