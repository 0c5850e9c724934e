//! What the newer columns of `trials.csv` and derived metrics mean, from English to Portuguese.

/// The columns in the order of the file, from `others_cpu_percent` on.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    (
        "CPU time of other processes on this machine; percent of one core.",
        "Tempo de CPU de outros processos desta máquina; percentual de um núcleo.",
    ),
    (
        "CPU time that the hypervisor gave to others; percent of one core.",
        "Tempo de CPU que o hipervisor deu a outros; percentual de um núcleo.",
    ),
    (
        "The CPUs of server and load: `server 0; load 1`. Empty where the kernel chooses.",
        "As CPUs do servidor e da carga: `server 0; load 1`. Vazio onde o kernel escolhe.",
    ),
    (
        "Bytes through the TCP sockets of the publishing sensors, both directions. Not part of \
         the subscribers' bytes. 0 in a chat, where subscribers publish.",
        "Bytes pelos sockets TCP dos sensores que publicam, nos dois sentidos. Não fazem parte \
         dos bytes dos assinantes. 0 em um chat, onde os assinantes publicam.",
    ),
    (
        "Bytes of TCP and IP headers of the publishing sensors' connections.",
        "Bytes de cabeçalhos TCP e IP das conexões dos sensores que publicam.",
    ),
    (
        "TCP segments of the publishing sensors' connections.",
        "Segmentos TCP das conexões dos sensores que publicam.",
    ),
    (
        "Bytes that passed the interface of `--interface` with link headers, both directions; \
         those of publishers and other programs too.",
        "Bytes que passaram pela interface de `--interface` com os cabeçalhos de enlace, nos dois \
         sentidos; também os dos publicadores e de outros programas.",
    ),
    (
        "Packets that passed the interface of `--interface`, both directions.",
        "Pacotes que passaram pela interface de `--interface`, nos dois sentidos.",
    ),
    (
        "Processes that the clients were spread over.",
        "Processos em que os clientes foram distribuídos.",
    ),
    (
        "How late the load's event loops were, which adds to latencies; 99 of 100 samples were \
         below.",
        "Quanto os laços de eventos da carga se atrasaram, o que se soma às latências; 99 de 100 \
         amostras ficaram abaixo.",
    ),
    (
        "Greatest delay of the load's event loops.",
        "Maior atraso dos laços de eventos da carga.",
    ),
    (
        "Subscribers of the probe, a process of their own.",
        "Assinantes da sonda, um processo próprio.",
    ),
    (
        "Messages delivered to the probe.",
        "Mensagens entregues à sonda.",
    ),
    (
        "Median delivery latency of the probe.",
        "Latência de entrega mediana da sonda.",
    ),
    (
        "Delivery latency of the probe that 99 of 100 deliveries did not exceed.",
        "Latência de entrega da sonda que 99 de 100 entregas não ultrapassaram.",
    ),
    (
        "Delivery latency of a message's first recipient; median over the messages.",
        "Latência de entrega do primeiro destinatário de uma mensagem; mediana das mensagens.",
    ),
    (
        "Delivery latency of a message's median recipient; median over the messages.",
        "Latência de entrega do destinatário mediano de uma mensagem; mediana das mensagens.",
    ),
    (
        "Delivery latency of a message's last recipient; median over the messages.",
        "Latência de entrega do último destinatário de uma mensagem; mediana das mensagens.",
    ),
    (
        "Share of the window in which a client did not have the newest message, over all clients.",
        "Fração da janela em que um cliente não tinha a mensagem mais nova, sobre todos os \
         clientes.",
    ),
    (
        "Jain's index of the clients' mean latencies: 1 if all are equal, less the more they \
         differ.",
        "Índice de Jain das latências médias dos clientes: 1 se todas são iguais, menos quanto \
         mais diferem.",
    ),
    (
        "Mean latency of the client with the least.",
        "Latência média do cliente que tem a menor.",
    ),
    (
        "Mean latency of the client with the greatest.",
        "Latência média do cliente que tem a maior.",
    ),
    (
        "Bytes through a client's TCP socket until it was ready, both directions. Not part of the \
         other figures.",
        "Bytes pelo socket TCP de um cliente até ele estar pronto, nos dois sentidos. Não fazem \
         parte dos outros valores.",
    ),
    (
        "Bytes of TCP and IP headers until a client was ready. Not part of the other figures.",
        "Bytes de cabeçalhos TCP e IP até um cliente estar pronto. Não fazem parte dos outros \
         valores.",
    ),
    (
        "SSE comments, and WebSocket pings with their pongs.",
        "Comentários SSE, e pings de WebSocket com os seus pongs.",
    ),
    (
        "Wire bytes of the heartbeats; part of the protocol's bytes.",
        "Bytes na rede dos heartbeats; fazem parte dos bytes do protocolo.",
    ),
    (
        "Bytes that wslab's own server wrote to all connections, publishers and probe included.",
        "Bytes que o servidor do próprio wslab escreveu em todas as conexões, com as de \
         publicadores e da sonda.",
    ),
    (
        "Bytes that wslab's own server read from all connections, publishers and probe included.",
        "Bytes que o servidor do próprio wslab leu de todas as conexões, com as de publicadores e \
         da sonda.",
    ),
    (
        "Bytes that the server counted more (+) or less (−) than the load.",
        "Bytes que o servidor contou a mais (+) ou a menos (−) que a carga.",
    ),
    (
        "Deliveries per write of the server to its subscribers.",
        "Entregas por escrita do servidor aos seus assinantes.",
    ),
    (
        "Time from the first dial until all clients were ready, or had given up.",
        "Tempo desde a primeira tentativa de conexão até todos os clientes estarem prontos ou \
         terem desistido.",
    ),
    (
        "Deliveries and sends that seemed to precede their intended time: the clocks do not \
         agree.",
        "Entregas e envios que pareceram anteriores ao instante previsto: os relógios não \
         concordam.",
    ),
    (
        "Which engine of wslab's own server served the subscribers: `fast`, `general` or `mixed`.",
        "Qual motor do servidor do próprio wslab atendeu os assinantes: `fast`, `general` ou \
         `mixed`.",
    ),
    (
        "Connections that the subscribers dialled while the ledger was open, failed attempts and \
         those of a chat's publishing included.",
        "Conexões que os assinantes abriram durante a contabilidade de bytes, com as tentativas \
         que falharam e as da publicação de um chat.",
    ),
    (
        "Polls that dialled anew because the connection of the poll before them was not kept; \
         part of the reconnects. Polling transports only.",
        "Polls que abriram outra conexão porque a do poll anterior não foi mantida; fazem parte \
         das reconexões. Só em transportes de polling.",
    ),
    (
        "Polls that were sent again because their connection had been closed under them. Their \
         bytes are in the ledger twice. Polling transports only.",
        "Polls que foram enviados de novo porque a sua conexão foi fechada durante o envio. Os \
         seus bytes contam duas vezes. Só em transportes de polling.",
    ),
    (
        "Connections that publish by POST and were dialled again.",
        "Conexões que publicam por POST e foram refeitas.",
    ),
    (
        "Messages that were published by a second POST, because the server closed the connection \
         before it read the first.",
        "Mensagens que foram publicadas por um segundo POST, porque o servidor fechou a conexão \
         antes de ler o primeiro.",
    ),
    (
        "How late the load's event loops were beyond what the trial's own work explains: stopped, \
         or without a core. 99 of 100 samples were below.",
        "Quanto os laços de eventos da carga se atrasaram além do que o trabalho do ensaio \
         explica: parados, ou sem núcleo. 99 de 100 amostras ficaram abaixo.",
    ),
    (
        "Longest time that an event loop was late beyond what the trial's own work explains.",
        "Maior tempo que um laço de eventos se atrasou além do que o trabalho do ensaio explica.",
    ),
    (
        "CPU time of other processes in their worst second of the window; percent of one core.",
        "Tempo de CPU de outros processos no pior segundo da janela; percentual de um núcleo.",
    ),
    (
        "The latency figures that a warning touches, where it does not touch all: \
         `publisher-late:p99.9,max`, separated by spaces.",
        "Os valores de latência que um aviso afeta, onde ele não afeta todos: \
         `publisher-late:p99.9,max`, separados por espaços.",
    ),
    (
        "Messages that were due in the window. Each was published or is part of `publish_failed`.",
        "Mensagens que deviam sair na janela. Cada uma foi publicada ou faz parte de \
         `publish_failed`.",
    ),
    (
        "Messages that were due in the window and never sent, since their publisher could not \
         keep up or had no connection.",
        "Mensagens que deviam sair na janela e nunca foram enviadas, porque o publicador não deu \
         conta ou não tinha conexão.",
    ),
    (
        "Deliveries of a text that the publisher did not send.",
        "Entregas de um texto que o publicador não enviou.",
    ),
    (
        "Deliveries with another intended time than the publisher's, or with a time of the \
         server's before the sending or after the arrival; the latter on the same host only.",
        "Entregas com um instante previsto diferente do indicado pelo publicador, ou com um horário do \
         servidor anterior ao envio ou posterior à chegada; este último só na mesma máquina.",
    ),
    (
        "Clients to whom the server's numbers jumped or repeated, though they lack no message.",
        "Clientes para os quais os números do servidor saltaram ou se repetiram, embora não lhes \
         falte mensagem.",
    ),
    (
        "Times that a client saw the server's epoch change.",
        "Vezes em que um cliente viu a época do servidor mudar.",
    ),
    (
        "The first answer that was not what was asked for, in words.",
        "A primeira resposta que não era o que se pediu, em palavras.",
    ),
    (
        "What theory predicts for the server's CPU time per delivery, from the costs that `wslab \
         doctor --calibrate` measured.",
        "O que a teoria prevê para o tempo de CPU do servidor por entrega, a partir dos custos \
         que `wslab doctor --calibrate` mediu.",
    ),
];

/// Metrics that follow from columns.
pub(super) const DERIVED: &[(&str, &str)] = &[
    (
        "Bytes through the TCP sockets per delivery: payload, envelope, protocol and TLS.",
        "Bytes pelos sockets TCP por entrega: conteúdo, envelope, protocolo e TLS.",
    ),
    (
        "Bytes of all five layers per delivery: the wire bytes and TCP-IP.",
        "Bytes de todas as cinco camadas por entrega: os bytes na rede e TCP-IP.",
    ),
    (
        "CPU time of the server per delivery, user and system.",
        "Tempo de CPU do servidor por entrega, usuário e sistema.",
    ),
    (
        "CPU time of the load per delivery, user and system.",
        "Tempo de CPU da carga por entrega, usuário e sistema.",
    ),
    (
        "Share of the exchanges that carried no message.",
        "Fração das trocas que não levaram mensagem.",
    ),
    (
        "Bytes through the TCP sockets per client and second of the window.",
        "Bytes pelos sockets TCP por cliente e segundo da janela.",
    ),
    (
        "Exchanges per client and second of the window.",
        "Trocas por cliente e segundo da janela.",
    ),
    (
        "By how much the mean latency is above (+) or below (−) the predicted one.",
        "Quanto a latência média está acima (+) ou abaixo (−) da prevista.",
    ),
    (
        "By how much the wire bytes are above (+) or below (−) the predicted ones.",
        "Quanto os bytes na rede estão acima (+) ou abaixo (−) dos previstos.",
    ),
    (
        "By how much the server’s CPU time per delivery is above (+) or below (−) the predicted \
         one.",
        "Quanto o tempo de CPU do servidor por entrega está acima (+) ou abaixo (−) do previsto.",
    ),
];

/// When a column is empty.
pub(super) const EMPTY_IF: &[(&str, &str)] = &[
    (
        "every answer was as asked for",
        "todas as respostas foram as que se pediram",
    ),
    ("the trial ended at once", "o ensaio terminou imediatamente"),
    ("there are too few samples", "não há amostras suficientes"),
    (
        "the server’s process is not on this machine, or not known",
        "o processo do servidor não está nesta máquina, ou não é conhecido",
    ),
    (
        "the server’s process is not on this machine, or not known; or nothing was delivered",
        "o processo do servidor não está nesta máquina, ou não é conhecido; ou nada foi entregue",
    ),
    (
        "no delivery lies beyond it",
        "nenhuma entrega fica acima dele",
    ),
    ("nothing was published", "nada foi publicado"),
    (
        "the transport is not long polling",
        "o transporte não é long polling",
    ),
    ("the kernel chooses the CPUs", "o kernel escolhe as CPUs"),
    (
        "the transport does not poll",
        "o transporte não é de polling",
    ),
    (
        "nothing was delivered, a proxy stood between load and server, or theory needs a \
         calibration (`wslab doctor --calibrate`) that the server’s machine does not have",
        "nada foi entregue, havia um proxy entre carga e servidor, ou a teoria precisa de uma \
         calibração (`wslab doctor --calibrate`) que a máquina do servidor não tem",
    ),
    (
        "the machine’s CPU time could not be read",
        "o tempo de CPU da máquina não pôde ser lido",
    ),
    (
        "the transport is not short polling",
        "o transporte não é short polling",
    ),
    ("no client connected", "nenhum cliente se conectou"),
    (
        "the server is not wslab’s own, or its `/metrics` could not be read",
        "o servidor não é o do próprio wslab, ou o seu `/metrics` não pôde ser lido",
    ),
    (
        "the server is not wslab’s own, its `/metrics` could not be read, or a proxy stood between \
         load and server",
        "o servidor não é o do próprio wslab, o seu `/metrics` não pôde ser lido, ou havia um \
         proxy entre carga e servidor",
    ),
    ("nothing was delivered", "nada foi entregue"),
    (
        "nothing was delivered, or a proxy stood between load and server",
        "nada foi entregue, ou havia um proxy entre carga e servidor",
    ),
    ("there was no proxy", "não havia proxy"),
    (
        "there was no proxy, or nothing was delivered",
        "não havia proxy, ou nada foi entregue",
    ),
    (
        "the transport does not poll, or there was no exchange",
        "o transporte não é de polling, ou não houve troca",
    ),
    ("`--interface` was not given", "`--interface` não foi dado"),
    (
        "the cell repeats no other",
        "a configuração não repete outra",
    ),
    ("there was no probe", "não houve sonda"),
    (
        "there was no probe, or too little was delivered to it",
        "não houve sonda, ou pouco foi entregue a ela",
    ),
    (
        "no message reached the recipient of this rank",
        "nenhuma mensagem chegou ao destinatário desta ordem",
    ),
    (
        "no warning touches single figures",
        "nenhum aviso afeta valores isolados",
    ),
    (
        "the file is older than the column",
        "o arquivo é mais antigo que a coluna",
    ),
    ("the transport polls", "o transporte é de polling"),
    (
        "server and load are on different hosts, or nothing was delivered",
        "servidor e carga estão em máquinas diferentes, ou nada foi entregue",
    ),
    ("nothing is in doubt", "nada é duvidoso"),
    (
        "nothing was done to the trial on purpose",
        "nada foi feito de propósito com o ensaio",
    ),
    (
        "there was no fault, or it met no client",
        "não houve falha provocada, ou ela não atingiu nenhum cliente",
    ),
    (
        "What was done to the trial on purpose, and when since the window opened: \
         `restart-server@10s:2s`.",
        "O que foi feito de propósito com o ensaio, e quando, desde a abertura da janela: \
         `restart-server@10s:2s`.",
    ),
    (
        "clients come back as usual: after 100 ms and up to 100 ms more",
        "os clientes voltam como de costume: depois de 100 ms e até mais 100 ms",
    ),
    (
        "How clients come back, such as `jitter=2s,back_off=100ms`.",
        "Como os clientes voltam, por exemplo `jitter=2s,back_off=100ms`.",
    ),
    (
        "The part of the expected deliveries that came: 1 where nothing is missed.",
        "A parte das entregas esperadas que chegou: 1 onde nada falta.",
    ),
    (
        "Times that a client came back after a fault and was not told of lost messages.",
        "Vezes em que um cliente voltou depois de uma falha e não foi avisado de mensagens \
         perdidas.",
    ),
    (
        "Times that the server told a client after a fault that its cursor does not fit.",
        "Vezes em que o servidor avisou um cliente, depois de uma falha, que seu cursor não vale \
         mais.",
    ),
    (
        "From a fault's beginning until half of its clients had noticed it.",
        "Do início de uma falha até metade dos seus clientes tê-la percebido.",
    ),
    (
        "From a fault's beginning until 99 of 100 of its clients had noticed it.",
        "Do início de uma falha até 99 de 100 dos seus clientes tê-la percebido.",
    ),
    (
        "From a fault's beginning until half of its clients were connected again.",
        "Do início de uma falha até metade dos seus clientes estar conectada de novo.",
    ),
    (
        "From a fault's beginning until 99 of 100 of its clients were connected again.",
        "Do início de uma falha até 99 de 100 dos seus clientes estarem conectados de novo.",
    ),
    (
        "From a fault's beginning until half of its clients had all messages that were due until \
         they were connected again.",
        "Do início de uma falha até metade dos seus clientes ter todas as mensagens previstas até \
         a reconexão.",
    ),
    (
        "The same of 99 of 100 clients.",
        "O mesmo para 99 de 100 clientes.",
    ),
    (
        "The same of the last client.",
        "O mesmo para o último cliente.",
    ),
    (
        "Most connections that clients dialled in a second after a fault.",
        "Maior número de conexões abertas por clientes em um segundo depois de uma falha.",
    ),
    (
        "Most exchanges that ended in a second after a fault; polling transports only.",
        "Maior número de trocas concluídas em um segundo depois de uma falha; só em transportes \
         de polling.",
    ),
];
