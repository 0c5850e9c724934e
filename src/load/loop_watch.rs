//! How late a worker's event loop is, and how much of that is not the trial's own doing.
//!
//! A loop is late while its thread handles the messages of many clients, and while server or load
//! use all cores: both belong to the trial, on a machine of this size. It is also late while its
//! process is stopped, or while others have the cores. In that time its thread uses no CPU time,
//! and the other threads of the trial leave cores to spare. Where the server is an unknown process
//! of this host, the division cannot be made, and only the lag is recorded.

use std::rc::Rc;
use std::sync::Arc;

use crate::load::protocol::Plan;
use crate::record::recorder::Recorder;
use crate::record::trial_board::TrialBoard;
use crate::runtime::clock;
use crate::runtime::timer::Timer;
use crate::system::process::CpuClock;

/// Time between two checks.
const PERIOD_NS: u64 = 10_000_000;

/// Checks until the processes of the trial are looked up again. All have begun by the warm-up.
const LOOK_UP: u32 = 50;

/// Records how late the event loop is, once for each period: a stall of a second counts a hundred
/// times.
pub async fn watch(recorder: Rc<Recorder>, plan: Arc<Plan>) {
    let (board, target) = (&recorder.board, &plan.target);
    let proxy = target.proxy.map(|hop| hop.pid);
    let beside = [proxy, plan.network.as_ref().map(|network| network.pid)];
    let all_are_known = target.pid.is_some() || !target.same_host;
    recorder.add_process();
    let timer = Timer::new().expect("the system makes a timer");
    let mut due_ns = clock::now_ns() + PERIOD_NS;
    let mut clocks = clocks(board, beside);
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let (mut used_ns, mut checks) = (used(&clocks), 0);
    while timer.until(due_ns).await.is_ok() {
        let now_ns = clock::now_ns();
        let before_ns = std::mem::replace(&mut used_ns, used(&clocks));
        let [own_ns, others_ns] = [0, 1].map(|of| used_ns[of].saturating_sub(before_ns[of]));
        let worked_ns = worked_ns(own_ns, others_ns, cores);
        while due_ns <= now_ns {
            let lag_ns = now_ns - due_ns;
            // What the trial's own work explains is no stall: all answers to long polls come at
            // once, and keep the loop until each client has asked again.
            let stall_ns = all_are_known.then(|| lag_ns.saturating_sub(worked_ns));
            recorder.looped(lag_ns, stall_ns);
            due_ns += PERIOD_NS;
        }
        checks += 1;
        if checks % LOOK_UP == 0 {
            clocks = self::clocks(board, beside);
            used_ns = used(&clocks);
        }
    }
}

/// The longest time for which the trial itself may have kept a loop: its thread worked, or the
/// other threads of the trial had all cores. The kernel may count the work of its network code
/// (softirqs) to no process, so half of the cores are taken for all.
fn worked_ns(own_ns: u64, others_ns: u64, cores: u64) -> u64 {
    own_ns + others_ns / (cores / 2).max(1)
}

/// The CPU clocks of all processes of the trial on this host.
fn clocks(board: &TrialBoard, beside: [Option<u32>; 2]) -> Vec<CpuClock> {
    let others = board
        .server()
        .into_iter()
        .chain(beside.into_iter().flatten());
    let mut pids: Vec<u32> = board.processes().chain(others).collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter()
        .filter_map(|pid| CpuClock::of(pid).ok())
        .collect()
}

/// What this thread has used, and all other threads of these processes, in ns. A process that has
/// ended counts as nothing.
fn used(clocks: &[CpuClock]) -> [u64; 2] {
    let own_ns = CpuClock::of_this_thread().read_ns().unwrap_or(0);
    let all_ns: u64 = clocks.iter().filter_map(CpuClock::read_ns).sum();
    [own_ns, all_ns.saturating_sub(own_ns)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_waits_for_other_threads_of_the_trial_only_if_they_have_the_cores() {
        // own and other threads' ms, cores → ms
        let table = [
            (30, 0, 2, 30),
            (0, 100, 1, 100),
            (10, 100, 2, 110),
            // A server that has one core of eight leaves the load enough of them.
            (10, 100, 8, 35),
            (10, 700, 8, 185),
        ];
        for (own, others, cores, expected) in table {
            assert_eq!(worked_ns(own, others, cores), expected);
        }
    }
}
