//! Warnings from English to Portuguese: what each means, and what to do.

pub(super) const WARNINGS: &[(&str, &str)] = &[
    (
        "The server, or the proxy before it, ended or went away during the trial.",
        "O servidor, ou o proxy diante dele, terminou ou sumiu durante o ensaio.",
    ),
    (
        "read the server’s messages, and repeat",
        "leia as mensagens do servidor, e repita",
    ),
    (
        "An answer was not what was asked for, and the trial ended at once; the column \
         wrong_answer says what it was.",
        "Uma resposta não era o que se pediu, e o ensaio terminou imediatamente; a coluna wrong_answer \
         diz o que veio.",
    ),
    (
        "see wrong_answer in trials.csv; do target and proxy speak this protocol?",
        "veja wrong_answer em trials.csv; o alvo e o proxy falam este protocolo?",
    ),
    (
        "Some connections could not be opened, so fewer clients took part than asked for.",
        "Algumas conexões não puderam ser abertas; menos clientes participaram do que se pediu.",
    ),
    (
        "raise the limits that wslab doctor names, ask for fewer clients, or have the proxy pass \
         answers on",
        "aumente os limites que wslab doctor aponta, peça menos clientes, ou faça o proxy passar \
         as respostas adiante",
    ),
    (
        "No message was published during the window.",
        "Nenhuma mensagem foi publicada durante a janela.",
    ),
    (
        "measure a longer window, or a higher rate",
        "meça uma janela mais longa, ou uma taxa maior",
    ),
    (
        "Some subscribers never received messages of the window; latencies cover only what was \
         delivered.",
        "Alguns assinantes nunca receberam mensagens da janela; as latências cobrem só o que foi \
         entregue.",
    ),
    (
        "ask for less: fewer clients, or a lower rate",
        "peça menos: menos clientes, ou uma taxa menor",
    ),
    (
        "Subscribers received messages that count as not published, so it is unknown what was \
         missed.",
        "Assinantes receberam mensagens que contam como não publicadas; não se sabe o que se \
         perdeu.",
    ),
    (
        "does something else publish to these feeds?",
        "algo mais publica nestes feeds?",
    ),
    (
        "Subscribers received texts that the publisher did not send.",
        "Assinantes receberam textos que o publicador não enviou.",
    ),
    (
        "the server changes texts, so its figures answer no question",
        "o servidor altera textos; os seus valores não respondem a nenhuma pergunta",
    ),
    (
        "Messages that were due were never sent, since their publisher could not keep up or had \
         no connection; the rate was lower than asked for.",
        "Mensagens que deviam sair nunca foram enviadas, porque o publicador não deu conta ou não \
         tinha conexão; a taxa foi menor do que se pediu.",
    ),
    (
        "lower the rate, or use a faster machine",
        "baixe a taxa, ou use uma máquina mais rápida",
    ),
    (
        "Some messages seemed to arrive before they were due, so the clocks of publisher and \
         subscriber do not agree.",
        "Algumas mensagens pareceram chegar antes da hora; os relógios de publicador e assinante \
         não concordam.",
    ),
    (
        "run load and server on one host, or set its clock",
        "rode carga e servidor na mesma máquina, ou acerte o relógio",
    ),
    (
        "A fault was not done as the scenario says: more than 50 ms late, to other clients than \
         asked for, or not at all.",
        "Uma falha não foi provocada como o cenário diz: com mais de 50 ms de atraso, em outros \
         clientes que não os pedidos, ou nunca.",
    ),
    (
        "The load stood still for a second or more, so it saw nothing of what happened then.",
        "A carga ficou parada por um segundo ou mais, e não viu o que aconteceu nesse tempo.",
    ),
    ("was the load stopped? repeat", "a carga foi parada? repita"),
    (
        "The server did not accept some of the messages, or did not answer.",
        "O servidor não aceitou algumas das mensagens, ou não respondeu.",
    ),
    (
        "see the server’s messages, or lower the rate",
        "veja as mensagens do servidor, ou baixe a taxa",
    ),
    (
        "The publisher started messages later than the schedule said, and the latencies contain \
         that lag.",
        "O publicador começou mensagens mais tarde do que a agenda dizia, e as latências contêm \
         esse atraso.",
    ),
    ("ask for a lower rate", "peça uma taxa menor"),
    (
        "The load, or load and server together, left no CPU time to spare, so the figures may \
         show the limit of this machine or of the load and not the server’s.",
        "A carga, ou carga e servidor juntos, não deixaram tempo de CPU livre; os valores podem \
         mostrar o limite desta máquina ou da carga, e não o do servidor.",
    ),
    (
        "ask for fewer clients or a lower rate",
        "peça menos clientes ou uma taxa menor",
    ),
    (
        "The load stood still while messages were under way: it was stopped, or processes other \
         than server and load had the cores. The latencies contain that time.",
        "A carga ficou parada enquanto mensagens estavam a caminho: ela foi interrompida, ou \
         outros processos, que não servidor e carga, ocuparam os núcleos. As latências contêm \
         esse tempo.",
    ),
    (
        "end what else runs here; repeat",
        "encerre o que mais roda aqui; repita",
    ),
    (
        "A few subscribers in a process of their own saw other latencies than the crowd, so the \
         crowd’s processes, or their place on this machine, are part of the figures.",
        "Alguns assinantes em um processo próprio viram latências diferentes das da multidão; os \
         processos da multidão, ou o lugar deles nesta máquina, fazem parte dos valores.",
    ),
    (
        "see the probe’s figures (--details)",
        "veja os valores da sonda (--details)",
    ),
    (
        "The subscribers in a process of their own did not receive every message, so they could \
         not check what the crowd saw.",
        "Os assinantes no processo próprio não receberam todas as mensagens; não puderam conferir \
         o que a multidão viu.",
    ),
    (
        "repeat; if it stays, ask for fewer clients",
        "repita; se persistir, peça menos clientes",
    ),
    (
        "The server’s count of bytes, or the CPU time of some process or of this machine, could \
         not be read, so a check was not made. Of a server behind --target, --server-pid names \
         the process.",
        "A contagem de bytes do servidor, ou o tempo de CPU de algum processo ou desta máquina, \
         não pôde ser lida, e uma verificação não foi feita. Para um servidor atrás de --target, \
         --server-pid indica o processo.",
    ),
    (
        "of a server behind --target, name its process by --server-pid",
        "para um servidor atrás de --target, indique o processo com --server-pid",
    ),
    (
        "Fewer than five messages were published, and all latencies are those of so few moments, \
         however many clients received them.",
        "Menos de cinco mensagens foram publicadas, e todas as latências são desses poucos \
         instantes, por mais clientes que as tenham recebido.",
    ),
    (
        "Server and load did not count the same bytes, so some are in no figure or in a wrong \
         one.",
        "Servidor e carga não contaram os mesmos bytes; alguns não estão em nenhum valor, ou \
         estão no valor errado.",
    ),
    (
        "some bytes are in no figure; does a proxy change what passes?",
        "alguns bytes não estão em nenhum valor; um proxy altera o que passa?",
    ),
    (
        "Some connections ended during the trial.",
        "Algumas conexões terminaram durante o ensaio.",
    ),
    (
        "see the server’s messages: it closed connections",
        "veja as mensagens do servidor: ele fechou conexões",
    ),
    (
        "Connections that were to be kept were closed between two requests, so polls or \
         publications dialled anew, and some were sent twice: bytes, CPU time and latencies \
         contain that.",
        "Conexões que deviam ser mantidas foram fechadas entre duas requisições. Polls ou \
         publicações abriram outras, e alguns foram enviados duas vezes: bytes, tempo de CPU e \
         latências contêm isso.",
    ),
    (
        "the server closes connections between polls: raise its idle time-out",
        "o servidor fecha conexões entre polls: aumente o tempo de inatividade permitido",
    ),
    (
        "Some messages were delivered more than once to a subscriber.",
        "Algumas mensagens foram entregues mais de uma vez a um assinante.",
    ),
    (
        "the server delivers messages twice",
        "o servidor entrega mensagens duas vezes",
    ),
    (
        "Some messages were delivered after a later one.",
        "Algumas mensagens foram entregues depois de uma posterior.",
    ),
    (
        "the server changes the order of messages",
        "o servidor muda a ordem das mensagens",
    ),
    (
        "The server gave messages other times than the publisher, or impossible ones. Latencies \
         are by the publisher’s own record.",
        "O servidor deu às mensagens horários diferentes dos do publicador, ou impossíveis. As \
         latências seguem o registro do próprio publicador.",
    ),
    (
        "the server changes times; latencies are the publisher’s own",
        "o servidor altera horários; as latências são as do próprio publicador",
    ),
    (
        "The server’s message numbers jumped or repeated although no message was lost, so a \
         client that resumes may lose some.",
        "Os números das mensagens do servidor saltaram ou se repetiram, embora nenhuma mensagem \
         tenha se perdido; um cliente que retoma a conexão pode perder algumas.",
    ),
    (
        "the server’s numbers are no safe cursor for clients that resume",
        "os números do servidor não são um cursor seguro para clientes que retomam",
    ),
    (
        "The server’s epoch changed during the trial, as if it had restarted.",
        "A época do servidor mudou durante o ensaio, como se ele tivesse reiniciado.",
    ),
    (
        "the server restarted, or is several behind one address",
        "o servidor reiniciou, ou há vários atrás de um endereço",
    ),
    (
        "The network between load and server was not what was asked for: its delay, its rate, or \
         the share of packets that it lost.",
        "A rede entre carga e servidor não foi a pedida: o atraso, a taxa ou a fração de pacotes \
         perdidos é outra.",
    ),
    (
        "see network_… in trials.csv; ask for fewer clients or a lower rate",
        "veja network_… em trials.csv; peça menos clientes ou uma taxa menor",
    ),
    (
        "Other processes on this machine used its cores, in the whole window or in some seconds \
         of it, so the figures are partly theirs.",
        "Outros processos desta máquina usaram os seus núcleos, na janela inteira ou em alguns \
         segundos dela; parte dos valores é deles.",
    ),
    (
        "The hypervisor gave CPU time of this machine to others, in the whole window or in some \
         seconds of it.",
        "O hipervisor deu tempo de CPU desta máquina a outros, na janela inteira ou em alguns \
         segundos dela.",
    ),
    (
        "repeat at a quieter time, or on a machine of your own",
        "repita em um momento mais calmo, ou em uma máquina só sua",
    ),
];
