//! The texts of plots in Portuguese.

use crate::texts::{Axes, Numbers, PlotText, PlotTexts};

pub(super) const PLOT: PlotTexts = PlotTexts {
    latency: PlotText {
        title: "Latência de entrega por percentil",
        caption: "Mais baixo é mais rápido. Em 99, a curva dá a latência que 99 de 100 entregas \
                  não ultrapassaram; cada rótulo seguinte deixa um décimo delas. Distâncias \
                  verticais iguais são razões iguais. Um percentil com menos de 10 entregas além \
                  dele não é desenhado.",
    },
    distribution: PlotText {
        title: "Distribuição da latência de entrega",
        caption: "À esquerda, em uma escala comum: onde ficam as latências. À direita, cada \
                  transporte na sua própria escala, até 99,9 % das entregas: a forma delas. Um \
                  poll chega em qualquer momento do intervalo, e por isso suas latências o \
                  preenchem por igual. O push tem um pico e uma cauda. O número ao lado de um eixo \
                  é a parcela da barra mais alta. Os ensaios de um transporte são contados juntos.",
    },
    bytes: PlotText {
        title: "Bytes por entrega e por camada",
        caption: "O começo de uma barra é o texto das mensagens. O resto é o que custou \
                  entregá-las, incluindo trocas vazias. Com vários ensaios, a barra termina na \
                  mediana das somas, e suas partes têm as proporções das próprias medianas.",
    },
    cpu: PlotText {
        title: "Tempo de CPU por entrega",
        caption: "Mais curto é mais barato. A parte clara foi gasta no programa; a escura, no \
                  kernel em nome dele, onde se faz o trabalho da rede. A soma é exata. A divisão é \
                  amostrada pelo kernel a cada 10 ms, e não aparece onde um ensaio gastou menos de \
                  0,25 s. As partes de vários ensaios têm as proporções das suas medianas.",
    },
    memory: PlotText {
        title: "Memória por cliente",
        caption: "Quanta memória cada processo guardou para um cliente. O que o kernel guarda para \
                  os sockets não faz parte dela.",
    },
    recovery: PlotText {
        title: "Recuperação de falhas",
        caption: "Mais à esquerda é mais cedo: uma linha vai do tempo da metade dos clientes (ponto) \
                  ao do último (fim); onde ela é curta, todos chegaram juntos. Um passo igual para \
                  a direita é um múltiplo igual.",
    },
    heat_map: PlotText {
        title: "Entregas por tempo e latência",
        caption: "Uma coluna é um segundo, e um quadro é o que chegou nele com a latência da \
                  linha: quanto mais escuro, mais entregas. Um regime estável é uma faixa \
                  horizontal, uma fila que cresce sobe, e uma pausa é uma lacuna. As linhas marcam \
                  onde a janela abre e fecha, com precisão de um segundo. Os ensaios de um \
                  transporte ficam sobrepostos.",
    },
    latency_over_time: PlotText {
        title: "Latência de entrega ao longo do tempo",
        caption: "Cada ponto cobre as mensagens que chegaram em um segundo. Uma linha horizontal é \
                  um regime estável; uma linha que sobe é uma fila que cresce.",
    },
    deliveries_over_time: PlotText {
        title: "Entregas por segundo ao longo do tempo",
        caption: "Todos os transportes levam o mesmo feed. Suas linhas devem coincidir, e uma \
                  queda mostra quando as entregas se atrasaram. O primeiro e o último segundo \
                  ficam de fora, porque a janela abre e fecha neles; uma janela de menos de 4 s \
                  mostra todos.",
    },
    scaling: PlotText {
        title: "Como cresce com o número de clientes",
        caption: "Uma linha horizontal é um custo por cliente que não muda com o número deles. Uma \
                  linha que sobe com eles é trabalho feito para um depois do outro, como o último \
                  destinatário de uma mensagem percebe. As duas escalas são logarítmicas.",
    },
    against_rate: PlotText {
        title: "Como muda com a taxa de mensagens",
        caption: "Uma linha que desce é trabalho que várias mensagens dividem: uma troca, um \
                  despertar ou uma escrita. As duas escalas são logarítmicas.",
    },
    against_payload: PlotText {
        title: "Como muda com o tamanho de uma mensagem",
        caption: "Uma linha horizontal é um custo de cada mensagem, qualquer que seja o tamanho. \
                  As duas escalas são logarítmicas.",
    },
    against_poll_interval: PlotText {
        title: "Intervalo de poll e push",
        caption: "Um intervalo maior atrasa a mensagem de um poll, e reduz seus bytes e seu tempo \
                  de CPU. Uma linha tracejada é um transporte sem intervalo de poll. Onde a linha \
                  do polling a cruza, ambos custam o mesmo. As duas escalas são logarítmicas.",
    },
    capacity: PlotText {
        title: "Capacidade dentro do objetivo",
        caption: "Uma barra é o máximo que se sustentou em ensaios VALID, e de novo em outros, a \
                  menos que a busca esteja inacabada. A linha fina termina no mínimo que falhou. \
                  Sem essa linha, o transporte talvez sustente mais: esse mais não teve ensaio \
                  VALID ou não foi tentado.",
    },
    axes: Axes {
        percentile: "percentil de todas as entregas da janela (%)",
        latency: "latência de entrega (µs, ms, s), escala log",
        shape: "latência de entrega (µs, ms, s)",
        share: "altura: parcela das entregas em uma barra (%)",
        bytes: "bytes por entrega (B, kB), nos dois sentidos",
        cpu: "tempo de CPU por entrega (µs, ms)",
        memory: "memória residente por cliente (B, kB, MB)",
        time: "tempo desde o início da janela (s)",
        since_fault: "tempo desde o início da falha (ms, s), escala log",
        deliveries: "entregas por segundo (1/s)",
        clients: "clientes, escala log",
        rate: "mensagens por segundo para cada feed (1/s), escala log",
        payload: "texto de uma mensagem (B, kB), escala log",
        poll_interval: "intervalo de poll (ms, s), escala log",
        number_of: |factor| format!("{factor} (número)"),
    },
    places: "Onde: escala comum",
    shapes: "Forma: escala própria",
    tiles_below: |percent| format!("menos de {percent}\u{a0}% de um segundo médio"),
    tiles_above: |percent| format!("mais de {percent}\u{a0}%"),
    second: |at, delivered, range| {
        let deliveries = if delivered == 1.0 {
            "entrega"
        } else {
            "entregas"
        };
        format!(
            "{at}: {} {deliveries}, {range}",
            Numbers::BRAZILIAN.count(delivered)
        )
    },
    layers: ["conteúdo", "envelope", "protocolo", "TLS", "TCP-IP"],
    server: "servidor",
    load: "carga",
    user: |process| format!("{process}, usuário"),
    system: |process| format!("{process}, sistema"),
    undivided: |process| format!("{process}, curto demais para dividir"),
    not_measured: "não medido",
    lacks: |figure, parts| format!("{figure} (não medido: {parts})"),
    of_baseline: |multiple| format!("({multiple} raw-tcp)"),
    latency_p50: "Latência de entrega, p50",
    all_bytes: "Bytes por entrega, todas as camadas",
    server_cpu: "Servidor: tempo de CPU por entrega",
    load_cpu: "Carga: tempo de CPU por entrega",
    server_memory: "Servidor: memória por cliente",
    load_memory: "Carga: memória por cliente",
    first_recipient: "Latência do primeiro destinatário",
    median_recipient: "Latência do destinatário mediano",
    last_recipient: "Latência do último destinatário",
    messages_per_write: "Mensagens por escrita do servidor",
};
