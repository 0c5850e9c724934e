//! What faults did, in Portuguese: sentences, and the columns of `recovery.csv`.

use crate::texts::RecoveryTexts;

pub(super) const RECOVERY: RecoveryTexts = RecoveryTexts {
    title: "Recuperação",
    times: [
        (
            "percebida",
            "O cliente sabe que perdeu a conexão. Um servidor parado não fecha nenhuma; por isso, \
             os clientes dele não percebem nada.",
        ),
        ("reconectado", "O cliente está pronto para receber de novo."),
        (
            "em dia",
            "O cliente tem todas as mensagens previstas até o fim da falha e até a reconexão dele.",
        ),
    ],
    note: "Os tempos contam desde o início da falha: o da metade dos clientes e, abaixo dele, o p99 \
           e o do último cliente. Atrasados: clientes que ainda não estavam em dia quando a \
           falha seguinte começou, ou no fim. Pico: o segundo \
           mais movimentado no servidor. Como antes: o primeiro segundo a partir do qual a latência \
           é como antes da falha. De vários ensaios, um tempo é a mediana; do que deu errado, \
           aparecem o menor e o maior valor. –: não aconteceu, ou não existe.",
    after: |fault| format!("Depois de {fault}"),
    p50_to_last: "da metade dos clientes ao último",
    first: |fault, names, times| {
        format!("Depois de {fault}, o último cliente de {names} ficou em dia após {times}.")
    },
    first_and_last: |fault, [first, last], [times, time]| {
        format!(
            "Depois de {fault}, o último cliente ficou em dia primeiro com {first} ({times}) e por \
             fim com {last} ({time})."
        )
    },
    together: |fault, times| {
        format!(
            "Depois de {fault}, o último cliente ficou em dia quase ao mesmo tempo com todos os \
             transportes ({times})."
        )
    },
    none: |fault| format!("Depois de {fault}, nenhum transporte tem um tempo que conte."),
    behind: |cells| format!("Clientes que não ficaram em dia: {cells}."),
    nothing_lost: "Nada se perdeu, veio em dobro ou fora de ordem.",
    lost: |cells| format!("Perdas ou desordem: {cells}."),
    told: |cells| format!("Clientes avisados de mensagens perdidas: {cells}."),
    one_trial: "É um ensaio de cada: tempos que diferem menos de 1,5 vez podem ser acaso.",
    left_out: |cells| format!("INVALID, por isso os tempos não contam: {cells}."),
    suspect: |cells| format!("SUSPECT: {cells}."),
    numbered: |number, fault| format!("falha {number}: {fault}"),
};

/// Titles, definitions and reasons of empty cells.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("Clients", "Clientes"),
    ("Since the fault", "Desde a falha"),
    ("Peak in a second", "Pico em um segundo"),
    ("Set up again", "Nova preparação"),
    ("Latency after it", "Latência depois dela"),
    ("Timeline", "Linha do tempo"),
    ("met", "atingidos"),
    ("noticed", "percebida"),
    ("noticed, last", "percebida, último"),
    ("reconnected", "reconectado"),
    ("reconnected, last", "reconectado, último"),
    ("caught up", "em dia"),
    ("behind", "atrasados"),
    ("told", "informadas"),
    ("messages", "mensagens"),
    ("connects", "conexões"),
    ("exchanges", "trocas"),
    ("wire bytes", "bytes na rede"),
    ("met p50", "atingidos, p50"),
    ("met, p99", "atingidos, p99"),
    ("others p50", "outros, p50"),
    ("others, p99", "outros, p99"),
    ("as before (s)", "como antes (s)"),
    (
        "Number of the fault in its trial, from 1.",
        "Número da falha no ensaio, a partir de 1.",
    ),
    (
        "The fault as in the scenario: `restart-server@10s:2s`.",
        "A falha como no cenário: `restart-server@10s:2s`.",
    ),
    (
        "When the fault began, since the trial began.",
        "Quando a falha começou, desde o início do ensaio.",
    ),
    (
        "When it ended, since the trial began.",
        "Quando ela terminou, desde o início do ensaio.",
    ),
    (
        "By how much the fault was done late.",
        "Com quanto atraso a falha foi feita.",
    ),
    (
        "Clients that the fault was meant for.",
        "Clientes que a falha devia atingir.",
    ),
    (
        "Clients that lost their connection.",
        "Clientes que perderam a conexão.",
    ),
    (
        "From the fault's beginning until half of these clients knew that their connection was \
         gone.",
        "Do início da falha até metade desses clientes saber que perdeu a conexão.",
    ),
    (
        "Clients that were connected again.",
        "Clientes que se conectaram de novo.",
    ),
    (
        "From the fault's beginning until half of these clients were connected again.",
        "Do início da falha até metade desses clientes estar conectada de novo.",
    ),
    (
        "Clients that had all messages which were due until the fault was over and they were \
         connected again.",
        "Clientes que tinham todas as mensagens previstas até o fim da falha e até a reconexão \
         deles.",
    ),
    (
        "From the fault's beginning until half of these clients had the last of these messages.",
        "Do início da falha até metade desses clientes ter a última dessas mensagens.",
    ),
    (
        "Clients that lacked messages at the end, or did not come back.",
        "Clientes a quem faltavam mensagens no fim, ou que não voltaram.",
    ),
    (
        "Deliveries that never came, from this fault's beginning to the next one's. The first \
         fault counts from the window's opening; so do the next two columns.",
        "Entregas que nunca vieram, do início desta falha ao da próxima. A primeira falha conta \
         desde a abertura da janela; o mesmo vale para as duas colunas seguintes.",
    ),
    (
        "Deliveries that came twice.",
        "Entregas que vieram duas vezes.",
    ),
    (
        "Deliveries that came after a later one.",
        "Entregas que vieram depois de uma posterior.",
    ),
    (
        "Clients that came back without being told of lost messages.",
        "Clientes que voltaram sem aviso de mensagens perdidas.",
    ),
    (
        "Times that the server told a client that its cursor does not fit.",
        "Vezes em que o servidor avisou um cliente de que o cursor dele não serve.",
    ),
    (
        "Messages that the server told clients they had lost.",
        "Mensagens que o servidor informou aos clientes como perdidas.",
    ),
    (
        "Most connections that were dialled in a second.",
        "Maior número de conexões abertas em um segundo.",
    ),
    (
        "Most exchanges that ended in a second.",
        "Maior número de trocas concluídas em um segundo.",
    ),
    (
        "Bytes that it took to set up connections again.",
        "Bytes gastos para preparar as conexões de novo.",
    ),
    (
        "Delivery latency from the fault's beginning on, of the clients that it was meant for: \
         that of half of the deliveries.",
        "Latência de entrega a partir do início da falha, dos clientes que ela devia atingir: a de \
         metade das entregas.",
    ),
    (
        "The same of 99 of 100 deliveries.",
        "O mesmo para 99 de 100 entregas.",
    ),
    (
        "Delivery latency from the fault's beginning on, of all other clients: that of half of the \
         deliveries.",
        "Latência de entrega a partir do início da falha, de todos os outros clientes: a de metade \
         das entregas.",
    ),
    (
        "From the fault's beginning until the seconds of the timeline are as those before it.",
        "Do início da falha até os segundos da linha do tempo serem como os anteriores a ela.",
    ),
    ("it was not done", "ela não foi feita"),
    ("they never are", "nunca são"),
    ("no client had caught up", "nenhum cliente ficou em dia"),
    (
        "no client lost its connection",
        "nenhum cliente perdeu a conexão",
    ),
    (
        "no client was connected again",
        "nenhum cliente se conectou de novo",
    ),
    (
        "the fault met all clients, or nothing was delivered to others",
        "a falha atingiu todos os clientes, ou nada foi entregue aos outros",
    ),
    (
        "it lasts to the trial’s end",
        "ela dura até o fim do ensaio",
    ),
];
