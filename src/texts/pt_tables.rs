//! The texts of tables, searches and comparisons in Portuguese.

use crate::texts::pt_number::{N, counted};
use crate::texts::{CapacityTexts, CompareTexts, ListTexts, PredictTexts, RunsTexts, TableTexts};

pub(super) const TABLE: TableTexts = TableTexts {
    no_trial: "Nenhum ensaio terminou.",
    transport: "transporte",
    verdict: "veredito",
    short: |title| match title {
        "CPU do servidor" => "CPU serv.",
        "memória do servidor" => "mem. serv.",
        other => other,
    },
    report: "relatório: ",
    intervals: ": intervalos de 95 % das medianas",
    beyond: ": mais valores",
    ratios: ": múltiplos de raw-tcp",
    theory: ": teoria e prática",
    medians_of: |trials| {
        let trials = counted(trials as f64, "ensaio", "ensaios");
        format!("Medianas de até {trials} por linha.")
    },
    again: "de novo (A/A): a mesma configuração mais uma vez.",
    columns: "p50, p99, máx.: latência de entrega, desde o instante previsto. bytes: todas as \
              camadas. vazias: fração das trocas. primeiro, mediano, último: latência dos \
              destinatários de uma mensagem, medianas de todas as mensagens. defasagem: fração da \
              janela em que um cliente não tinha a mensagem mais nova. justiça: índice de Jain das \
              latências médias dos clientes, 1 se todas são iguais. sonda: assinantes em um \
              processo próprio. teoria: a partir do intervalo de poll, ou dos custos que wslab \
              doctor --calibrate mediu; os bytes na rede não incluem TCP-IP.",
    columns_waiting: "Nada foi publicado; este é o custo da espera. bytes: na rede. vazias: fração \
                      dos polls. CPU: percentual de um núcleo.",
    absent: |mark| format!("{mark}: não foi medido, ou não existe."),
    unknown_warning: "(um aviso que esta versão não conhece)",
    all_cells: |all| format!("todas as {all} configurações"),
    cells_of: |some, all| format!("{some} de {all} configurações"),
    more_warnings: |names| format!("Há mais avisos: {names}; --details explica cada um."),
};

fn hold(number: f64) -> &'static str {
    if number < 2.0 {
        "se sustenta"
    } else {
        "se sustentam"
    }
}

/// Objectives that must all hold: `p99<100ms e max<1s`.
fn all(english: &str) -> String {
    english.replace(" and ", " e ")
}

/// Why a search ended, as `capacity.csv` has it in English.
fn reason(english: &str) -> String {
    match english {
        "no more was to be tried" => "era o máximo a tentar".to_owned(),
        "more does not fit into the answer to one poll" => {
            "mais não cabe na resposta a um poll".to_owned()
        }
        other => match (
            other.strip_prefix("too few deliveries for a "),
            other.split_once(" is "),
        ) {
            (Some(percentile), _) => format!("entregas de menos para um {percentile}"),
            (None, Some((name, figure))) => format!("{name} é {}", figure.replace('.', ",")),
            (None, None) => other.to_owned(),
        },
    }
}

pub(super) const CAPACITY: CapacityTexts = CapacityTexts {
    columns: [
        "sustenta",
        "falha em",
        "sem resposta em",
        "veredito",
        "ensaios",
    ],
    transport: "Transporte",
    why: "por que não mais",
    heading: |factor, conditions| format!("O máximo de {factor} {conditions}"),
    within: |objective| format!("dentro de {}", all(objective)),
    how: "Como a busca procede",
    conditions: |objective, other| format!("dentro de {}, com {other}", all(objective)),
    clients: "clientes",
    rate: "mensagens por segundo para cada feed",
    method: "O valor de cada transporte dobrou até falhar, e o intervalo restante foi dividido ao \
             meio. Um passo se sustenta se o seu ensaio é VALID e está dentro do objetivo. Ele \
             falha se está fora do objetivo, ou se é INVALID porque mensagens se perderam, \
             conexões foram recusadas ou o servidor caiu. Ensaios duvidosos foram repetidos \
             (depois de uma pausa, se outros programas desta máquina os perturbaram). Um passo que \
             nunca ficou VALID fica sem resposta, e nunca conta como sustentado. O que foi \
             encontrado se sustentou de novo em outros ensaios. É um valor desta máquina, que \
             também leva a carga, e o servidor, a menos que ele seja um alvo externo.",
    reason,
    at_least: |held| format!("pelo menos {held}"),
    so_far: |held| format!("{held} até agora"),
    none: "nenhum",
    verdict_found: "encontrado",
    verdict_at_least: "pelo menos",
    verdict_fails: "falha",
    verdict_not_told: "sem resposta",
    verdict_unfinished: "inacabado",
    why_found: |failed, why| format!("{failed} não se sustentam ({why})."),
    why_not_told_above: |held, failed, not_told, why| {
        let failed = failed.map(|failed| format!(", menos de {failed}, que não se sustentam"));
        let failed = failed.unwrap_or_default();
        format!("pelo menos {held}{failed}. Com {not_told}, nenhum ensaio responde ({why}).")
    },
    why_max: |number, max, why| format!("{max} {}; {why}.", hold(number)),
    why_fails: |number, failed, why| format!("nem {failed} {} ({why}).", hold(number)),
    why_not_told: |not_told, why| format!("nem com {not_told} algum ensaio responde ({why})."),
    why_unfinished: "a busca foi interrompida, e nada está confirmado.",
    not_told_at: |held, not_told| format!("{held}, sem resposta em {not_told}"),
};

pub(super) const COMPARE: CompareTexts = CompareTexts {
    header: ["", "A", "B", "diferença"],
    side: |cell, trials| format!("{cell}: {trials}"),
    letter: |letter, cell| format!("{letter} ({cell})"),
    of_them_suspect: |trials| format!(", {trials} deles SUSPECT"),
    invalid_left_out: |trials| format!(", {trials} INVALID de fora"),
    invalid_counted: "Ensaios INVALID ficam de fora, menos nas contagens do que deu errado, como \
                      as mensagens perdidas.",
    no_reason: "sem motivo indicado",
    windows_differ: |a, b| {
        let [a, b] = [a, b].map(|seconds| N.plain(seconds));
        format!("As janelas diferem, {a} s e {b} s: contagens não se comparam.")
    },
    not_compared: |cell| format!("sem comparação: {cell}"),
    only_in_a: |cell| format!("{cell}: só em A"),
    only_in_b: |cell| format!("{cell}: só em B"),
    alone: |cell, transport| {
        let transport = transport.unwrap_or("outro transporte");
        format!("{cell}: nenhum {transport} tem esta configuração")
    },
    invalid_in_b: |invalid, all, why| format!("{invalid} de {all} ensaios de B INVALID ({why})"),
    invalid_of: |invalid, all, why| format!("{invalid} de {all} ensaios INVALID ({why})"),
    margin: |metric, figure, apart, is_below, bound| {
        let side = if is_below { "abaixo" } else { "acima" };
        format!("{metric} {figure}, {apart} {side} de {bound}")
    },
    conclusions: ["cumprido", "NÃO CUMPRIDO", "SEM RESPOSTA"],
    many_unjudged: |cells, why| {
        let more = cells.len() - 1;
        format!(
            "{}: {why}; e mais {more} configurações (--details)",
            cells[0]
        )
    },
    mostly_doubted: |cell, doubted, of, why| {
        format!("avisos o afetam em {doubted} de {of} ensaios de {cell} ({why})")
    },
    no_figure: "nenhum ensaio tem este valor",
    unjudged: "nenhum limite pode julgá-la",
    never_measured: |cell| format!("{cell}: não medida"),
    closing: |most, shown, alike, untold| {
        let (all, found) = (shown + alike + untold, most.join("; "));
        let differs = match shown {
            0 => format!("Nenhuma diferença entre B e A é demonstrada, em {all} valores."),
            some if some > most.len() => {
                format!("B difere de A em {some} de {all} valores, mais em {found}.")
            }
            some => format!("B difere de A em {some} de {all} valores: {found}."),
        };
        let alike = (alike > 0 && shown > 0)
            .then(|| format!(" Em {alike}, nenhuma diferença é demonstrada."));
        let untold = (untold > 0).then(|| {
            format!(" {untold} sem resposta: ensaios de menos, ou só um lado tem o valor.")
        });
        differs + &alike.unwrap_or_default() + &untold.unwrap_or_default()
    },
    gates: |failed, untold, passed| {
        format!("Limites: {failed} não cumpridos, {untold} sem resposta, {passed} cumpridos.")
    },
    clients: |number| {
        let clients = if number < 2 { "cliente" } else { "clientes" };
        format!("{number} {clients}")
    },
    against: |transport, base| format!("{transport} em relação a {base}"),
    explanation: |lines, chance| {
        let lines = match lines {
            1 => "da linha acima".to_owned(),
            lines => format!("das {} linhas acima", N.count(lines as f64)),
        };
        format!(
            "A e B são medianas dos ensaios. As faixas em percentual são intervalos de 95 %: uma \
             faixa contém a diferença verdadeira em cerca de 95 de 100 experimentos; uma que \
             contém 0 não mostra diferença. Onde nada difere, uma linha diz o contrário em cerca \
             de 1 de 20 vezes, no pior caso: {lines}, até {}.",
            N.plain(chance)
        )
    },
    differences: "sse/websocket: quanto a mediana do SSE está acima (+) ou abaixo (−) da mediana \
                  do WebSocket; × é um múltiplo dela. Entre parênteses: nenhuma diferença é \
                  demonstrada, porque o intervalo contém 0 ou um dos lados tem menos de 5 ensaios. \
                  --details: todos os valores e seus intervalos.",
    not_shown: |low, high| match low == high {
        true => "não demonstrada".to_owned(),
        false => format!("não demonstrada ({low} a {high})"),
    },
    too_few: |trials, fewest| format!("ensaios de menos ({trials} de {fewest})"),
    repeat: |fewest| {
        format!("Diferenças precisam de {fewest} ensaios por lado: --repeats {fewest}.")
    },
    broken: |trials, all| format!("em {trials} de {all} ensaios, só de B"),
    one_sided: "só um lado tem este valor",
    lower: "menor",
    higher: "maior",
    from_zero: |higher| format!("{higher}: a partir de 0"),
    by_or_more: |higher, percent| format!("{higher} em {percent} % ou mais"),
    times_or_more: |higher, times| format!("{higher}: {times} ou mais"),
    by: |word, percent| format!("{word} em {percent} %"),
};

pub(super) const LIST: ListTexts = ListTexts {
    columns: [
        "início",
        "ensaios",
        "vereditos",
        "tamanho",
        "pasta",
        "cenário",
        "pergunta",
        "transportes",
    ],
    not_complete: "incompleta",
};

pub(super) const PREDICT: PredictTexts = PredictTexts {
    columns: ["latência média", "palpite", "teoria", "medida"],
    ask: "Quanto uma mensagem demora, em média? Escreva tempos como 500us, 2ms ou 1s; uma linha \
          vazia é nenhum palpite.",
};

pub(super) const RUNS: RunsTexts = RunsTexts {
    title: "As execuções",
    of_cell: |id| format!("execução {id}"),
    scenario: "Várias execuções",
    question: "Em que estas execuções diferem?",
    differs: "O que difere",
    limits: "O que não se compara entre as execuções",
    alike: "Elas rodaram na mesma máquina, com a mesma versão e os mesmos fatores.",
    note: "As respostas valem dentro de cada execução. Se duas execuções diferem em um valor, e \
           quanto, é o que diz wslab compare A B.",
    machines: "As execuções são de máquinas diferentes, e mesmo assim os painéis têm os mesmos \
               eixos: compare transportes dentro de uma execução, e não uma execução com outra.",
    limits_of: |name| match name {
        "Processor" | "Memory" | "System" | "CPU governor" | "Pinned" => {
            "Latência, CPU e memória: são de máquinas diferentes."
        }
        "wslab" => "Nada, se o que se compara são as versões.",
        "Server" => "Latência, CPU e memória, a menos que se comparem os servidores.",
        "Open files allowed" => "Nada.",
        "rate_hz" | "schedule" | "workload" => {
            "CPU por entrega, e bytes dos polls: quantas mensagens dividem uma escrita ou um poll."
        }
        "payload_bytes" | "headers" => "Bytes e CPU: as mensagens têm outro tamanho.",
        "network" => "Latência, bytes e CPU, a menos que se comparem as redes.",
        "feeds" => "Latência: uma mensagem tem outro número de destinatários.",
        "tls" => "CPU, memória e bytes, a menos que se compare o TLS.",
        "proxy" => "Latência, bytes e CPU, a menos que se comparem proxies.",
        "poll_interval_ms" => "Short polling.",
        "hold_ms" | "keep_alive" => "Os transportes de polling.",
        "transport" => "Um transporte que só uma execução tem.",
        "clients" => "Latência, CPU e memória com outro número de clientes.",
        "window_s" => "A certeza do p99 e além.",
        _ => "Valores que dependem disso.",
    },
};
