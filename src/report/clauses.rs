//! By how much transports differ in a figure, in a sentence: the places of its values.

use crate::report::batching;
use crate::report::cells::ReportCell;
use crate::results::{Metric, metric};
use crate::stats::compare::{decimals, signed};
use crate::stats::groups::{Bounds, Effect, MAY_BE_NOISE, Place, places};
use crate::stats::statistics::{Interval, median, ratio, ratio_interval};
use crate::texts::{ClauseTexts, FirstPlace, Names, Texts};
use crate::transport::Transport;

/// A figure that is answered for.
pub(super) struct Question<'t> {
    pub metric: &'static Metric,
    pub words: &'t ClauseTexts,
}

/// Of a few trials, bytes that differ by fewer times than this share a place.
pub(super) const BYTES_MAY_BE_NOISE: f64 = 1.1;

/// Which differences do not count. One below `small` is too small to matter, beside those below 10 %
/// of a figure:
///
/// - 1 ms of latency: a picture on a screen stands for 16.7 ms, and a network of a town takes more;
/// - 4,096 B of memory a client: the kernel gives memory in pages of this size, so that a smaller
///   difference may be none;
/// - a byte a second, or 0.1 % of a core, for clients that wait: no link and no server is short of
///   these.
///
/// Costs of a delivery grow with the rate, so that any may matter somewhere.
///
/// Bytes follow from the protocol, so their noise is small: repeated trials of a cell differ by less
/// than 1 %.
pub(super) fn bounds(metric: &Metric) -> Bounds {
    let noise = match metric.name {
        "all_layers_bytes_per_delivery" | "wire_bytes_per_client_s" => BYTES_MAY_BE_NOISE,
        _ => MAY_BE_NOISE,
    };
    let small = match metric.name {
        "latency_p50_us" | "latency_p99_us" => 1_000.0,
        "server_rss_bytes_per_client" | "load_rss_bytes_per_client" => 4_096.0,
        "wire_bytes_per_client_s" => 1.0,
        "server_cpu_percent" | "load_cpu_percent" => 0.1,
        _ => 0.0,
    };
    Bounds { small, noise }
}

/// The figures that are answered for.
fn questions(waiting: bool, texts: &Texts) -> Vec<Question<'_>> {
    let words = &texts.answer;
    let memory = ("server_rss_bytes_per_client", &words.memory);
    let all = match waiting {
        true => vec![
            ("wire_bytes_per_client_s", &words.waiting_bytes),
            ("server_cpu_percent", &words.waiting_cpu),
            memory,
        ],
        false => vec![
            ("latency_p50_us", &words.latency),
            ("all_layers_bytes_per_delivery", &words.bytes),
            ("server_cpu_us_per_delivery", &words.cpu),
            memory,
        ],
    };
    let question = |(name, words)| {
        Some(Question {
            metric: metric(name)?,
            words,
        })
    };
    all.into_iter().filter_map(question).collect()
}

/// A question with the places of the cells that have its figure.
pub(super) struct Found<'t> {
    pub question: Question<'t>,
    pub places: Vec<Place>,
}

/// The questions for which there are figures, with the places of these cells.
pub(super) fn found<'t>(cells: &[&ReportCell], waiting: bool, texts: &'t Texts) -> Vec<Found<'t>> {
    found_for(questions(waiting, texts), cells)
}

/// The same, with the tail of latency.
pub(super) fn found_with_tail<'t>(
    cells: &[&ReportCell],
    waiting: bool,
    texts: &'t Texts,
) -> Vec<Found<'t>> {
    let mut questions = questions(waiting, texts);
    let tail = metric("latency_p99_us").filter(|_| !waiting);
    if let Some(metric) = tail {
        let words = &texts.answer.latency;
        questions.insert(1, Question { metric, words });
    }
    found_for(questions, cells)
}

fn found_for<'t>(questions: Vec<Question<'t>>, cells: &[&ReportCell]) -> Vec<Found<'t>> {
    let found = questions.into_iter().map(|question| {
        let samples = cells.iter().map(|cell| values(question.metric, cell));
        let places = places(&samples.collect::<Vec<_>>(), bounds(question.metric));
        Found { question, places }
    });
    found.filter(|found| !found.places.is_empty()).collect()
}

/// The transport, and its variant where there are several, as in running text.
pub(super) fn prose_name(cell: &ReportCell) -> String {
    let title = (cell.texts.translate)(cell.transport.title());
    [title, &cell.variant].join(" ").trim_end().to_owned()
}

impl Found<'_> {
    /// Whether some transport with this figure is not in the first place.
    pub fn decides(&self, cells: &[&ReportCell]) -> bool {
        self.places[0].members.len() < cells.len()
    }

    /// What the only transport has.
    pub fn alone(&self, texts: &Texts) -> String {
        (self.question.words.alone)(&self.write(texts, self.places[0].low))
    }

    fn write(&self, texts: &Texts, value: f64) -> String {
        self.question.metric.unit.write(texts.numbers, value)
    }

    /// Which transports are in the first place, and how far the others are from it.
    pub fn sentences(&self, cells: &[&ReportCell], texts: &Texts) -> String {
        let (words, clause) = (&texts.answer, self.question.words);
        let figures = |place: &Place| {
            let write = |value| self.write(texts, value);
            texts.numbers.range(place.low, place.high, write)
        };
        let (first, others) = (&self.places[0], &self.places[1..]);
        let place = FirstPlace {
            names: self.names(first, cells, texts),
            figures: figures(first),
            within: first.within.map(|within| self.write(texts, within)),
            remark: self.remark(first, texts),
        };
        let next = others.iter().map(|place| {
            let by = self
                .distance(place, texts)
                .unwrap_or_else(|| figures(place));
            (clause.next)(&self.names(place, cells, texts), &by)
        });
        let next = next.collect::<Vec<_>>().join(words.separator);
        let parts = match (others.is_empty(), clause.is_later) {
            (true, _) => vec![(clause.alike)(&place)],
            (false, true) => vec![(clause.first)(&place), next],
            (false, false) => vec![[(clause.first)(&place), next].join(words.separator)],
        };
        let sentences = parts.iter().map(|part| (words.sentence)(part));
        sentences.collect::<Vec<_>>().join(" ")
    }

    /// What the data say of the differences within a place; `None` of one transport.
    pub fn remark(&self, place: &Place, texts: &Texts) -> Option<&'static str> {
        let remarks = match self.question.words.is_later {
            true => texts.answer.latency_apart,
            false => texts.answer.apart,
        };
        remarks[place.apart as usize].filter(|_| place.members.len() > 1)
    }

    /// `431 ms later (380–482 ms)`, `24 % more (12–37 %)`, `2.1 times as many (2.0–2.2)`.
    pub fn distance(&self, place: &Place, texts: &Texts) -> Option<String> {
        let (words, numbers) = (&texts.answer, texts.numbers);
        // The size with its interval, or without intervals from the least to the greatest.
        let both = |effect: Effect, write: &dyn Fn(f64) -> String| {
            let range = numbers.range(effect.low, effect.high, write);
            let size = write(effect.size);
            match effect.is_interval {
                _ if effect.high.is_infinite() || range == size => (size, None),
                true => (size, Some(range)),
                false => (range, None),
            }
        };
        if self.question.words.is_later {
            let (time, interval) = both(place.more?, &|value| self.write(texts, value));
            return Some((words.later)(&time, interval.as_deref()));
        }
        let times = place.times?;
        if times.size < 2.0 {
            let write = |ratio: f64| {
                let percent = (ratio - 1.0) * 100.0;
                numbers.fixed(percent, decimals(percent).min(1))
            };
            let (percent, interval) = both(times, &write);
            let interval = interval.map(|range| numbers.with_unit(&range, "%"));
            return Some((words.more)(&percent, interval.as_deref()));
        }
        let write = |ratio: f64| match ratio {
            few if few < 9.95 => numbers.fixed(few, 1),
            many => numbers.count(many),
        };
        let (ratio, interval) = both(times, &write);
        let as_much = self.question.words.as_much;
        Some((words.times)(&ratio, as_much, interval.as_deref()))
    }

    /// Whether batching makes this figure of a cell cheap.
    pub fn is_batched(&self, cell: &ReportCell) -> bool {
        batching::is_cheaper(self.question.metric.name, cell)
    }

    fn names(&self, place: &Place, cells: &[&ReportCell], texts: &Texts) -> Names {
        let words = &texts.answer;
        let name = |at: &usize| {
            let cell = cells[*at];
            let name = prose_name(cell);
            let interval = cell.trials[0].poll_interval_ms;
            if self.is_batched(cell) {
                (words.batched)(&name)
            } else if let Some(ms) = interval.filter(|_| self.question.words.is_later)
                && cell.variant.is_empty()
            {
                (words.polled)(&name, &texts.numbers.round_duration_us(ms * 1000.0))
            } else {
                name
            }
        };
        let names: Vec<String> = place.members.iter().map(name).collect();
        Names {
            list: (words.list)(&names),
            many: names.len() > 1,
        }
    }
}

/// The figures of the trials that are not INVALID.
fn values(metric: &Metric, cell: &ReportCell) -> Vec<f64> {
    let trials = cell.counted().into_iter();
    trials.filter_map(|trial| metric.value(trial)).collect()
}

/// SSE against WebSocket, figure by figure: the decision that most people have.
pub(super) fn pair(found: &[Found], cells: &[&ReportCell], texts: &Texts) -> Option<String> {
    let find = |transport| cells.iter().find(|cell| cell.transport == transport);
    let (websocket, sse) = (find(Transport::WebSocket)?, find(Transport::Sse)?);
    let (mut differences, mut alike) = (Vec::new(), Vec::new());
    for Found { question, .. } in found {
        let [base, other] = [websocket, sse].map(|cell| values(question.metric, cell));
        let Some(ratio) = ratio(&base, &other) else {
            continue;
        };
        match ratio_interval(&base, &other) {
            Some(interval) if interval.contains(1.0) => alike.push(question.words.short.to_owned()),
            interval => differences.extend(difference(
                question,
                [&base, &other],
                ratio,
                interval,
                texts,
            )),
        }
    }
    let is_empty = differences.is_empty() && alike.is_empty();
    (!is_empty).then(|| (texts.answer.pair)(&differences, &alike))
}

/// `bytes +7.8 % (+7.1 % to +8.3 %)`.
fn difference(
    question: &Question,
    [base, other]: [&[f64]; 2],
    ratio: f64,
    interval: Option<Interval>,
    texts: &Texts,
) -> Option<String> {
    let (words, noun) = (&texts.answer, question.words.short);
    if ratio.is_infinite() {
        let write = |sample| Some(question.metric.unit.write(texts.numbers, median(sample)?));
        return Some((words.pair_from_zero)(noun, &write(other)?, &write(base)?));
    }
    let ends = interval.map(|ends| [ends.low, ends.high].map(|end| signed(end - 1.0, texts)));
    let ends = ends.filter(|[low, high]| low != high);
    let ends = ends.map(|[low, high]| (words.interval)(&low, &high));
    Some((words.pair_differs)(
        noun,
        &signed(ratio - 1.0, texts),
        ends.as_deref(),
    ))
}
