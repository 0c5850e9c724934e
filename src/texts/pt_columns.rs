//! What the columns of `trials.csv` mean, from English to Portuguese.

/// The columns in the order of the file.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("Name of the scenario.", "Nome do cenário."),
    (
        "Identity of the run: the name of its folder.",
        "Identidade da execução: o nome da sua pasta.",
    ),
    (
        "Number of the combination of factors, from 1.",
        "Número da combinação de fatores, a partir de 1.",
    ),
    (
        "Number of the repetition of that cell, from 1.",
        "Número da repetição dessa configuração, a partir de 1.",
    ),
    (
        "How messages reach the subscribers.",
        "Como as mensagens chegam aos assinantes.",
    ),
    (
        "`monitoring` (sensors publish) or `chat` (subscribers publish).",
        "`monitoring` (sensores publicam) ou `chat` (assinantes publicam).",
    ),
    (
        "Subscribers over all feeds.",
        "Assinantes em todos os feeds.",
    ),
    ("Number of feeds.", "Número de feeds."),
    (
        "Messages published to each feed per second.",
        "Mensagens publicadas por segundo em cada feed.",
    ),
    (
        "Size of a message's text.",
        "Tamanho do texto de uma mensagem.",
    ),
    (
        "Whether connections are encrypted.",
        "Se as conexões são cifradas.",
    ),
    (
        "Pause between two polls; short polling only.",
        "Pausa entre dois polls; só no short polling.",
    ),
    (
        "Longest wait of one poll; long polling only.",
        "Espera máxima de um poll; só no long polling.",
    ),
    (
        "Whether exchanges share a connection, `on` or `off`; polling transports only.",
        "Se as trocas compartilham uma conexão, `on` ou `off`; só em transportes de polling.",
    ),
    ("Length of the window.", "Duração da janela."),
    (
        "Messages published in the window.",
        "Mensagens publicadas na janela.",
    ),
    (
        "Messages published × subscribers of their feed.",
        "Mensagens publicadas × assinantes do seu feed.",
    ),
    (
        "Messages of the window that subscribers decoded.",
        "Mensagens da janela que os assinantes decodificaram.",
    ),
    (
        "Messages that were expected and never delivered.",
        "Mensagens esperadas que nunca foram entregues.",
    ),
    (
        "Messages that were delivered again to the same subscriber.",
        "Mensagens entregues mais de uma vez ao mesmo assinante.",
    ),
    (
        "Messages that were delivered after a later one.",
        "Mensagens entregues depois de uma posterior.",
    ),
    (
        "Least delivery latency: delivered at − intended at.",
        "Menor latência de entrega: instante da entrega − instante previsto.",
    ),
    ("Mean delivery latency.", "Latência de entrega média."),
    (
        "Delivery latency that half of the deliveries did not exceed.",
        "Latência de entrega que metade das entregas não ultrapassou.",
    ),
    (
        "Delivery latency that 90 of 100 deliveries did not exceed.",
        "Latência de entrega que 90 de 100 entregas não ultrapassaram.",
    ),
    (
        "Delivery latency that 99 of 100 deliveries did not exceed.",
        "Latência de entrega que 99 de 100 entregas não ultrapassaram.",
    ),
    (
        "Delivery latency that 999 of 1,000 deliveries did not exceed.",
        "Latência de entrega que 999 de 1.000 entregas não ultrapassaram.",
    ),
    ("Greatest delivery latency.", "Maior latência de entrega."),
    (
        "How late the publisher started to send a message; 99 of 100 were no later.",
        "Com quanto atraso o publicador começou a enviar uma mensagem; 99 de 100 não atrasaram \
         mais.",
    ),
    (
        "Median time from dialling to ready to receive.",
        "Mediana do tempo entre abrir a conexão e estar pronto para receber.",
    ),
    (
        "Time from dialling to ready to receive that 99 of 100 connections did not exceed.",
        "Tempo entre abrir a conexão e estar pronto para receber que 99 de 100 conexões não \
         ultrapassaram.",
    ),
    (
        "Clients that could not connect.",
        "Clientes que não conseguiram se conectar.",
    ),
    (
        "HTTP requests with their responses; polling transports only.",
        "Requisições HTTP com as suas respostas; só em transportes de polling.",
    ),
    (
        "Exchanges that carried no message.",
        "Trocas que não levaram mensagem.",
    ),
    (
        "Messages delivered per exchange.",
        "Mensagens entregues por troca.",
    ),
    (
        "Bytes of the messages' text per delivery.",
        "Bytes do texto das mensagens por entrega.",
    ),
    (
        "Bytes of the messages' JSON beyond the text, per delivery.",
        "Bytes do JSON das mensagens além do texto, por entrega.",
    ),
    (
        "Bytes of HTTP heads, framing, masks and heartbeats per delivery, both directions.",
        "Bytes de cabeçalhos HTTP, delimitação, máscaras e heartbeats por entrega, nos dois \
         sentidos.",
    ),
    (
        "Bytes of TLS records beyond their content, per delivery.",
        "Bytes dos registros TLS além do seu conteúdo, por entrega.",
    ),
    (
        "Bytes of TCP and IP headers per delivery, acknowledgements included.",
        "Bytes de cabeçalhos TCP e IP por entrega, com as confirmações.",
    ),
    (
        "Bytes that the subscribers read from their TCP sockets.",
        "Bytes que os assinantes leram dos seus sockets TCP.",
    ),
    (
        "Bytes that the subscribers wrote to their TCP sockets.",
        "Bytes que os assinantes escreveram nos seus sockets TCP.",
    ),
    (
        "CPU time of the server in its program, per delivery. Its sum with that of the kernel is \
         exact; the division is sampled in ticks of 10 ms, and told from 0.25 s of the trial on.",
        "Tempo de CPU do servidor no seu programa, por entrega. A soma com o tempo do kernel é \
         exata. A divisão é amostrada a cada 10 ms, e mostrada a partir de 0,25 s por ensaio.",
    ),
    (
        "CPU time of the kernel on behalf of the server, per delivery; divided likewise.",
        "Tempo de CPU do kernel em nome do servidor, por entrega; dividido do mesmo modo.",
    ),
    (
        "CPU time of the server; percent of one core.",
        "Tempo de CPU do servidor; percentual de um núcleo.",
    ),
    (
        "CPU time of the load in its program, per delivery. Its sum with that of the kernel is \
         exact; the division is sampled in ticks of 10 ms, and told from 0.25 s of the trial on.",
        "Tempo de CPU da carga no seu programa, por entrega. A soma com o tempo do kernel é \
         exata. A divisão é amostrada a cada 10 ms, e mostrada a partir de 0,25 s por ensaio.",
    ),
    (
        "CPU time of the kernel on behalf of the load, per delivery; divided likewise.",
        "Tempo de CPU do kernel em nome da carga, por entrega; dividido do mesmo modo.",
    ),
    (
        "CPU time of the load; percent of one core.",
        "Tempo de CPU da carga; percentual de um núcleo.",
    ),
    (
        "Resident memory of the server at the end of the window.",
        "Memória residente do servidor no fim da janela.",
    ),
    (
        "Growth of the server's resident memory since before the first client, per client.",
        "Crescimento da memória residente do servidor desde antes do primeiro cliente, por \
         cliente.",
    ),
    (
        "Growth of the load's resident memory since before the first client, per client.",
        "Crescimento da memória residente da carga desde antes do primeiro cliente, por cliente.",
    ),
    (
        "Growth of the kernel's memory (Slab of /proc/meminfo) since before the first client, per \
         client: for both ends where the server runs on this host, and for whatever else changed.",
        "Crescimento da memória do kernel (Slab em /proc/meminfo) desde antes do primeiro cliente, \
         por cliente: das duas pontas onde o servidor está nesta máquina, e de tudo mais que mudou.",
    ),
    (
        "The proxy between load and server, such as `nginx` or `nginx-default`.",
        "O proxy entre carga e servidor, como `nginx` ou `nginx-default`.",
    ),
    (
        "CPU time of the proxy, of its program and of the kernel on its behalf, per delivery.",
        "Tempo de CPU do proxy, do programa e do kernel a seu serviço, por entrega.",
    ),
    (
        "Growth of the proxy's resident memory since before the first client, per client.",
        "Crescimento da memória residente do proxy desde antes do primeiro cliente, por cliente.",
    ),
    (
        "How far the trial's figures can be trusted.",
        "Até que ponto se pode confiar nos valores do ensaio.",
    ),
    (
        "Why the verdict is not VALID: names such as `publisher-late`, separated by spaces.",
        "Por que o veredito não é VALID: nomes como `publisher-late`, separados por espaços.",
    ),
    (
        "When messages are due: `constant` or `poisson`.",
        "Quando as mensagens devem sair: `constant` ou `poisson`.",
    ),
    (
        "Median of delivered at − published at (the server's stamp); same host only.",
        "Mediana de instante da entrega − instante da publicação (marcado pelo servidor); só na \
         mesma máquina.",
    ),
    (
        "Delivered at − published at that 99 of 100 deliveries did not exceed; same host only.",
        "Instante da entrega − instante da publicação que 99 de 100 entregas não ultrapassaram; \
         só na mesma máquina.",
    ),
    (
        "Greatest delay with which the publisher started to send a message.",
        "Maior atraso com que o publicador começou a enviar uma mensagem.",
    ),
    (
        "Messages that were due in the window and not published: the server refused them or did \
         not answer, there was no connection, or they were never sent.",
        "Mensagens que deviam sair na janela e não foram publicadas: o servidor as recusou ou não \
         respondeu, não havia conexão, ou nunca foram enviadas.",
    ),
    (
        "Connections that ended while they were to be kept, and were dialled again.",
        "Conexões que deviam ser mantidas, terminaram e foram refeitas.",
    ),
    (
        "Deliveries while bytes and CPU time were counted, of messages in the window or not. They \
         are those of the window, except where several messages share a poll.",
        "Entregas enquanto bytes e tempo de CPU eram contados, de mensagens da janela ou não. São \
         as da janela, exceto onde várias mensagens dividem uma consulta.",
    ),
    (
        "TCP segments of the subscribers' connections, both directions.",
        "Segmentos TCP das conexões dos assinantes, nos dois sentidos.",
    ),
    (
        "Resident memory of the load at the end of the window.",
        "Memória residente da carga no fim da janela.",
    ),
    (
        "Median of delivered at − really sent at: the latency without the publish lag.",
        "Mediana de instante da entrega − instante real do envio: a latência sem o atraso da \
         publicação.",
    ),
    (
        "Delivered at − really sent at that 99 of 100 deliveries did not exceed.",
        "Instante da entrega − instante real do envio que 99 de 100 entregas não ultrapassaram.",
    ),
    (
        "Greatest delivered at − really sent at.",
        "Maior instante da entrega − instante real do envio.",
    ),
    (
        "What theory predicts for the mean latency, from the poll interval or from the costs that \
         `wslab doctor --calibrate` measured.",
        "O que a teoria prevê para a latência média, a partir do intervalo de poll ou dos custos \
         que `wslab doctor --calibrate` mediu.",
    ),
    (
        "What theory predicts for the wire bytes (payload to TLS) per delivery.",
        "O que a teoria prevê para os bytes na rede (do conteúdo ao TLS) por entrega.",
    ),
    (
        "The cell that this one repeats under a number of its own (an A/A pair).",
        "A configuração que esta repete com um número próprio (um par A/A).",
    ),
    (
        "The header fields of requests: `minimal` or `browser`.",
        "Os campos de cabeçalho das requisições: `minimal` ou `browser`.",
    ),
];
