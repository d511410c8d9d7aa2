use spool::inspect::{End, inspect};

use crate::harness::{drain, open, record, seal};

#[test]
fn shows_what_is_there_without_touching_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.spool"), "rubbish").unwrap();
    let (writer, mut outbox) = open(folder.path());
    for number in 0..3 {
        record(&writer, number, "x");
        seal(&writer);
    }
    record(&writer, 4, "open");
    let blocks = drain(&mut outbox);
    outbox.acknowledge(blocks[0].id);

    let inspected = inspect(folder.path()).unwrap();
    let rubbish = inspected.iter().find(|it| it.path.ends_with("a.spool"));
    assert!(rubbish.unwrap().content.is_err());
    let mut contents = inspected.iter().filter_map(|it| it.content.as_ref().ok());
    let content = contents.find(|it| it.clicks > 0).unwrap();
    assert_eq!(content.id, blocks[0].id.segment);
    assert_eq!((content.blocks, content.acknowledged), (3, 1));
    assert_eq!((content.clicks, content.unsealed), (3, 1));
    assert_eq!((content.lost, content.end), (0, End::Open));
    assert!(content.is_in_use);

    writer.close();
    drop((writer, outbox));
    let inspected = inspect(folder.path()).unwrap();
    let mut contents = inspected.iter().filter_map(|it| it.content.as_ref().ok());
    let content = contents.find(|it| it.clicks > 0).unwrap();
    assert_eq!((content.clicks, content.unsealed), (4, 0));
    assert_eq!(content.end, End::Closed);
    assert!(!content.is_in_use);
    let (_writer, mut outbox) = open(folder.path());
    assert_eq!(drain(&mut outbox).len(), 3, "nobody else was kept out");
}
