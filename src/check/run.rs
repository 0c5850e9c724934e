//! Runs the checks of a server: the survey, then those that bear company, then those that do not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::head::RawHead;
use crate::check::http::surveys;
use crate::check::kind::{self, Kind};
use crate::check::link::Manner;
use crate::check::outcome::{CheckVerdict, Outcome};
use crate::check::publish::Publish;
use crate::check::report::{CheckReport, Finding};
use crate::check::survey::WebSocketSurvey;
use crate::check::websocket::behaviour;
use crate::check::{address, table};
use crate::error::UsageError;
use crate::texts::Seen;
use crate::transport::Transport;
use crate::transport::websocket::client::upgrade_lines;

/// Checks that run at once. Each has one connection, a few have three.
const AT_ONCE: usize = 4;

/// Longer than any check takes beside its patience.
const LONGEST_CHECK: Duration = Duration::from_secs(25);

/// What a user asks for.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    pub url: String,
    pub kind: Option<Kind>,
    /// Where messages are published by POST, if the URL does not tell.
    pub publish: Option<String>,
    pub patience: Duration,
    /// The server may be on another network.
    pub may_check: bool,
}

/// Checks a server.
///
/// # Errors
/// The arguments are wrong, or the server can't be reached; the text says what to write.
pub async fn check(options: &CheckOptions) -> anyhow::Result<CheckReport> {
    let started = Instant::now();
    let server = address::find(&options.url, options.may_check).await?;
    let kind = kind::find(&server, options.kind).await?;
    let publish = match &options.publish {
        Some(named) => Some(
            Publish::named(named, &server.host)
                .map_err(|why| UsageError(format!("--publish {why}")))?,
        ),
        None => Publish::of_contract(&server.path),
    };
    let is_secret = server.endpoint.tls.is_some();
    let bench = Bench::new(server, kind, options.patience, publish);
    survey(&bench).await;
    let mut findings = Vec::new();
    let of_company = |company| table::of(kind).filter(move |one| one.company == company);
    findings.extend(together(&bench, of_company(Company::Together)).await);
    if bench.behaviour().to_others {
        again(&bench, &mut findings).await;
    }
    for company in [Company::Alone, Company::Last] {
        for check in of_company(company) {
            findings.push(run(&bench, check).await);
        }
    }
    Ok(CheckReport {
        url: options.url.clone(),
        kind,
        is_secret,
        behaviour: (kind == Transport::WebSocket).then(|| bench.behaviour()),
        // In the order of the table.
        findings: table::of(kind)
            .filter_map(|check| {
                let at = findings
                    .iter()
                    .position(|one| one.check.name == check.name)?;
                Some(findings.swap_remove(at))
            })
            .collect(),
        seconds: started.elapsed().as_secs_f64(),
    })
}

async fn survey(bench: &Arc<Bench>) {
    match bench.kind {
        Transport::WebSocket => {
            let (head, key) = handshake(bench).await;
            let is_open = head.as_ref().is_ok_and(|head| head.status == 101);
            let behaviour = match is_open {
                true => behaviour::find(bench).await,
                false => Default::default(),
            };
            let survey = WebSocketSurvey {
                head,
                key,
                behaviour,
            };
            let _ = bench.websocket.set(survey);
        }
        Transport::Sse | Transport::Ndjson => {
            let _ = bench.stream.set(surveys::stream(bench).await);
        }
        _ => {
            let _ = bench.polls.set(surveys::polls(bench).await);
        }
    }
}

async fn handshake(bench: &Arc<Bench>) -> (Result<RawHead, Seen>, String) {
    let key = generate_key();
    let request = bench.get(&upgrade_lines(&key));
    let asked = bench.ask(request.as_bytes(), Manner::default()).await;
    (asked.map(|asked| asked.head), key)
}

async fn together(
    bench: &Arc<Bench>,
    checks: impl Iterator<Item = &'static Check>,
) -> Vec<Finding> {
    let (permits, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for check in checks {
        let (bench, permits) = (bench.clone(), permits.clone());
        running.spawn(async move {
            let _permit = permits.acquire().await;
            run(&bench, check).await
        });
    }
    running.join_all().await
}

/// Repeats what went wrong with messages of a chat, alone: the clients of the other checks left it
/// at that moment, and a server that fails at that fails another check.
async fn again(bench: &Arc<Bench>, findings: &mut [Finding]) {
    for finding in findings {
        let is_wrong = finding.outcome.verdict == CheckVerdict::Wrong;
        if is_wrong && finding.check.section == Section::Messages {
            *finding = run(bench, finding.check).await;
        }
    }
}

async fn run(bench: &Arc<Bench>, check: &'static Check) -> Finding {
    let longest = LONGEST_CHECK + bench.patience;
    let outcome = timeout(longest, (check.run)(bench.clone())).await;
    let outcome = outcome.unwrap_or_else(|_| Outcome::unknown(Seen::Silent(longest)));
    Finding { check, outcome }
}
