//! What a link may have beyond a target.

mod example;
mod kept;
mod refused;
mod refused_rules;
