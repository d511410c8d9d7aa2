//! Letters as people see them.

use crate::output::{Output, Style, moment};
use pipeline::dead_letter::{Fate, Letter, Summary};

/// Bytes of a value that are shown.
const SHOWN: usize = 64;

/// Two lines of the list.
pub(super) fn summary(letter: &Summary, output: Output) {
    let Summary {
        stream,
        stream_id,
        reason,
        deliveries,
        first_seen,
        bytes,
        ..
    } = letter;
    let id = output.paint(Style::Bold, stream_id);
    let since = moment(*first_seen);
    output.line(format_args!(
        "{id}  {since}, {stream}, {bytes} bytes, tried {deliveries} times"
    ));
    output.line(format_args!("    {reason}"));
}

/// Everything of one.
pub(super) fn letter(letter: &Letter, output: Output) {
    summary(&letter.summary, output);
    if letter.summary.last_seen > letter.summary.first_seen {
        let again = moment(letter.summary.last_seen);
        output.line(format_args!("    given up again {again}"));
    }
    output.line("");
    for (name, value) in letter.fields() {
        let more = match value.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" … and {more} bytes more"),
        };
        let shown = value[..value.len().min(SHOWN)].escape_ascii();
        output.line(format_args!("  {} = {shown}{more}", name.escape_ascii()));
    }
    output.line("");
    match letter.block() {
        Ok(block) => output.line(format_args!(
            "This release can read it: {} clicks. `linkpulse dead-letters replay {}` sends it back.",
            block.count, letter.summary.stream_id
        )),
        Err(reason) => output.line(format_args!("This release cannot read it: {reason}.")),
    }
}

/// What became of one.
pub(super) fn fate(id: &str, fate: &Fate, output: Output) {
    let (style, said) = match fate {
        Fate::Counted { clicks } => (Style::Good, format!("counted, {clicks} clicks")),
        Fate::CountedBefore => (
            Style::Good,
            "was counted before, and is only removed".to_owned(),
        ),
        Fate::Sent => (
            Style::Bad,
            "sent, and not counted yet: it stays here. Is a pipeline running? Replay it again then"
                .to_owned(),
        ),
        Fate::Unreadable(reason) => (
            Style::Bad,
            format!("not sent, since this release cannot read it: {reason}"),
        ),
        Fate::Conflict => (
            Style::Bad,
            "not sent, since another block of its name has been counted".to_owned(),
        ),
    };
    output.line(format_args!("{id}  {}", output.paint(style, said)));
}
