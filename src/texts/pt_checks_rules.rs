//! The checks of WebSocket servers from English to Portuguese: frames, what the server must refuse,
//! and how it closes.

pub(super) const CHECKS: &[(&str, &str)] = &[
    (
        "frames from the server are not masked",
        "quadros do servidor não têm máscara",
    ),
    (
        "Browsers fail the connection at the first one.",
        "Navegadores derrubam a conexão já no primeiro.",
    ),
    (
        "Only clients mask: write the payload as it is, and leave the first bit of the second \
         byte 0.",
        "Só clientes usam máscara: escreva a carga como está, e deixe em 0 o primeiro bit do \
         segundo byte.",
    ),
    (
        "lengths of frames from the server take as few bytes as they can",
        "tamanhos de quadros do servidor usam o mínimo de bytes",
    ),
    (
        "Strict clients fail the connection.",
        "Clientes rigorosos derrubam a conexão.",
    ),
    (
        "Up to 125, write the length into the second byte; up to 65,535 after 126 in two bytes; \
         beyond that after 127 in eight.",
        "Até 125, escreva o tamanho no segundo byte; até 65.535, em dois bytes depois de 126; \
         acima disso, em oito depois de 127.",
    ),
    (
        "frames from the server have no reserved bits",
        "quadros do servidor não têm bits reservados",
    ),
    (
        "Unless an extension was agreed on, the first byte is 0x81 for a text, 0x82 for binary \
         data.",
        "Sem extensão combinada, o primeiro byte é 0x81 para texto, 0x82 para dados binários.",
    ),
    (
        "frames from the server have opcodes that exist",
        "quadros do servidor têm opcodes que existem",
    ),
    (
        "Use 1 for text, 2 for binary data, 0 for what continues them, 8 to 10 for control.",
        "Use 1 para texto, 2 para dados binários, 0 para o que os continua, 8 a 10 para controle.",
    ),
    (
        "control frames from the server are whole and have at most 125 bytes",
        "quadros de controle do servidor são inteiros e têm no máximo 125 bytes",
    ),
    (
        "Cut the reason of a close to 123 bytes, and set FIN on control frames.",
        "Corte o motivo do fechamento em 123 bytes, e ligue FIN nos quadros de controle.",
    ),
    (
        "messages from the server do not run into each other",
        "mensagens do servidor não se misturam",
    ),
    (
        "Browsers fail the connection, at random where two tasks write at once.",
        "Navegadores derrubam a conexão, ao acaso, quando duas tarefas escrevem ao mesmo tempo.",
    ),
    (
        "Write each message under a lock, or from one task.",
        "Escreva cada mensagem sob uma trava, ou a partir de uma só tarefa.",
    ),
    (
        "texts from the server are UTF-8",
        "textos do servidor são UTF-8",
    ),
    (
        "Encode texts as UTF-8, and send all else as binary data (opcode 2).",
        "Codifique textos em UTF-8, e envie todo o resto como dados binários (opcode 2).",
    ),
    (
        "a ping is answered by a pong",
        "um ping é respondido com um pong",
    ),
    (
        "Clients and proxies take the connection for dead and cut it.",
        "Clientes e proxies dão a conexão por morta e a cortam.",
    ),
    (
        "Answer a frame of opcode 9 at once by one of opcode 10.",
        "Responda na hora a um quadro de opcode 9 com um de opcode 10.",
    ),
    (
        "the pong has the ping's payload, of up to 125 bytes",
        "o pong tem a carga do ping, de até 125 bytes",
    ),
    (
        "A client can't tell which of its pings was answered, and measures a wrong delay.",
        "Um cliente não sabe qual dos seus pings foi respondido, e mede um atraso errado.",
    ),
    (
        "Copy the payload of the ping, unmasked, into the pong.",
        "Copie a carga do ping, sem máscara, para o pong.",
    ),
    (
        "a pong that no ping asked for is passed over",
        "um pong que nenhum ping pediu é ignorado",
    ),
    (
        "Clients that send pongs as heartbeats lose their connection.",
        "Clientes que enviam pongs como heartbeat perdem a conexão.",
    ),
    (
        "Do nothing on a frame of opcode 10.",
        "Não faça nada ao receber um quadro de opcode 10.",
    ),
    (
        "A client with a fault gets nonsense or silence, and its author no hint.",
        "Um cliente com defeito recebe lixo ou silêncio, e quem o escreveu, nenhuma pista.",
    ),
    (
        "Close with code 1002 (protocol error) and end the connection when such a frame comes.",
        "Feche com o código 1002 (erro de protocolo) e encerre a conexão quando vier um quadro \
         assim.",
    ),
    (
        "Other clients are sent a text that their browsers refuse: all of them are cut.",
        "Os outros clientes recebem um texto que seus navegadores recusam: todos são derrubados.",
    ),
    (
        "Decode texts strictly, and close with code 1007 (invalid data) where that fails.",
        "Decodifique textos com rigor, e feche com o código 1007 (dados inválidos) quando falhar.",
    ),
    (
        "a frame without a mask closes with 1002",
        "um quadro sem máscara fecha com 1002",
    ),
    (
        "Masks keep a page from writing bytes of its choice into caches on the way; a server that \
         takes frames without them gives that up.",
        "A máscara impede que uma página escreva bytes à sua escolha em caches no caminho; um \
         servidor que aceita quadros sem ela abre mão disso.",
    ),
    (
        "Check the first bit of the second byte; if it is 0, close with 1002.",
        "Confira o primeiro bit do segundo byte; se for 0, feche com 1002.",
    ),
    (
        "a reserved bit without an extension closes with 1002",
        "um bit reservado sem extensão fecha com 1002",
    ),
    (
        "Compressed frames would be read as plain ones.",
        "Quadros comprimidos seriam lidos como se não fossem.",
    ),
    (
        "a data frame with a reserved opcode closes with 1002",
        "um quadro de dados com opcode reservado fecha com 1002",
    ),
    (
        "a control frame with a reserved opcode closes with 1002",
        "um quadro de controle com opcode reservado fecha com 1002",
    ),
    (
        "a ping of more than 125 bytes closes with 1002",
        "um ping de mais de 125 bytes fecha com 1002",
    ),
    (
        "a ping without FIN closes with 1002",
        "um ping sem FIN fecha com 1002",
    ),
    (
        "a continuation without a beginning closes with 1002",
        "uma continuação sem começo fecha com 1002",
    ),
    (
        "a new message within an unfinished one closes with 1002",
        "uma nova mensagem dentro de outra inacabada fecha com 1002",
    ),
    (
        "Two messages become one, or one is lost.",
        "Duas mensagens viram uma, ou uma se perde.",
    ),
    (
        "a text that is not UTF-8 closes with 1007",
        "um texto que não é UTF-8 fecha com 1007",
    ),
    (
        "surrogates and overlong forms are no UTF-8 either: 1007",
        "substitutos e formas longas demais também não são UTF-8: 1007",
    ),
    (
        "Use a strict decoder: surrogates (ED A0 80) and overlong forms (C0 AF) are invalid (RFC \
         3629). Close with 1007.",
        "Use um decodificador rigoroso: substitutos (ED A0 80) e formas longas demais (C0 AF) são \
         inválidos (RFC 3629). Feche com 1007.",
    ),
    (
        "a text whose later frame is not UTF-8 closes with 1007",
        "um texto cujo segundo quadro não é UTF-8 fecha com 1007",
    ),
    (
        "a text that ends within a character closes with 1007",
        "um texto que acaba no meio de um caractere fecha com 1007",
    ),
    (
        "a text that can't become UTF-8 is refused before its end",
        "um texto que não tem mais como ser UTF-8 é recusado antes do fim",
    ),
    (
        "The rest of a long message is read for nothing.",
        "O resto de uma mensagem longa é lido à toa.",
    ),
    (
        "Decode each frame as it comes, with a decoder that keeps what a cut leaves over.",
        "Decodifique cada quadro ao chegar, com um decodificador que guarda o que sobra de um \
         corte.",
    ),
    (
        "a close frame is answered by a close frame",
        "um quadro de fechamento é respondido com outro",
    ),
    (
        "The browser's onclose has wasClean false and code 1006, after a wait.",
        "O onclose do navegador traz wasClean falso e código 1006, depois de uma espera.",
    ),
    (
        "Send a close frame back when one comes, then end the connection.",
        "Devolva um quadro de fechamento quando vier um, e então encerre a conexão.",
    ),
    (
        "the answer has the code that the client sent",
        "a resposta tem o código que o cliente enviou",
    ),
    (
        "onclose tells another code than the one that the page closed with.",
        "O onclose informa outro código que não o usado pela página.",
    ),
    (
        "Copy the first two bytes of the close frame's payload into the answer.",
        "Copie os dois primeiros bytes da carga do quadro de fechamento para a resposta.",
    ),
    (
        "codes from 3000 to 4999 are taken",
        "códigos de 3000 a 4999 são aceitos",
    ),
    (
        "Pages that close with a code of their own, as close(4000), see 1002.",
        "Páginas que fecham com um código próprio, como close(4000), veem 1002.",
    ),
    (
        "Accept 3000 to 3999 (libraries) and 4000 to 4999 (applications).",
        "Aceite 3000 a 3999 (bibliotecas) e 4000 a 4999 (aplicações).",
    ),
    (
        "a close frame without a code is answered",
        "um quadro de fechamento sem código é respondido",
    ),
    (
        "close() of a browser without arguments sends it; onclose then tells 1006.",
        "O close() do navegador sem argumentos envia um assim; o onclose então informa 1006.",
    ),
    (
        "Accept a payload of 0 bytes. Never write 1005 or 1006 into a frame.",
        "Aceite uma carga de 0 bytes. Nunca escreva 1005 ou 1006 em um quadro.",
    ),
    (
        "a close frame of 1 byte closes with 1002",
        "um quadro de fechamento de 1 byte fecha com 1002",
    ),
    (
        "Half a code is read as some code.",
        "Meio código é lido como um código qualquer.",
    ),
    (
        "A payload has 0 bytes, or 2 and more; close with 1002 otherwise.",
        "A carga tem 0 bytes, ou 2 e mais; senão, feche com 1002.",
    ),
    (
        "codes that no frame may hold close with 1002",
        "códigos que nenhum quadro pode trazer fecham com 1002",
    ),
    (
        "A code is passed on that means that no close frame came.",
        "É repassado um código que significa que nenhum quadro de fechamento veio.",
    ),
    (
        "Refuse 0 to 999, 1004, 1005, 1006, 1015 to 2999 and all above 4999 with 1002.",
        "Recuse com 1002 os códigos 0 a 999, 1004, 1005, 1006, 1015 a 2999 e todos acima de 4999.",
    ),
    (
        "a reason that is not UTF-8 is refused with 1007 or 1002",
        "um motivo que não é UTF-8 é recusado com 1007 ou 1002",
    ),
    (
        "The reason is passed on to logs and pages as garbage, or the server fails at it.",
        "O motivo vai como lixo para logs e páginas, ou o servidor falha ao lê-lo.",
    ),
    (
        "Decode the reason strictly; close with 1007 where that fails.",
        "Decodifique o motivo com rigor; feche com 1007 quando falhar.",
    ),
    (
        "the server ends TCP after the closing handshake",
        "o servidor encerra o TCP depois do handshake de fechamento",
    ),
    (
        "The browser stays in CLOSING until it gives up; sockets pile up at both ends.",
        "O navegador fica em CLOSING até desistir; sockets se acumulam nas duas pontas.",
    ),
    (
        "Close the socket once both close frames have passed.",
        "Feche o socket depois que os dois quadros de fechamento passaram.",
    ),
    (
        "nothing is sent after the close frame, and what comes after it is passed over",
        "nada é enviado depois do quadro de fechamento, e o que vem depois dele é ignorado",
    ),
    (
        "A message is handled whose author has left.",
        "É tratada uma mensagem cujo autor já saiu.",
    ),
    (
        "Stop reading and sending messages once a close frame has come.",
        "Pare de ler e de enviar mensagens quando vier um quadro de fechamento.",
    ),
    (
        "a message reaches the other clients",
        "uma mensagem chega aos outros clientes",
    ),
    (
        "In a chat everybody sees only what they wrote themselves.",
        "Num chat, cada um só vê o que escreveu.",
    ),
    (
        "Keep all open connections in a set, and send each message to all of them.",
        "Guarde todas as conexões abertas em um conjunto, e envie cada mensagem a todas.",
    ),
    (
        "whether the author gets its own message",
        "se o autor recebe a própria mensagem",
    ),
    (
        "A page must show what its user wrote itself, or not: once, not twice.",
        "Cabe à página mostrar o que seu usuário escreveu, ou não: uma vez, e não duas.",
    ),
    (
        "Decide for one, and say it in the documentation.",
        "Decida por um dos dois, e diga na documentação.",
    ),
    (
        "whether a client that comes later gets earlier messages",
        "se um cliente que chega depois recebe mensagens anteriores",
    ),
    (
        "Without it, a page that is loaded again begins empty.",
        "Sem isso, uma página recarregada começa vazia.",
    ),
    (
        "Keep the last messages, and send them first to each new client.",
        "Guarde as últimas mensagens, e envie-as primeiro a cada novo cliente.",
    ),
    (
        "a client that vanishes in the middle of a frame harms no other",
        "um cliente que some no meio de um quadro não prejudica os outros",
    ),
    (
        "One telephone that loses its network ends the server, or silences it for all.",
        "Um celular que perde a rede derruba o servidor, ou o cala para todos.",
    ),
    (
        "Catch the error of a send and of a receive for each client; take the client out of the \
         set, and go on with the others.",
        "Trate o erro de envio e de leitura de cada cliente; tire-o do conjunto, e continue com \
         os outros.",
    ),
    (
        "a client that does not read does not delay the others",
        "um cliente que não lê não atrasa os outros",
    ),
    (
        "One client that sleeps stops the messages of all.",
        "Um cliente que dorme para as mensagens de todos.",
    ),
    (
        "Give each client a queue with a bound and a task that sends; drop the client, or its \
         oldest messages, where the queue is full.",
        "Dê a cada cliente uma fila limitada e uma tarefa que envia; com a fila cheia, descarte o \
         cliente ou suas mensagens mais antigas.",
    ),
];
