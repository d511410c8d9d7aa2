//! The results for people.

use super::bulk::Round;
use super::command::{Arguments, Raw};
use super::creation::WARM_UP;
use super::lists::{Measured, Quantiles};
use super::sign_ins::Reads;
use crate::report::Table;

/// Milliseconds until a link is made, 95 of 100.
const CREATE_BAR: f64 = 20.0;

/// Milliseconds until a list is there, 95 of 100.
const LIST_BAR: f64 = 50.0;

/// Seconds of a bulk request.
const BULK_BAR: f64 = 3.0;

/// Milliseconds until a read is answered while people sign in, 99 of 100.
const READ_BAR: f64 = 100.0;

/// A value beside its bar, in words.
fn verdict(value: f64, bar: f64) -> String {
    match value < bar {
        true => "met".to_owned(),
        false => format!("missed by {:.0} %", (value / bar - 1.0) * 100.0),
    }
}

pub(super) fn text(raw: &Raw, arguments: &Arguments) -> String {
    let Arguments {
        seconds,
        sign_in_rate,
        read_rate,
        lists,
        depth,
        rows,
        ..
    } = arguments;
    let warm_up = WARM_UP.as_secs();
    format!(
        "# The API with {links} links

One workspace has {links} links on five domains: 200 tags on a tenth of them, titles on most, some
archived, disabled, expired, taken down or in the bin, clicks by Zipf's law. Control plane,
PostgreSQL and Redis are processes on one machine, share two cores with this tool, and have what
they confirm on the disk, Redis once a second; PostgreSQL has the settings of `linkpulse up`. Requests
come over HTTP, with an API key.

## Making links

{created_rate:.0} a second at random moments (a Poisson process), whether or not earlier ones were
answered, for {seconds} s, after {warm_up} s that do not count: the control plane has only just
started. Waiting counts from the moment a request was due.

{created}
## Lists

One after another. {lists} lists of each kind, up to ten pages of 50 links each; deep are the last
tenth of {depth} pages of 100. Milliseconds until the whole answer is there.

{lists_table}
## In bulk

{rows} links in one request, {rounds} times; the slowest counts.

{bulk}
## Sign-ins

{sign_in_rate:.0} a second for {seconds} s, each from another address, half of them with a wrong
password, beside {read_rate:.0} reads a second: single links, first pages and searches. The same
reads alone before. Of both, the first {warm_up} s do not count: all clients connect then.

{sign_ins}",
        links = raw.links,
        created_rate = raw.created.per_second,
        created = created(raw),
        lists_table = list_table(&raw.lists),
        rounds = raw.bulk.len(),
        bulk = bulk_table(&raw.bulk),
        sign_ins = sign_ins(raw),
    )
}

fn created(raw: &Raw) -> String {
    let millis = &raw.created.millis;
    let mut table = Table::new(&["links made", "p50, ms", "p95", "p99", "max", "errors"]);
    let mut cells = vec![millis.count.to_string()];
    cells.extend(quantiles(millis));
    cells.push(raw.created.errors().to_string());
    table.row(cells);
    format!(
        "{table}\np95 < {CREATE_BAR} ms: {}. No errors: {}.\n",
        verdict(millis.p95, CREATE_BAR),
        match raw.created.errors() {
            0 => "met".to_owned(),
            _ => format!("missed, {:?}", raw.created.statuses),
        }
    )
}

fn quantiles(millis: &Quantiles) -> [String; 4] {
    [millis.p50, millis.p95, millis.p99, millis.max].map(|millis| format!("{millis:.1}"))
}

fn list_table(lists: &[Measured]) -> String {
    let mut table = Table::new(&[
        "list",
        "first page: p50",
        "p95",
        "pages 2 to 10: p50",
        "p95",
        "deep: p95",
        "slowest",
        "p95 < 50 ms",
    ]);
    let two = |quantiles: Option<Quantiles>| match quantiles {
        Some(Quantiles { p50, p95, .. }) => [format!("{p50:.1}"), format!("{p95:.1}")],
        None => [String::new(), String::new()],
    };
    for list in lists {
        let mut cells = vec![list.name.clone()];
        cells.extend(two(Some(list.first)));
        cells.extend(two(list.later));
        cells.extend(two(list.deep).into_iter().skip(1));
        cells.push(format!("{:.0}", list.slowest.1));
        cells.push(verdict(list.worst_p95(), LIST_BAR));
        table.row(cells);
    }
    let missed = lists.iter().filter(|list| list.worst_p95() >= LIST_BAR);
    let missed: Vec<&str> = missed.map(|list| list.name.as_str()).collect();
    match missed.is_empty() {
        true => format!("{table}\np95 < {LIST_BAR} ms for each kind: met.\n"),
        false => format!(
            "{table}\np95 < {LIST_BAR} ms: missed by {}.\n",
            missed.join("; ")
        ),
    }
}

fn bulk_table(rounds: &[Round]) -> String {
    let mut table = Table::new(&["request", "slowest, s", "< 3 s"]);
    let all_of = |round: &Round| [round.create, round.edit, round.delete];
    for (place, name) in ["create", "edit by ids", "delete by ids"]
        .into_iter()
        .enumerate()
    {
        let seconds = rounds.iter().map(|round| all_of(round)[place]);
        let slowest = seconds.fold(0.0, f64::max);
        let cells = [
            name.to_owned(),
            format!("{slowest:.2}"),
            verdict(slowest, BULK_BAR),
        ];
        table.row(cells);
    }
    table.to_string()
}

fn sign_ins(raw: &Raw) -> String {
    let measured = &raw.sign_ins;
    let mut table = Table::new(&["", "answers", "p50, ms", "p95", "p99", "max", "errors"]);
    let mut row = |name: &str, millis: Option<Quantiles>, errors: Option<usize>| {
        let Some(millis) = millis else {
            return;
        };
        let mut cells = vec![name.to_owned(), millis.count.to_string()];
        cells.extend(quantiles(&millis));
        cells.push(errors.map_or(String::new(), |errors| errors.to_string()));
        table.row(cells);
    };
    let mut reads = |name: &str, reads: &Reads| row(name, Some(reads.millis), Some(reads.errors));
    reads("reads alone", &measured.reads_alone);
    reads("reads beside sign-ins", &measured.reads_beside);
    let sign_ins = &measured.sign_ins;
    row(
        "sign-ins that were hashed",
        sign_ins.hashed,
        Some(sign_ins.errors),
    );
    row("sign-ins that were turned away", sign_ins.turned_away, None);
    let all: usize = sign_ins.statuses.values().sum();
    let sent_away = sign_ins.turned_away.map_or(0, |quantiles| quantiles.count);
    format!(
        "{table}
p99 of reads beside sign-ins < {READ_BAR} ms: {}. Of {all} sign-ins, {sent_away} were turned away
(429, 503); {:.0} passwords a second were hashed. By status: {:?}. Cores in use meanwhile: control
plane {:.2}, PostgreSQL {:.2}.
",
        verdict(measured.reads_beside.millis.p99, READ_BAR),
        sign_ins.hashed_per_second,
        sign_ins.statuses,
        measured.control_plane_cores,
        measured.postgres_cores,
    )
}
