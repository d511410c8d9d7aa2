//! What the kernel tells of programs and of the machine.

mod cores;
mod description;
mod usage;

pub(crate) use cores::{
    LOAD_CORE, SERVER_CORE, fine_timers, keep_to_two_cores, lower_priority, on_core, pin_process,
    pin_this_thread,
};
pub(crate) use description::{describe, version_of};
pub(crate) use usage::{CpuTime, cpu_time, own_bytes, resident_bytes};
