//! `linkpulse dead-letters`.

use std::process::Output;

use local_servers::testing::{self, TestDatabase};

use crate::clicks::execute;
use crate::harness::{linkpulse, text};

fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    let mut command = linkpulse();
    command.env("DATABASE_URL", &database.url);
    command.env("REDIS_URL", testing::redis_url());
    command.arg("dead-letters").args(arguments);
    command.output().unwrap()
}

#[test]
fn letters_are_listed_shown_and_sent_back() {
    let database = TestDatabase::create("letters");
    let early = run(&database, &["list"]);
    assert_eq!(early.status.code(), Some(1), "{}", text(&early));
    let migrated = linkpulse()
        .arg("migrate")
        .env("DATABASE_URL", &database.url)
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{}", text(&migrated));
    let none = text(&run(&database, &["list"]));
    assert!(none.contains("There are no dead letters"), "{none}");
    let none = run(&database, &["replay", "--all"]);
    assert!(none.status.success(), "{}", text(&none));

    execute(
        &database,
        "insert into dead_letters values
             ('nowhere:{0}', '5-0', '{\"v\", \"1\", \"seg\", \"\\\\xff00\"}', 'no field crc', 5),
             ('nowhere:{0}', '6-0', '{\"v\", \"1\"}', 'no field seg', 5),
             ('nowhere:{1}', '6-0', '{\"v\", \"1\"}', 'no field seg', 5)",
    );
    let list = text(&run(&database, &["list"]));
    for said in ["5-0", "nowhere:{0}, 7 bytes, tried 5 times", "no field crc"] {
        assert!(list.contains(said), "{said:?} in {list}");
    }
    let shown = text(&run(&database, &["show", "5-0"]));
    for said in ["seg = \\xff\\x00", "This release cannot read it: malformed"] {
        assert!(shown.contains(said), "{said:?} in {shown}");
    }

    let replayed = run(&database, &["replay", "5-0", "nowhere:{1}/6-0"]);
    let said = text(&replayed);
    assert_eq!(replayed.status.code(), Some(1), "{said}");
    assert!(said.contains("5-0  not sent, since"), "{said}");
    assert!(said.contains("0 of 2 counted"), "{said}");

    for (arguments, expected) in [
        (&["show", "7-0"][..], "there is no dead letter 7-0"),
        (
            &["replay", "5-0", "nowhere:{1}/5-0"],
            "there is no dead letter nowhere:{1}/5-0",
        ),
        (
            &["show", "6-0"],
            "which one? There are nowhere:{0}/6-0 and nowhere:{1}/6-0",
        ),
    ] {
        let refused = run(&database, arguments);
        assert_eq!(refused.status.code(), Some(1));
        let said = text(&refused);
        assert!(said.contains(expected), "{expected:?} in {said}");
    }
    for arguments in [&["replay"][..], &["replay", "--all", "5-0"]] {
        assert_eq!(run(&database, arguments).status.code(), Some(2));
    }
}
