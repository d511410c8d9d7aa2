//! What a link may have beyond a target.

pub mod example;
mod kept;
mod refused;
mod refused_rules;
