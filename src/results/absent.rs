//! When a column is empty: what follows "Empty if".

pub(super) const ALL_RIGHT: &str = "every answer was as asked for";
pub(super) const AS_USUAL: &str = "clients come back as usual: after 100 ms and up to 100 ms more";
pub(super) const CUT_SHORT: &str = "the trial ended at once";
pub(super) const FEW_SAMPLES: &str = "there are too few samples";
pub(super) const FOREIGN: &str = "the server’s process is not on this machine, or not known";
pub(super) const FOREIGN_OR_NO_DELIVERY: &str =
    "the server’s process is not on this machine, or not known; or nothing was delivered";
pub(super) const NEVER_STEADY: &str = "they never are";
pub(super) const NONE_BEYOND: &str = "no delivery lies beyond it";
pub(super) const NONE_CAUGHT_UP: &str = "no client had caught up";
pub(super) const NONE_LOST: &str = "no client lost its connection";
pub(super) const NONE_RECONNECTED: &str = "no client was connected again";
pub(super) const NOTHING_SENT: &str = "nothing was published";
pub(super) const NOT_LONG_POLLING: &str = "the transport is not long polling";
pub(super) const NOT_PINNED: &str = "the kernel chooses the CPUs";
pub(super) const NOT_POLLING: &str = "the transport does not poll";
pub(super) const NOT_PREDICTED: &str = "nothing was delivered, a proxy stood between load and \
    server, or theory needs a calibration (`wslab doctor --calibrate`) that the server’s machine \
    does not have";
pub(super) const NOT_READ: &str = "the machine’s CPU time could not be read";
pub(super) const NOT_SHORT_POLLING: &str = "the transport is not short polling";
pub(super) const NO_CLIENT: &str = "no client connected";
pub(super) const NO_COUNTERS: &str =
    "the server is not wslab’s own, or its `/metrics` could not be read";
pub(super) const NO_COUNTERS_OR_PROXY: &str = "the server is not wslab’s own, its `/metrics` \
    could not be read, or a proxy stood between load and server";
pub(super) const NO_DELIVERY: &str = "nothing was delivered";
pub(super) const NO_DELIVERY_OR_PROXY: &str =
    "nothing was delivered, or a proxy stood between load and server";
pub(super) const NO_EXCHANGE: &str = "the transport does not poll, or there was no exchange";
pub(super) const NO_FAULT: &str = "nothing was done to the trial on purpose";
pub(super) const NO_INTERFACE: &str = "`--interface` was not given";
pub(super) const NO_OTHERS: &str = "the fault met all clients, or nothing was delivered to others";
pub(super) const NO_PAIR: &str = "the cell repeats no other";
pub(super) const NO_PROBE: &str = "there was no probe";
pub(super) const NO_PROBE_DELIVERY: &str = "there was no probe, or too little was delivered to it";
pub(super) const NO_RECOVERY: &str = "there was no fault, or it met no client";
pub(super) const NO_PROXY: &str = "there was no proxy";
pub(super) const NO_PROXY_OR_NO_DELIVERY: &str = "there was no proxy, or nothing was delivered";
pub(super) const NO_RECIPIENT: &str = "no message reached the recipient of this rank";
pub(super) const NO_SINGLE_FIGURE: &str = "no warning touches single figures";
pub(super) const NO_RATE: &str = "no rate was asked for";
pub(super) const OLDER: &str = "the file is older than the column";
pub(super) const ON_LOOPBACK: &str = "load and server talked over loopback";
pub(super) const POLLING: &str = "the transport polls";
pub(super) const TO_THE_END: &str = "it lasts to the trial’s end";
pub(super) const TWO_HOSTS: &str =
    "server and load are on different hosts, or nothing was delivered";
pub(super) const VALID: &str = "nothing is in doubt";
