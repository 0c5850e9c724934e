//! Checks of one cell's values together: what cannot be measured is refused, with what to write.

use std::time::Duration;

use crate::feed::MAX_BATCH_BYTES;
use crate::lab::cells::Factors;
use crate::lab::factors::Span;
use crate::lab::proxy::Proxy;
use crate::load::protocol::Workload;
use crate::load::schedule::most_messages;
use crate::record::identity::MAX_MESSAGES;
use crate::service::limits::Limits;
use crate::transport::Transport;

/// The error is the keys, separated by ", ", and what is wrong with their values.
type Checked = Result<(), (&'static str, String)>;

impl Factors {
    /// Checks the values together.
    pub(super) fn check(&self) -> Checked {
        self.check_proxy()?;
        self.check_load()?;
        self.check_faults()?;
        self.check_network()?;
        self.check_silence()?;
        let longest = Span(Limits::default().max_hold);
        if self.hold > longest {
            let why = format!("a server answers after {longest}; write at most that");
            return Err(("hold", why));
        }
        self.check_short_polling()
    }

    fn check_proxy(&self) -> Checked {
        if self.proxy != Proxy::None && self.tls.is_on() {
            let why = "a proxy and its server speak plain HTTP here; leave one of the two out";
            return Err(("proxy, tls", why.into()));
        }
        Ok(())
    }

    fn check_load(&self) -> Checked {
        let Factors { clients, feeds, .. } = *self;
        if self.workload == Workload::Chat && self.rate_hz == 0.0 {
            let why = "a chat without messages measures nothing; write a rate above 0, or use the \
                       monitoring workload to see what idle connections cost";
            return Err(("rate_hz", why.into()));
        }
        if clients < feeds {
            let why = format!(
                "{clients} clients cannot read {feeds} feeds, since each reads one; write at least \
                 {feeds} clients"
            );
            return Err(("clients, feeds", why));
        }
        if clients < self.load_processes {
            let why = format!(
                "{clients} clients cannot be spread over {} processes; write at most {clients}",
                self.load_processes
            );
            return Err(("load_processes", why));
        }
        let length = self.warm_up.0 + self.lead_in() + self.window.0;
        let most = most_messages(self.rate_hz, feeds as usize, length);
        if most > MAX_MESSAGES {
            let why = format!(
                "{most} messages would be due in a trial, and the publisher's record holds \
                 {MAX_MESSAGES}; write less of one of these"
            );
            return Err(("rate_hz, feeds, warm_up, window", why));
        }
        Ok(())
    }

    fn check_faults(&self) -> Checked {
        let checked = self.fault.check(self.window);
        checked.map_err(|why| ("fault", why))?;
        // A connection can be cut only while it is kept.
        let mut faults = self.fault.iter();
        let of_clients = faults.find(|fault| fault.kind.is_of_clients());
        match of_clients {
            Some(fault) if self.transport().polls() && !self.keep_alive.is_on() => Err((
                "fault, keep_alive",
                format!("{fault}: between polls there is no connection; write keep_alive = \"on\""),
            )),
            _ => Ok(()),
        }
    }

    fn check_network(&self) -> Checked {
        let Some(link) = self.network.link() else {
            return Ok(());
        };
        let begins_ns = link.black_out.map(|it| u128::from(it.from_ns));
        if begins_ns.is_some_and(|from_ns| from_ns >= self.window.0.as_nanos()) {
            let why = "the window ends before the black-out begins; write an earlier black-out, or \
                       a longer window";
            return Err(("network, window", why.into()));
        }
        if self.proxy != Proxy::None {
            let why = "a proxy is on loopback; write a network or a proxy, not both";
            return Err(("network, proxy", why.into()));
        }
        Ok(())
    }

    /// A held poll is silent for as long as its hold.
    fn check_silence(&self) -> Checked {
        let longest = match self.transport() {
            Transport::LongPolling => self.hold,
            Transport::ShortPolling => self.poll_interval(),
            // Until the next message or heartbeat.
            _ => {
                let Limits {
                    heartbeat, ping, ..
                } = Limits::default();
                let heartbeat_s = heartbeat.max(ping).as_secs_f64();
                Span(Duration::from_secs_f64(heartbeat_s.min(1.0 / self.rate_hz)))
            }
        };
        match self.reconnect.0.silence {
            Some(silence) if silence <= longest.0 => {
                let silence = Span(silence);
                let why = format!(
                    "{} is silent for {longest}, so a client that waits for {silence} would take \
                     a sound server for gone; write a longer silence",
                    self.transport()
                );
                Err(("reconnect", why))
            }
            _ => Ok(()),
        }
    }

    fn check_short_polling(&self) -> Checked {
        if self.transport() != Transport::ShortPolling {
            return Ok(());
        }
        if self.rate_hz > self.max_rate_hz() {
            let waiting = self.rate_hz * self.poll_interval().0.as_secs_f64();
            let why = format!(
                "{waiting:.0} messages come between two polls, and one answer holds \
                 {MAX_BATCH_BYTES} bytes; write less of one of the three"
            );
            return Err(("rate_hz, payload_bytes, poll_interval", why));
        }
        let interval = self.poll_interval();
        if self.drain < interval {
            let why = format!(
                "the last message of the window may need a whole poll interval to arrive; write a \
                 drain of at least {interval}"
            );
            return Err(("drain, poll_interval", why));
        }
        Ok(())
    }
}
