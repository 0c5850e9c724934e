//! What is said of networks, from English to Portuguese.

/// Columns of `trials.csv`, when they are empty, and their titles; a fact of a run.
pub(super) const NETWORK: &[(&str, &str)] = &[
    (
        "The network between load and server, as it was asked for: `loopback`, `4g`, \
         `delay=50ms,loss=2%`. A delay is that of one way.",
        "A rede entre carga e servidor, como foi pedida: `loopback`, `4g`, `delay=50ms,loss=2%`. \
         Um atraso é o de um sentido.",
    ),
    (
        "Median delay of a packet from the load to the server, as probes before the ramp-up found \
         it.",
        "Atraso mediano de um pacote da carga ao servidor, medido por sondas antes do ramp-up.",
    ),
    (
        "The same from the server to the load.",
        "O mesmo do servidor à carga.",
    ),
    (
        "Bits a second from the load to the server, as a train of packets before the ramp-up found \
         them.",
        "Bits por segundo da carga ao servidor, medidos por um trem de pacotes antes do ramp-up.",
    ),
    (
        "Packets from the load to the server that were lost by chance, over the whole trial.",
        "Pacotes da carga ao servidor perdidos por acaso, no ensaio inteiro.",
    ),
    (
        "Packets that entered the network over the whole trial, both ways.",
        "Pacotes que entraram na rede no ensaio inteiro, nos dois sentidos.",
    ),
    (
        "Packets that were dropped because the queue before a rate was full, both ways.",
        "Pacotes descartados porque a fila antes de uma taxa estava cheia, nos dois sentidos.",
    ),
    (
        "How late packets arrived beyond what was asked for, over the whole trial; 99 of 100 were \
         no later. The greater of both ways.",
        "Quanto os pacotes se atrasaram além do pedido, no ensaio inteiro; 99 de 100 não se \
         atrasaram mais. O maior dos dois sentidos.",
    ),
    (
        "CPU time of the process that carries the packets, for each of them. What the kernel does \
         to deliver a packet is part of it.",
        "Tempo de CPU do processo que leva os pacotes, por pacote. Inclui o que o kernel faz para \
         entregar um pacote.",
    ),
    (
        "load and server talked over loopback",
        "carga e servidor falaram por loopback",
    ),
    ("no rate was asked for", "nenhuma taxa foi pedida"),
    (
        "packets pass a relay between two network namespaces of this machine",
        "os pacotes passam por um relé entre dois namespaces de rede desta máquina",
    ),
    ("bit/s", "bit/s"),
    ("Network", "Rede"),
    ("delay up", "atraso na subida"),
    ("delay down", "atraso na descida"),
    ("rate up", "taxa na subida"),
    ("rate down", "taxa na descida"),
    ("loss up", "perda na subida"),
    ("loss down", "perda na descida"),
    ("packets", "pacotes"),
    ("dropped by a full queue", "descartados por fila cheia"),
    ("late p99", "atraso extra p99"),
    ("CPU per packet", "CPU por pacote"),
];
