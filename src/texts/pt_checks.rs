//! The checks of WebSocket servers from English to Portuguese: handshake and messages.

pub(super) const CHECKS: &[(&str, &str)] = &[
    ("Handshake", "Handshake"),
    ("Messages", "Mensagens"),
    ("Ping and pong", "Ping e pong"),
    ("Broken rules", "Regras violadas"),
    ("Text is UTF-8", "Texto é UTF-8"),
    ("Closing", "Fechamento"),
    ("HTTP answer", "Resposta HTTP"),
    ("Stream", "Fluxo"),
    ("Events", "Eventos"),
    ("Polling", "Polling"),
    ("Several clients", "Vários clientes"),
    ("the exercise", "o exercício"),
    (
        "the opening handshake is answered with 101 Switching Protocols",
        "o handshake de abertura é respondido com 101 Switching Protocols",
    ),
    (
        "With any other status no WebSocket opens; a browser's onerror and onclose (1006) fire.",
        "Com outro status nenhum WebSocket abre; no navegador disparam onerror e onclose (1006).",
    ),
    (
        "Answer a GET with Upgrade: websocket by the line HTTP/1.1 101 Switching Protocols, and \
         check path and port.",
        "Responda a um GET com Upgrade: websocket pela linha HTTP/1.1 101 Switching Protocols, e \
         confira caminho e porta.",
    ),
    (
        "the answer has Upgrade: websocket",
        "a resposta tem Upgrade: websocket",
    ),
    (
        "Browsers refuse a 101 without it.",
        "Navegadores recusam um 101 sem ele.",
    ),
    (
        "Add the line Upgrade: websocket to the 101.",
        "Acrescente a linha Upgrade: websocket ao 101.",
    ),
    (
        "the answer has Connection: Upgrade",
        "a resposta tem Connection: Upgrade",
    ),
    (
        "Browsers refuse a 101 without it, and proxies do not switch.",
        "Navegadores recusam um 101 sem ele, e proxies não trocam de protocolo.",
    ),
    (
        "Add the line Connection: Upgrade to the 101.",
        "Acrescente a linha Connection: Upgrade ao 101.",
    ),
    (
        "Sec-WebSocket-Accept follows from the client's key",
        "Sec-WebSocket-Accept é calculado da chave do cliente",
    ),
    (
        "Every browser compares it and gives up on any other value.",
        "Todo navegador compara o valor e desiste se for outro.",
    ),
    (
        "Append 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 to the key as it came, take the SHA-1 of \
         that, and write its 20 bytes in base64.",
        "Junte 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 ao fim da chave como ela veio, calcule o \
         SHA-1 disso, e escreva seus 20 bytes em base64.",
    ),
    (
        "no subprotocol is chosen that the client did not offer",
        "nenhum subprotocolo é escolhido que o cliente não ofereceu",
    ),
    (
        "Browsers fail the connection.",
        "Navegadores derrubam a conexão.",
    ),
    (
        "Send Sec-WebSocket-Protocol only with one of the names that the client listed, and leave \
         it out otherwise.",
        "Envie Sec-WebSocket-Protocol só com um dos nomes que o cliente listou; senão, omita-o.",
    ),
    (
        "no extension is chosen that the client did not offer",
        "nenhuma extensão é escolhida que o cliente não ofereceu",
    ),
    (
        "Browsers fail the connection; others read compressed bytes as text.",
        "Navegadores derrubam a conexão; outros clientes leem bytes comprimidos como texto.",
    ),
    (
        "Send Sec-WebSocket-Extensions only for an extension that the client offered and the \
         server knows.",
        "Envie Sec-WebSocket-Extensions só para uma extensão que o cliente ofereceu e o servidor \
         conhece.",
    ),
    (
        "pages of other sites are refused, unless the WebSocket is for all",
        "páginas de outros sites são recusadas, a não ser que o WebSocket seja para todos",
    ),
    (
        "Any page that a user opens can open this WebSocket too: from the user's network, and with \
         the user's cookies (cross-site WebSocket hijacking). CORS does not hold here.",
        "Qualquer página que um usuário abra também pode abrir este WebSocket: da rede do usuário, \
         e com os cookies dele (cross-site WebSocket hijacking). O CORS não vale aqui.",
    ),
    (
        "Compare Origin with the server's own host, or with a list, and answer 403 Forbidden to \
         all others. Leave it where all may read and write, and no cookie tells users apart.",
        "Compare Origin com o host do próprio servidor, ou com uma lista, e responda 403 Forbidden \
         às demais. Pode ficar assim se todos podem ler e escrever, e nenhum cookie identifica \
         usuários.",
    ),
    (
        "Connection: keep-alive, Upgrade is understood",
        "Connection: keep-alive, Upgrade é entendido",
    ),
    (
        "Firefox writes it like that: the page works in Chrome alone.",
        "O Firefox escreve assim: a página só funciona no Chrome.",
    ),
    (
        "Split the value of Connection at commas, and compare in any case.",
        "Separe o valor de Connection nas vírgulas, e compare sem distinguir maiúsculas.",
    ),
    (
        "a handshake that comes in several packets is understood",
        "um handshake que vem em vários pacotes é entendido",
    ),
    (
        "Over a slow network, or behind a proxy, some connections fail at random.",
        "Em rede lenta, ou atrás de um proxy, algumas conexões falham ao acaso.",
    ),
    (
        "Read until the blank line; one recv() may hold any part of a request.",
        "Leia até a linha em branco; um recv() pode trazer qualquer pedaço da requisição.",
    ),
    (
        "another version than 13 is refused",
        "outra versão que não a 13 é recusada",
    ),
    (
        "A client of another version would read frames that it does not understand.",
        "Um cliente de outra versão leria quadros que não entende.",
    ),
    (
        "Unless Sec-WebSocket-Version is 13, answer 426 Upgrade Required.",
        "Se Sec-WebSocket-Version não for 13, responda 426 Upgrade Required.",
    ),
    (
        "the refusal names the version that the server speaks",
        "a recusa informa a versão que o servidor fala",
    ),
    (
        "A client of another version can't know which one to try.",
        "Um cliente de outra versão não tem como saber qual tentar.",
    ),
    (
        "Add Sec-WebSocket-Version: 13 to the answer that refuses the version.",
        "Acrescente Sec-WebSocket-Version: 13 à resposta que recusa a versão.",
    ),
    (
        "a handshake without Sec-WebSocket-Key is refused",
        "um handshake sem Sec-WebSocket-Key é recusado",
    ),
    (
        "The key proves that a client means WebSocket; without it any HTTP client could be \
         tricked into it.",
        "A chave prova que o cliente quer mesmo WebSocket; sem ela qualquer cliente HTTP poderia \
         ser levado a abrir um.",
    ),
    (
        "Answer 400 Bad Request where the key is missing.",
        "Responda 400 Bad Request quando a chave faltar.",
    ),
    (
        "a key that is not 16 bytes in base64 is refused",
        "uma chave que não são 16 bytes em base64 é recusada",
    ),
    (
        "A client with a fault learns of it at once, not at its users.",
        "Um cliente com defeito descobre na hora, e não com os usuários.",
    ),
    (
        "Decode the key; answer 400 Bad Request unless it has 16 bytes.",
        "Decodifique a chave; responda 400 Bad Request se não tiver 16 bytes.",
    ),
    (
        "a POST does not open a WebSocket",
        "um POST não abre um WebSocket",
    ),
    (
        "Forms of other pages can send a POST; the handshake is a GET.",
        "Formulários de outras páginas podem enviar um POST; o handshake é um GET.",
    ),
    (
        "Answer 405 Method Not Allowed to any method but GET.",
        "Responda 405 Method Not Allowed a todo método que não seja GET.",
    ),
    (
        "a GET without Upgrade gets an answer in HTTP",
        "um GET sem Upgrade recebe uma resposta em HTTP",
    ),
    (
        "A user who opens the address in a browser's tab sees nothing, or it loads for ever.",
        "Quem abre o endereço numa aba do navegador não vê nada, ou ela carrega para sempre.",
    ),
    (
        "Answer 426 Upgrade Required, or a page that says what this address is.",
        "Responda 426 Upgrade Required, ou uma página que diga o que é este endereço.",
    ),
    (
        "Messages of this length are lost, cut, or end the connection.",
        "Mensagens deste tamanho se perdem, são cortadas ou derrubam a conexão.",
    ),
    (
        "Read the length: 0 to 125 as it is; 126 means that two more bytes hold it, 127 that \
         eight do, most significant first. Then read until all of the payload has come.",
        "Leia o tamanho: de 0 a 125 como está; 126 indica que mais dois bytes o contêm, 127 que \
         são oito, o mais significativo primeiro. Depois leia até toda a carga chegar.",
    ),
    (
        "an empty text is a message",
        "um texto vazio é uma mensagem",
    ),
    (
        "A client that sends an empty text loses its connection.",
        "Um cliente que envia um texto vazio perde a conexão.",
    ),
    (
        "Accept a payload length of 0: the mask still follows, and no payload.",
        "Aceite tamanho 0: a máscara vem mesmo assim, e nenhuma carga.",
    ),
    (
        "a text of 125 bytes arrives whole",
        "um texto de 125 bytes chega inteiro",
    ),
    (
        "a text of 126 bytes arrives whole",
        "um texto de 126 bytes chega inteiro",
    ),
    (
        "a text of 65,535 bytes arrives whole",
        "um texto de 65.535 bytes chega inteiro",
    ),
    (
        "a text of 65,536 bytes arrives whole, or is refused with 1009",
        "um texto de 65.536 bytes chega inteiro, ou é recusado com 1009",
    ),
    (
        "characters outside ASCII arrive as they were",
        "caracteres fora do ASCII chegam como eram",
    ),
    (
        "Users see \u{fffd} or Ã£ in place of ã.",
        "Usuários veem \u{fffd} ou Ã£ no lugar de ã.",
    ),
    (
        "Decode and encode text as UTF-8, and count lengths in bytes, not in characters.",
        "Decodifique e codifique texto em UTF-8, e conte tamanhos em bytes, não em caracteres.",
    ),
    (
        "a binary message is answered, or refused with a close code",
        "uma mensagem binária é respondida, ou recusada com um código de fechamento",
    ),
    (
        "A client that sends a file sees its connection die without a reason.",
        "Um cliente que envia um arquivo vê a conexão morrer sem motivo.",
    ),
    (
        "Take opcode 2, or close with 1003 where only text is wanted.",
        "Aceite o opcode 2, ou feche com 1003 se só quer texto.",
    ),
    (
        "a message in three frames arrives as one",
        "uma mensagem em três quadros chega como uma só",
    ),
    (
        "Long messages of some clients arrive in pieces or not at all.",
        "Mensagens longas de alguns clientes chegam em pedaços, ou não chegam.",
    ),
    (
        "Keep the payloads of frames until one has FIN; frames after the first have opcode 0.",
        "Guarde as cargas dos quadros até um deles ter FIN; depois do primeiro, os quadros têm \
         opcode 0.",
    ),
    (
        "a character that is cut by a frame's end arrives whole",
        "um caractere cortado pelo fim de um quadro chega inteiro",
    ),
    (
        "Long texts close the connection at random, where a cut meets an accent.",
        "Textos longos derrubam a conexão ao acaso, quando o corte cai num acento.",
    ),
    (
        "Decode UTF-8 after the frames are joined, not each frame alone.",
        "Decodifique o UTF-8 depois de juntar os quadros, e não quadro a quadro.",
    ),
    (
        "a ping within a fragmented message is answered, and the message arrives",
        "um ping no meio de uma mensagem fragmentada é respondido, e a mensagem chega",
    ),
    (
        "A client that sends a large file is cut by its own heartbeat.",
        "Um cliente que envia um arquivo grande é derrubado pelo próprio heartbeat.",
    ),
    (
        "Handle control frames at once, and leave the message that has begun as it is.",
        "Trate quadros de controle na hora, e deixe a mensagem já começada como está.",
    ),
    (
        "a message that comes byte by byte arrives",
        "uma mensagem que vem byte a byte chega",
    ),
    (
        "Over a slow network messages are lost at random.",
        "Em rede lenta, mensagens se perdem ao acaso.",
    ),
    (
        "Read until the whole frame has come; one recv() may hold any part of it.",
        "Leia até o quadro todo chegar; um recv() pode trazer qualquer pedaço dele.",
    ),
    (
        "two messages in one packet are two messages",
        "duas mensagens em um pacote são duas mensagens",
    ),
    (
        "Of messages that are sent quickly, every second one is lost.",
        "De mensagens enviadas depressa, uma em cada duas se perde.",
    ),
    (
        "After a frame, look for the next one in the bytes that are left in the buffer.",
        "Depois de um quadro, procure o próximo nos bytes que sobraram no buffer.",
    ),
    (
        "a message of 2 MiB is taken, or refused with 1009",
        "uma mensagem de 2 MiB é aceita, ou recusada com 1009",
    ),
    (
        "A client can't tell a limit from a broken network, and tries again for ever.",
        "Um cliente não distingue um limite de uma rede com defeito, e tenta para sempre.",
    ),
    (
        "Set a limit, and close with 1009 (message too big) beyond it.",
        "Defina um limite, e acima dele feche com 1009 (mensagem grande demais).",
    ),
    (
        "a length of 1 TiB is refused before its bytes come",
        "um tamanho de 1 TiB é recusado antes de os bytes virem",
    ),
    (
        "One client can take all memory of the server.",
        "Um único cliente pode tomar toda a memória do servidor.",
    ),
    (
        "Compare the announced length with the limit first; close with 1009.",
        "Compare primeiro o tamanho anunciado com o limite; feche com 1009.",
    ),
];
