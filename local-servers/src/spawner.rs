//! Starts programs that cannot outlive us.
//!
//! Linux sends a chosen signal to a child when its parent dies, however the parent dies
//! (`PR_SET_PDEATHSIG`). "Parent" there means the *thread* that started the child: started from
//! a test's thread or a worker of an async runtime, the child would be stopped as soon as that
//! thread ends. Hence one thread that lives as long as the process starts all of them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};

use crate::TiedChild;

/// One program to start, and where the answer goes.
struct Order {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

/// Orders to the thread, which starts at the first use and never ends. The queue is unbounded,
/// but every sender waits for its answer.
static SPAWNER: LazyLock<io::Result<Sender<Order>>> = LazyLock::new(|| {
    let (sender, orders) = channel();
    let thread = thread::Builder::new().name("tied-spawner".to_owned());
    thread.spawn(move || carry_out(orders)).map(|_| sender)
});

/// Starts `command` in its own process group, so that Ctrl-C in the terminal does not reach it,
/// and lets the kernel send it `death_signal` when this process ends, even by `kill -9`.
///
/// Give it a standard input: a program outside the terminal's foreground is stopped when it
/// reads from the terminal.
pub fn spawn_tied(mut command: Command, death_signal: Signal) -> io::Result<TiedChild> {
    command.process_group(0);
    tie(&mut command, death_signal, getpid());
    let spawner = match &*SPAWNER {
        Ok(spawner) => spawner,
        Err(error) => return Err(io::Error::new(error.kind(), error.to_string())),
    };
    let (answer, answered) = channel();
    let gone = || io::Error::other("the thread that starts programs has ended");
    spawner
        .send(Order { command, answer })
        .map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?.map(TiedChild::new)
}

fn carry_out(orders: Receiver<Order>) {
    for Order {
        mut command,
        answer,
    } in orders
    {
        // A caller that stopped waiting drops the answer; its child is then killed below.
        if let Err(unwanted) = answer.send(command.spawn())
            && let Ok(child) = unwanted.0
        {
            drop(TiedChild::new(child));
        }
    }
}

#[allow(
    unsafe_code,
    reason = "only code between fork and exec can set the death signal of the new program"
)]
fn tie(command: &mut Command, death_signal: Signal, owner: Pid) {
    let prepare = move || {
        set_parent_process_death_signal(Some(death_signal))?;
        // If the owner died before the line above, no signal will ever come.
        if getppid() == Some(owner) {
            Ok(())
        } else {
            Err(Errno::OWNERDEAD.into())
        }
    };
    // SAFETY: the closure runs in a fork of a process with several threads, where any lock may
    // be held for ever. It makes two system calls (prctl, getppid), neither allocates nor locks,
    // and an `io::Error` from an `Errno` is a plain number. It runs after the change of user,
    // which would have cleared the death signal.
    unsafe { command.pre_exec(prepare) };
}
