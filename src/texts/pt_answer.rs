//! Conditions and the answer, in Portuguese.

use crate::texts::en_answer;
use crate::texts::pt_number::{N, counted};
use crate::texts::{AnswerTexts, ClauseTexts, ConditionTexts, FirstPlace, Names};

pub(super) const CONDITIONS: ConditionTexts = ConditionTexts {
    separator: " · ",
    rate: |number, each| {
        let messages = if number < 2.0 {
            "mensagem"
        } else {
            "mensagens"
        };
        let each = if each { " para cada feed" } else { "" };
        format!("{} {messages}/s{each}", N.plain(number))
    },
    nothing_published: "nada é publicado",
    payload: en_answer::CONDITIONS.payload,
    poll_interval: |time| format!("um poll a cada {time}"),
    hold: |time| format!("espera de {time}"),
    keep_alive: |on| match on {
        "on" => "keep-alive".to_owned(),
        "off" => "sem keep-alive".to_owned(),
        other => format!("keep-alive {other}"),
    },
    headers: |which| match which {
        "minimal" => "cabeçalhos mínimos".to_owned(),
        "browser" => "cabeçalhos de navegador".to_owned(),
        other => format!("cabeçalhos {other}"),
    },
    network: |name| match name {
        "loopback" => name.to_owned(),
        name => format!("rede {name}"),
    },
    load_processes: |number| counted(number, "processo de carga", "processos de carga"),
    pinned: |to| format!("CPUs fixas: {}", cpus(to)),
    cpus,
    trials_of: |trials, window| format!("{trials} de {window}"),
    other: |name, value| {
        let name = match name {
            "reconnect" => "reconexão",
            "fault" => "falha",
            name => name,
        };
        format!("{name} {value}")
    },
};

/// `servidor 0; carga 1`.
fn cpus(english: &str) -> String {
    let server = english.replace("server", "servidor");
    server.replace("load", "carga")
}

/// The verb's form for one transport, or for several.
fn verb(names: &Names, one: &'static str, many: &'static str) -> &'static str {
    if names.many { many } else { one }
}

/// `SSE e WebSocket enviam menos bytes: 274–296 B por entrega (…)`.
fn least(place: &FirstPlace, [one, many]: [&'static str; 2], what: &str, each: &str) -> String {
    let FirstPlace { names, figures, .. } = place;
    let remark = remark(place);
    let verb = verb(names, one, many);
    format!("{} {verb} {what}: {figures}{each}{remark}", names.list)
}

fn remark(place: &FirstPlace) -> String {
    let remark = place.remark.map(|remark| format!(" ({remark})"));
    remark.unwrap_or_default()
}

/// `os bytes na rede não decidem: 274–296 B por entrega (…)`.
fn alike(place: &FirstPlace, what: &str, each: &str) -> String {
    format!("{what}: {}{each}{}", place.figures, remark(place))
}

fn next(names: &Names, by: &str) -> String {
    format!("{}, {by}", names.list)
}

fn deliver(place: &FirstPlace) -> String {
    let FirstPlace { names, figures, .. } = place;
    let remark = place.remark.map(|remark| format!(": {remark}"));
    let remark = remark.unwrap_or_default();
    match &place.within {
        Some(within) => format!(
            "{} entregam com até {within} de diferença entre si{remark}",
            names.list
        ),
        None if names.many => format!("{} entregam em {figures}{remark}", names.list),
        None => format!("{} entrega mais cedo, em {figures}", names.list),
    }
}

/// `12 % a mais (10–14 %)`.
fn with_interval(text: String, interval: Option<&str>) -> String {
    match interval {
        Some(interval) => format!("{text} ({interval})"),
        None => text,
    }
}

fn listed(names: &[String], and: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} {and} {last}", all.join(", ")),
    }
}

/// A number that is already written, with its noun: `1,3 mensagem`, `2,1 mensagens`.
fn messages(number: &str) -> String {
    let whole = number.split(N.decimal_mark).next();
    match whole {
        Some("0" | "1") => format!("{number} mensagem"),
        _ => format!("{number} mensagens"),
    }
}

const BYTES: ClauseTexts = ClauseTexts {
    noun: "bytes na rede",
    short: "bytes",
    first: |place| least(place, ["envia", "enviam"], "menos bytes", " por entrega"),
    next,
    alike: |place| alike(place, "os bytes na rede não decidem", " por entrega"),
    alone: |figure| format!("{figure} na rede por entrega"),
    as_much: "essa quantidade",
    is_later: false,
};

const CPU: ClauseTexts = ClauseTexts {
    noun: "CPU do servidor",
    short: "CPU",
    first: |place| {
        least(
            place,
            ["gasta", "gastam"],
            "menos CPU do servidor",
            " por entrega",
        )
    },
    next,
    alike: |place| alike(place, "a CPU do servidor não decide", " por entrega"),
    alone: |figure| format!("{figure} de CPU do servidor por entrega"),
    as_much: "esse tempo",
    is_later: false,
};

const LATENCY: ClauseTexts = ClauseTexts {
    noun: "latência",
    short: "latência",
    first: deliver,
    next: |names, by| {
        let verb = verb(names, "entrega", "entregam");
        format!("{} {verb} {by}", names.list)
    },
    alike: deliver,
    alone: |figure| format!("latência de {figure}"),
    as_much: "esse tempo",
    is_later: true,
};

const MEMORY: ClauseTexts = ClauseTexts {
    noun: "memória do servidor",
    short: "memória",
    first: |place| {
        least(
            place,
            ["ocupa", "ocupam"],
            "menos memória do servidor",
            " por cliente",
        )
    },
    next,
    alike: |place| alike(place, "a memória do servidor não decide", " por cliente"),
    alone: |figure| format!("{figure} de memória do servidor por cliente"),
    as_much: "essa memória",
    is_later: false,
};

const EACH_S: &str = " por cliente e segundo";
const OF_A_CORE: &str = " de um núcleo para todos os clientes";

pub(super) const ANSWER: AnswerTexts = AnswerTexts {
    latency: LATENCY,
    bytes: BYTES,
    cpu: CPU,
    memory: MEMORY,
    waiting_bytes: ClauseTexts {
        first: |place| {
            let verb = ["envia", "enviam"];
            least(place, verb, "menos bytes enquanto esperam", EACH_S)
        },
        alike: |place| alike(place, "os bytes na rede não decidem", EACH_S),
        alone: |figure| format!("{figure} na rede por cliente e segundo"),
        ..BYTES
    },
    waiting_cpu: ClauseTexts {
        first: |place| {
            let verb = ["gasta", "gastam"];
            least(place, verb, "menos CPU do servidor", OF_A_CORE)
        },
        alike: |place| alike(place, "a CPU do servidor não decide", OF_A_CORE),
        alone: |figure| format!("{figure} de um núcleo do servidor"),
        ..CPU
    },
    take: |names, figures| format!("use {names}: nenhum outro transporte é melhor em {figures}"),
    none_decides: |names| format!("nada do que foi medido decide entre {names}"),
    take_for: |choices| {
        let choices = choices.iter();
        let choices = choices.map(|(figures, names)| format!("para {figures}, use {names}"));
        let choices: Vec<String> = choices.collect();
        format!("depende do que importa: {}", choices.join("; "))
    },
    alone: |name, figures| format!("{name} tem {}", listed(figures, "e")),
    alone_decides_nothing: "Um transporte sozinho não decide nada: acrescente --transport all.",
    all_invalid: "Todos os ensaios são INVALID. Não há o que concluir.",
    by_few: |trials, conclusion| match trials {
        1 => format!("com um só ensaio de cada, {conclusion}"),
        some => format!("com {some} ensaios de cada, {conclusion}"),
    },
    if_they_hold: |conclusion| format!("se os valores SUSPECT se confirmarem, {conclusion}"),
    apart: [
        None,
        Some("diferença real, mas pequena demais para importar"),
        Some("nenhuma diferença demonstrada"),
        Some("sem separação clara entre eles"),
    ],
    latency_apart: [
        Some("a latência não decide entre eles"),
        Some("a diferença é real, mas pequena demais para importar"),
        Some("nenhuma diferença que importe foi demonstrada"),
        Some("sem separação clara entre eles"),
    ],
    sentence: en_answer::ANSWER.sentence,
    separator: "; ",
    list: |names| listed(names, "e"),
    list_or: |names| listed(names, "ou"),
    polled: |name, interval| format!("{name} (a cada {interval})"),
    times: |ratio, as_much, interval| {
        let times = if ratio == "1" { "vez" } else { "vezes" };
        with_interval(format!("{ratio} {times} {as_much}"), interval)
    },
    more: |percent, interval| with_interval(format!("{percent} % a mais"), interval),
    later: |time, interval| with_interval(format!("{time} mais tarde"), interval),
    batched: |name| format!("{name} (em lotes)"),
    pair: |differences, alike| {
        let alike = match alike {
            [] => None,
            alike => Some(format!("sem distinção em {}", listed(alike, "e"))),
        };
        let parts: Vec<String> = differences.iter().cloned().chain(alike).collect();
        format!("SSE em relação a WebSocket: {}.", parts.join(", "))
    },
    pair_from_zero: |noun, sse, websocket| format!("{noun} {sse} contra {websocket}"),
    pair_differs: en_answer::ANSWER.pair_differs,
    interval: |low, high| format!("{low} a {high}"),
    few_trials: |trials, noise, enough| {
        let (trials, show) = match trials {
            1 => ("Um ensaio por configuração".to_owned(), "mostra"),
            some => (format!("{some} ensaios por configuração"), "mostram"),
        };
        let noise = N.plain(noise);
        format!(
            "{trials} não {show} diferenças abaixo de um fator {noise}: digite --repeats {enough}."
        )
    },
    doubted: |names| format!("Os valores de {names} são SUSPECT."),
    left_out: |names| format!("Ficam de fora os ensaios INVALID: {names}."),
    setting: |setting, sentence| format!("{setting}: {sentence}"),
    per_exchange: |mark, name, number, interval| {
        let less = interval
            .map(|interval| format!("; com um poll a cada {interval}, cada mensagem custa mais"));
        let less = less.unwrap_or_default();
        format!("{mark} {name}: {} por resposta{less}.", messages(number))
    },
    per_write: |mark, name, number| {
        let messages = messages(number);
        format!("{mark} {name}: {messages} por escrita; sozinha, cada mensagem custa mais.")
    },
    holds: |name, amount| format!("{name} sustenta {amount}"),
    holds_none: |name| format!("{name} não sustenta nem o mínimo"),
};
