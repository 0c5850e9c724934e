//! Advice on a choice of transports, in Portuguese.

use crate::texts::en_advice;
use crate::texts::{AdviceTexts, ProtocolFact};

fn listed(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match &items[..] {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} e {last}", all.join(", ")),
    }
}

fn fact(fact: ProtocolFact) -> &'static str {
    match fact {
        ProtocolFact::NoTcpSockets => "uma página web não tem sockets TCP",
        ProtocolFact::EventSourceFields => {
            "EventSource não define campos de cabeçalho: um token vai no endereço, que fica nos logs"
        }
        ProtocolFact::EventSourceResumes => {
            "EventSource reconecta sozinho e retoma com Last-Event-ID"
        }
        ProtocolFact::WebSocketFields => {
            "o WebSocket de uma página não define campos de cabeçalho: um token vai no endereço ou \
             na primeira mensagem"
        }
        ProtocolFact::WebSocketRedials => {
            "o WebSocket de uma página não reconecta: reconectar e retomar cabe ao seu código"
        }
        ProtocolFact::FetchFields => {
            "fetch define campos de cabeçalho: um token vai em Authorization, fora dos logs de \
             endereços"
        }
        ProtocolFact::StreamByFetch => {
            "uma página lê o fluxo com fetch: reconectar e retomar cabe ao seu código"
        }
        ProtocolFact::SixConnections => {
            "em HTTP/1.1, uma requisição aberta ocupa uma das seis conexões que os navegadores \
             abrem por host: outras abas esperam"
        }
        ProtocolFact::SameConnection => "o cliente publica pela mesma conexão",
        ProtocolFact::PublishByPost => {
            "o cliente publica por POST: cada mensagem é uma troca com dois cabeçalhos"
        }
        ProtocolFact::WholeAnswers => {
            "cada resposta é completa; um intermediário não tem o que reter"
        }
        ProtocolFact::HeldPolls => {
            "um intermediário encerra um poll retido além do seu tempo limite (nginx: 60 s)"
        }
        ProtocolFact::HeldBack => {
            "um intermediário pode reter um fluxo, até o fim dele; o nginx retém, exceto se a \
             resposta tiver X-Accel-Buffering: no, que o servidor do wslab envia"
        }
        ProtocolFact::IdleCut => {
            "um intermediário corta uma conexão silenciosa (nginx: após 60 s): heartbeats ou pings \
             precisam vir antes"
        }
        ProtocolFact::UpgradeHop => {
            "Upgrade vale para um só salto: cada proxy reverso precisa ser configurado para \
             repassá-lo"
        }
        ProtocolFact::Tunnel => {
            "o navegador pede um túnel (CONNECT) a um proxy direto; com TLS, nada nele é alterado"
        }
        ProtocolFact::RecordAWrite => "TLS 1.3 acrescenta 22 bytes a cada escrita",
        ProtocolFact::RecordsAnExchange => {
            "TLS 1.3 acrescenta 22 bytes a cada requisição e a cada resposta, e um handshake a cada \
             conexão que não é mantida"
        }
    }
}

pub(super) const ADVICE: AdviceTexts = AdviceTexts {
    title: "Escolha",
    note: "O que pesa a favor (+) e contra (−) cada transporte. Para uma necessidade, execute \
           `wslab advise --browser --clients 1000 --slo 'p99<200ms'`.",
    grounds: ["medido", "protocolo", "teoria", "desconhecido"],
    sides: ["a favor", "contra", "neutro", "fora"],
    columns: ["transporte", "base", "lado", "afirmação", "apoia-se em"],
    fact,
    not_measured_here: " (não medido aqui)",
    nearest: |cells, conditions| match cells {
        [one] => format!("Célula {one}: {conditions}"),
        cells => format!("Células {}: {conditions}", en_advice::numbers(cells)),
    },
    distance: |measured, needed| {
        format!("Medido com {measured}; você precisa de {needed}: nada é extrapolado.")
    },
    instead: |distances| {
        let each = distances.iter();
        listed(each.map(|it| format!("{} em vez de {}", it.measured, it.needed)))
    },
    one_way: "clientes que só leem",
    two_way: "clientes que publicam",
    lowest: |others| match others {
        None => "o menor".to_owned(),
        Some(others) => format!("no grupo mais baixo com {others}"),
    },
    undecided: |remark| match remark {
        Some(remark) => format!("o que não decide ({remark})"),
        None => "o que não decide".to_owned(),
    },
    beside_lowest: |by| format!("fora do grupo mais baixo: {by}"),
    cell: |cell| format!("célula {cell}"),
    suspect: |column, warnings| format!("{column}, SUSPECT: {warnings}"),
    sent_a_message: |bytes| format!("um cliente envia {bytes} por mensagem publicada"),
    elsewhere: |why, instead| format!("{why}; medido com {instead}, portanto não demonstrado"),
    met: |objective, why| format!("{objective} é atendido: {why}"),
    missed: |objective, why| format!("{objective} não é atendido: {why}"),
    unjudged: |objective, why| format!("{objective}: {why}"),
    not_measured: "não medido nesta configuração",
    all_invalid: |warnings| format!("todos os ensaios são INVALID: {warnings}"),
    elsewhere_measured: |instead| format!("isto foi medido com {instead}"),
    lacks: |names| format!("não há valores de {names}"),
    not_judged: "um objetivo não pôde ser avaliado",
    few: |trials, fewest| match trials {
        1 => format!("um ensaio por célula não dá intervalo; {fewest} dão"),
        some => format!("{some} ensaios por célula não dão intervalo; {fewest} dão"),
    },
    no_proxy: "o que o seu proxy faz: ponha wslab serve atrás dele e meça pelo endereço do proxy",
    not_calibrated: "o que a teoria prevê de latência e CPU: esta máquina não foi calibrada",
    predicted: |latency, bytes, cpu| {
        let latency = latency.map(|time| format!("latência média de {time}"));
        let bytes = Some(format!("{bytes} na rede por entrega"));
        let cpu = cpu.map(|time| format!("{time} de CPU do servidor por entrega"));
        listed([latency, bytes, cpu].into_iter().flatten()) + ", para o que você precisa"
    },
    to_know: "Para saber:",
    ask: "Para o seu caso, acrescente --browser, --two-way, --clients, --rate, --payload, --tls, \
          --proxies, --latency ou --slo.",
    answer: "Resposta: ",
    remain: |names, conclusion| format!("restam {names}; {conclusion}"),
    one_remains: |name| format!("resta apenas {name}"),
    none_remains: "não resta nenhum dos transportes medidos",
    out: |each| {
        let each = each.iter().map(|(name, why)| format!("{name} ({why})"));
        format!("Fora: {}.", each.collect::<Vec<_>>().join(", "))
    },
    as_measured: |instead, sentence| format!("com {instead}, {sentence}"),
    open: |sentence, objectives| {
        format!(
            "{sentence}; não demonstrado para o que você precisa: {}",
            objectives.join(", ")
        )
    },
};
