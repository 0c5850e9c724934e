//! The texts in Portuguese as in Brazil.
//!
//! # Glossary
//!
//! One word for one thing, here and in the other files of this language.
//!
//! | English | Portuguese |
//! |---|---|
//! | A/A pair | par A/A |
//! | baseline | linha de base |
//! | batching | envio em lotes |
//! | bytes on the wire | bytes na rede |
//! | cell, setting | configuração |
//! | client, server | cliente, servidor |
//! | CPU of the server | CPU do servidor |
//! | delivery, delivery latency | entrega, latência de entrega |
//! | down, up | descida, subida |
//! | drain | escoamento |
//! | duplicate, reordered | duplicadas, fora de ordem |
//! | envelope, payload | envelope, conteúdo |
//! | exchange | troca (requisição e resposta) |
//! | feed, heartbeat, handshake, ping, pong | the same |
//! | figure | valor |
//! | hold (of a long poll) | espera |
//! | load | carga (o gerador de carga) |
//! | median, 95 % interval | mediana, intervalo de 95 % |
//! | missed | perdidas |
//! | objective | objetivo |
//! | p99 | percentil 99, p99 |
//! | polling, long polling, poll | the same |
//! | probe | sonda |
//! | ramp-up | rampa |
//! | round | rodada |
//! | run | execução |
//! | scenario | cenário |
//! | server memory per client | memória do servidor por cliente |
//! | stale | defasagem |
//! | trial | ensaio |
//! | warm-up | aquecimento |
//! | warning | aviso |
//! | window | janela |
//! | workload | carga de trabalho |
//!
//! VALID, SUSPECT, INVALID, names of transports, columns, warnings and flags are not translated.

use crate::texts::pt_advice::ADVICE;
use crate::texts::pt_answer::{ANSWER, CONDITIONS};
use crate::texts::pt_check::CHECK;
use crate::texts::pt_claim::CLAIM;
use crate::texts::pt_definitions::DEFINITIONS;
use crate::texts::pt_demo::DEMO;
use crate::texts::pt_lesson::LESSON;
use crate::texts::pt_number::{N, counted, noun};
use crate::texts::pt_plots::PLOT;
use crate::texts::pt_recovery::RECOVERY;
use crate::texts::pt_tables::{CAPACITY, COMPARE, LIST, PREDICT, RUNS, TABLE};
use crate::texts::pt_until::UNTIL;
use crate::texts::{
    CellTexts, PageTexts, SectionText, Texts, brazilian_plural, pt_checks, pt_checks_http,
    pt_checks_rules, pt_checks_stream, pt_columns, pt_more_columns, pt_network, pt_recovery,
    pt_warnings, pt_words,
};

pub(super) const TEXTS: Texts = Texts {
    html_lang: "pt-BR",
    numbers: N,
    plural: brazilian_plural,
    translate: |english| translated(english).unwrap_or(english),
    cell: CELL,
    condition: CONDITIONS,
    answer: ANSWER,
    advice: ADVICE,
    until: UNTIL,
    recovery: RECOVERY,
    page: PAGE,
    table: TABLE,
    capacity: CAPACITY,
    compare: COMPARE,
    runs: RUNS,
    list: LIST,
    predict: PREDICT,
    claim: CLAIM,
    lesson: LESSON,
    plot: PLOT,
    demo: DEMO,
    check: CHECK,
};

/// English words of `results`, `lab` and scenarios in Portuguese; `None` without an entry.
pub(super) fn translated(english: &str) -> Option<&'static str> {
    let tables = [
        pt_words::WORDS,
        pt_columns::COLUMNS,
        pt_more_columns::COLUMNS,
        pt_network::NETWORK,
        pt_more_columns::DERIVED,
        pt_more_columns::EMPTY_IF,
        pt_recovery::WORDS,
        pt_warnings::WARNINGS,
        pt_checks::CHECKS,
        pt_checks_http::CHECKS,
        pt_checks_rules::CHECKS,
        pt_checks_stream::CHECKS,
    ];
    let mut entries = tables.into_iter().flatten();
    entries
        .find(|(known, _)| *known == english)
        .map(|(_, portuguese)| *portuguese)
}

fn messages_a_second(number: f64) -> String {
    let messages = noun(number, "mensagem", "mensagens");
    format!("{} {messages} por segundo", N.plain(number))
}

fn question(english: &str) -> String {
    let of_search = || {
        let rest = english.strip_prefix("How many ")?.strip_suffix('?')?;
        let (what, objective) = rest.split_once(" does each transport hold at ")?;
        let what = match what {
            "clients" => "Quantos clientes",
            _ => "Quantas mensagens por segundo para cada feed",
        };
        let objective = objective.replace(" and ", " e ");
        Some(format!("{what} cada transporte sustenta com {objective}?"))
    };
    match translated(english) {
        Some(known) => known.to_owned(),
        None => of_search().unwrap_or_else(|| english.to_owned()),
    }
}

const CELL: CellTexts = CellTexts {
    clients: |number| counted(number, "cliente", "clientes"),
    feeds: |number| counted(number, "feed", "feeds"),
    trials: |number| counted(number, "ensaio", "ensaios"),
    trials_between: |least, most| format!("de {least} a {most} ensaios"),
    rate: |number| format!("{} para cada feed", messages_a_second(number)),
    messages_a_second,
    payload: |bytes| format!("conteúdo de {}", N.bytes(bytes)),
    tls: "TLS",
    no_tls: "sem TLS",
    proxy: |name| match name {
        "" => "sem proxy".to_owned(),
        name => format!("via {name}"),
    },
    schedule: |name| match name {
        "constant" => "chegadas constantes".to_owned(),
        "poisson" => "chegadas de Poisson".to_owned(),
        other => format!("chegadas {other}"),
    },
    poll_interval: |time| format!("a cada {time}"),
    hold: |time| format!("espera de {time}"),
    keep_alive: |on| format!("keep-alive {on}"),
    again: "de novo (A/A)",
    of_trials: |some, all| format!("({some} de {all} ensaios)"),
    counted_of: |counted, all| format!("{counted} de {all}"),
    least_to_most: |least, most| format!("{least} a {most}"),
    left_out: "Ensaios INVALID não entram em medianas nem em intervalos, mas entram na conta das \
               mensagens perdidas. Uma linha que só tem ensaios INVALID mostra os valores deles, \
               que não respondem a nenhuma pergunta.",
    touches: |figures| format!("Afeta {figures}."),
    judged_by: |figures| format!("Critério: {figures}."),
    named_figure: |group, title, figure| match group {
        "" => format!("{title} {figure}"),
        group => format!("{group}: {title} {figure}"),
    },
    doubted: |mark| format!("{mark} um aviso afeta este valor."),
    of_few: |mark| {
        format!(
            "{mark}: menos de uma mensagem fica acima deste percentil (p99 precisa de 100 \
             mensagens, p99,9 de 1.000). Uma única mensagem o decide, por mais clientes que a \
             recebam."
        )
    },
    of_few_short: |mark| format!("{mark} uma só mensagem decide este valor."),
    noise: |cell, apart| {
        format!(
            "A/A ({cell}): a mesma configuração, medida duas vezes, difere em {apart}: diferenças \
             menores são ruído."
        )
    },
    noise_in: |percent, percentile| format!("{percent} % em {percentile}"),
    and: " e ",
    marks: |marks| format!("{marks}."),
    marks_interval: |trials| {
        format!("Linhas finas e faixas claras: o intervalo de 95 % da mediana de {trials}")
    },
    marks_range: |trials| {
        format!(
            "Linhas pontilhadas e faixas mais claras: do menor ao maior de {trials}, o que não é \
             um intervalo"
        )
    },
    marks_both: |interval, range, cells| format!("{interval}. {range}: {cells}"),
    no_trial: (
        "Nenhum ensaio terminou",
        ". Não há valor para mostrar: a execução foi interrompida antes do fim do primeiro ensaio, \
         ou falhou.",
    ),
    incomplete: |cells| format!("Esta execução está incompleta. Ensaios que faltam: {cells}."),
    missing_of: |cell, trials, of| format!("{cell} ({trials} de {of})"),
};

const PAGE: PageTexts = PageTexts {
    title: |scenario| format!("{scenario} · relatório do wslab"),
    question,
    any_question: "Quanto custa uma entrega em cada transporte, e quanto ela demora?",
    run: |id| format!("Execução {id}"),
    workload: |name| {
        let name = if name == "monitoring" {
            "monitoramento"
        } else {
            name
        };
        format!("carga de trabalho: {name}")
    },
    contents: "Conteúdo",
    scorecard: "Quadro de resultados",
    unread: "Omitido, porque não pode ser lido:",
    of_settings: "As outras configurações estão abaixo. Das que têm menos dúvidas, a mais exigente \
                  vem primeiro.",
    objective: "objetivo",
    groups: |noise| match noise {
        None => {
            "As letras são grupos, e não posições. Em cada coluna, transportes com a mesma letra \
             não se distinguem, ou diferem pouco demais para importar (menos de 10 %, de 1 ms ou \
             de 4 KiB por cliente), ou estão ligados por outros entre eles. O grupo a tem os \
             menores valores. Em letra menor: intervalos de 95 %."
                .to_owned()
        }
        Some(noise) => {
            let [noise, bytes] = noise.map(|times| N.plain(times));
            format!(
                "As letras são grupos, e não posições. Em cada coluna, transportes com a mesma \
                 letra diferem do seguinte por um fator abaixo de {noise} (bytes: {bytes}), que tão \
                 poucos ensaios não separam do ruído, ou por menos de 1 ms ou de 4 KiB por cliente. \
                 O grupo a tem os menores valores."
            )
        }
    },
    suspect_mark: "? SUSPECT: um aviso afeta o valor.",
    invalid_mark: "! INVALID: o valor não responde a nenhuma pergunta.",
    comparison: "Comparação de todos os valores",
    medians: |intervals| match intervals {
        true => {
            "Cada valor é a mediana dos ensaios. Abaixo dela, em letra menor, está o intervalo de \
             95 %, onde há ensaios suficientes. O veredito é o pior dos ensaios."
        }
        false => "Cada valor é a mediana dos ensaios. O veredito é o pior dos ensaios.",
    },
    comparison_note: "“–” indica um valor que não foi medido ou que não existe, como as trocas de \
                      um fluxo contínuo. O percentual de CPU é de um núcleo.",
    ratios: SectionText {
        title: "Em relação ao protocolo mínimo",
        note: "Múltiplos dos valores de raw-tcp. O raw-tcp é este mesmo servidor com o mínimo de \
               protocolo: cada mensagem precedida de seu tamanho, em uma conexão TCP. O que passa \
               de 1 × é o custo do protocolo. 1 × não é o mínimo desta máquina: esse é o de um \
               servidor simples sobre epoll, com o qual scripts/bench compara.",
    },
    beyond: SectionText {
        title: "Além do cliente médio",
        note: "Uma mensagem chega aos destinatários um depois do outro: o primeiro, o mediano e o \
               último, cada um como mediana de todas as mensagens. Um cliente está defasado \
               enquanto existe uma mensagem que ele ainda não tem. O índice de Jain é 1 quando \
               todos os clientes têm a mesma latência média, e menor quanto mais eles diferem. A \
               preparação é o que passa pela rede até o cliente estar pronto. Heartbeats mostram \
               que a conexão ainda funciona; no polling, as trocas vazias fazem isso.",
    },
    theory: SectionText {
        title: "Teoria e prática",
        note: "Um poll encontra uma mensagem depois de metade do seu intervalo. Um push chega a n \
               clientes um depois do outro. Por isso o cliente médio espera pela primeira entrega \
               e depois por n/2 vezes o tempo de CPU de uma entrega (servidor e carga), dividido \
               pelos núcleos. Uma entrega é uma escrita e uma leitura; em um poll, ambas nas duas \
               pontas. O custo delas foi medido antes da execução por wslab doctor --calibrate. \
               Sem isso, a teoria não tem tempo de CPU, e só tem latência para o short polling. Os \
               bytes resultam dos cabeçalhos e quadros que o protocolo exige. A teoria ignora TLS, \
               textos acima de 4 KiB, a espera por um núcleo que outros programas usam, polls \
               vazios e mensagens mais próximas que uma ida e volta. Ela falha onde mensagens \
               esperam umas pelas outras: então elas são escritas juntas. Também falha na CPU do \
               short polling: cada poll acorda uma thread adormecida, o que custa outro tanto.",
    },
    all_trials: "Todos os ensaios, com mais valores",
    name_column: "Transporte e veredito",
    setting_column: "Configuração",
    trials_column: "Ensaios",
    trial_column: "Ensaio",
    warnings_column: "Avisos",
    doubts: "O que merece dúvida",
    doubts_note: "Valores SUSPECT pedem cuidado; se o aviso nomeia valores, só esses. Valores \
                  INVALID não respondem a nenhuma pergunta.",
    unknown_warning: "Esta versão não conhece o significado deste aviso.",
    no_reason: "O ensaio não indica o motivo.",
    plots: "Gráficos",
    nothing_delivered: (
        "Nada foi entregue",
        " nesta execução. Não há latência nem custo por entrega para desenhar: esses gráficos \
         foram omitidos.",
    ),
    claim: |[polling, websocket], [polling_all, websocket_all]| {
        format!(
            "“De 871 bytes para 2” (Kaazing, “A Quantum Leap in Scalability for the Web”) conta os \
             cabeçalhos HTTP do poll de um navegador e o cabeçalho de um quadro WebSocket, e nada \
             mais. A mesma camada aqui: {polling} e {websocket} por entrega. Com a mensagem, as \
             trocas vazias e TCP-IP: {polling_all} e {websocket_all}."
        )
    },
    data: "Dados:",
    link: "link",
    plot_marks: |marks| {
        format!(
            "Uma marca, uma barra ou uma linha é a mediana dos ensaios. {marks} Onde menos ensaios \
             têm um valor para um segundo, suas marcas são o menor e o maior deles."
        )
    },
    machine: "A máquina",
    how_measured: "Como foi medido",
    definitions: DEFINITIONS,
    columns: "Todas as colunas de trials.csv e métricas de summary.csv",
    lower_is_better: "Menor é melhor.",
    higher_is_better: "Maior é melhor.",
    empty_if: "vazio se",
    empty_columns: "Vazias em todos os ensaios desta execução; results/README.md diz o que são:",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_agree_with_their_numbers() {
        let until = &TEXTS.until;
        let answer = &TEXTS.answer;
        for (text, expected) in [
            ((CELL.trials)(1.0), "1 ensaio"),
            ((CELL.trials)(1_200.0), "1.200 ensaios"),
            ((CELL.clients)(1e6), "1.000.000 de clientes"),
            ((CELL.messages_a_second)(0.5), "0,5 mensagem por segundo"),
            (
                (TEXTS.condition.rate)(2_500.0, true),
                "2.500 mensagens/s para cada feed",
            ),
            (
                (answer.per_write)("*", "sse", "1,8"),
                "* sse: 1,8 mensagem por escrita; sozinha, \
              cada mensagem custa mais.",
            ),
            (
                (answer.per_exchange)("*", "sse", "12,0", None),
                "* sse: 12,0 mensagens por resposta.",
            ),
            (
                (until.known)(1, [0, 0], 3, "10"),
                "Após 1 rodada, nenhuma de 3 diferenças é conhecida.",
            ),
            (
                (until.known)(6, [1, 0], 3, "10"),
                "Após 6 rodadas, 1 de 3 diferenças está resolvida.",
            ),
            (
                (until.known)(6, [3, 0], 3, "10"),
                "Após 6 rodadas, todas as 3 diferenças estão resolvidas.",
            ),
        ] {
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn what_a_search_says_in_english_is_translated() {
        let question =
            (PAGE.question)("How many clients does each transport hold at p99<1s and max<2s?");
        assert_eq!(
            question,
            "Quantos clientes cada transporte sustenta com p99<1s e max<2s?"
        );
        assert_eq!((PAGE.question)("Mine?"), "Mine?");
        for (why, expected) in [
            ("p99 is 120.5 ms", "p99 é 120,5 ms"),
            (
                "too few deliveries for a p99.9",
                "entregas de menos para um p99.9",
            ),
            ("no more was to be tried", "era o máximo a tentar"),
            (
                "load-saturated, publisher-late",
                "load-saturated, publisher-late",
            ),
        ] {
            assert_eq!((CAPACITY.reason)(why), expected);
        }
    }
}
