//! How late a worker's event loop is, and how much of that is not the trial's own doing.
//!
//! A loop is late while its thread handles the messages of many clients, and while it waits for a
//! core that server or load use: both belong to the trial, on a machine of this size. It is also
//! late while its process is stopped, or while others have the cores. In that time the processes of
//! the trial use no CPU time.

use std::rc::Rc;

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
/// times. `server`: the server's process, if it is known.
pub async fn watch(recorder: Rc<Recorder>, server: Option<u32>) {
    let board = &recorder.board;
    recorder.add_process();
    let timer = Timer::new().expect("the system makes a timer");
    let mut due_ns = clock::now_ns() + PERIOD_NS;
    let mut clocks = clocks(board, server);
    let (mut used_ns, mut checks) = (cpu_ns(&clocks), 0);
    while timer.until(due_ns).await.is_ok() {
        let now_ns = clock::now_ns();
        let before_ns = std::mem::replace(&mut used_ns, cpu_ns(&clocks));
        let worked_ns = used_ns.saturating_sub(before_ns);
        while due_ns <= now_ns {
            let lag_ns = now_ns - due_ns;
            recorder.looped(lag_ns, lag_ns.saturating_sub(worked_ns));
            due_ns += PERIOD_NS;
        }
        checks += 1;
        if checks % LOOK_UP == 0 {
            clocks = self::clocks(board, server);
            used_ns = cpu_ns(&clocks);
        }
    }
}

/// The CPU clocks of all processes of the trial on this host.
fn clocks(board: &TrialBoard, server: Option<u32>) -> Vec<CpuClock> {
    let mut pids: Vec<u32> = board.processes().chain(server).collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter()
        .filter_map(|pid| CpuClock::of(pid).ok())
        .collect()
}

/// Their sum. A process that has ended counts as nothing.
fn cpu_ns(clocks: &[CpuClock]) -> u64 {
    clocks.iter().filter_map(CpuClock::read_ns).sum()
}
