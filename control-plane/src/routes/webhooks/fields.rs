use crate::field_check::FieldCheck;
use crate::webhooks::Event;

/// Numbers of clicks that one webhook can be told of.
const MOST_THRESHOLDS: usize = 20;

/// Each once.
pub(super) fn events(events: Vec<Event>, check: &mut FieldCheck<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for event in events {
        if !names.iter().any(|name| name == event.as_str()) {
            names.push(event.as_str().to_owned());
        }
    }
    check.length("events", names.len(), 1..=Event::ALL.len());
    names
}

/// Ascending, each once.
pub(super) fn thresholds(mut numbers: Vec<i64>, check: &mut FieldCheck<'_>) -> Vec<i64> {
    numbers.sort_unstable();
    numbers.dedup();
    check.length("click_thresholds", numbers.len(), 0..=MOST_THRESHOLDS);
    if numbers.first().is_some_and(|number| *number < 1) {
        let message = "a number of clicks is at least 1";
        check.refuse("click_thresholds", "out_of_range", message);
    }
    numbers
}
