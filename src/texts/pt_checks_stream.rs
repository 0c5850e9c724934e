//! The checks of streams and polls from English to Portuguese.

pub(super) const CHECKS: &[(&str, &str)] = &[
    ("the answer does not end", "a resposta não termina"),
    (
        "The client connects again and again: polling, and what is sent between is lost.",
        "O cliente conecta de novo e de novo: vira polling, e o que é enviado no meio se perde.",
    ),
    (
        "Keep the answer open, and write each message when it comes.",
        "Mantenha a resposta aberta, e escreva cada mensagem quando ela vier.",
    ),
    (
        "the chunks of the body are well formed",
        "os blocos (chunks) do corpo são bem formados",
    ),
    (
        "The client ends the stream with a network error.",
        "O cliente encerra o fluxo com um erro de rede.",
    ),
    (
        "Write each chunk as its size in hexadecimal, CR LF, the bytes, CR LF.",
        "Escreva cada bloco como seu tamanho em hexadecimal, CR LF, os bytes, CR LF.",
    ),
    ("a message arrives at once", "uma mensagem chega na hora"),
    (
        "Messages come late, in heaps: the stream is no better than polling.",
        "Mensagens chegam tarde, aos montes: o fluxo não é melhor que polling.",
    ),
    (
        "Flush after each message, and look for a buffer or a compressor on the way.",
        "Descarregue (flush) depois de cada mensagem, e procure um buffer ou compressor no \
         caminho.",
    ),
    ("the stream is UTF-8", "o fluxo é UTF-8"),
    ("Accents become \u{fffd}.", "Acentos viram \u{fffd}."),
    ("Encode the text as UTF-8.", "Codifique o texto em UTF-8."),
    (
        "something comes at least every 30 s",
        "algo vem ao menos a cada 30 s",
    ),
    (
        "Proxies and routers cut a connection on which nothing comes.",
        "Proxies e roteadores cortam uma conexão em que nada vem.",
    ),
    (
        "Write a comment (a line with a colon, and a blank line) every 15 s; in NDJSON an empty \
         line.",
        "Escreva um comentário (uma linha com dois-pontos, e uma linha em branco) a cada 15 s; em \
         NDJSON, uma linha vazia.",
    ),
    (
        "every line is a field of an event, or a comment",
        "toda linha é um campo de evento, ou um comentário",
    ),
    (
        "The browser passes the line over without an error: the message is not there.",
        "O navegador ignora a linha sem erro: a mensagem não aparece.",
    ),
    (
        "Begin each line with data:, event:, id:, retry: or a colon, in lower case; each line of \
         a text needs its own data:.",
        "Comece cada linha com data:, event:, id:, retry: ou dois-pontos, em minúsculas; cada \
         linha de um texto precisa do seu data:.",
    ),
    (
        "a blank line ends each event",
        "uma linha em branco encerra cada evento",
    ),
    (
        "The browser waits for the end of the event, and onmessage never fires.",
        "O navegador espera o fim do evento, e onmessage nunca dispara.",
    ),
    (
        "Write two line ends after the last line of an event: data: …\\n\\n.",
        "Escreva duas quebras de linha depois da última linha de um evento: data: …\\n\\n.",
    ),
    (
        "a byte order mark stands at the start alone",
        "uma marca de ordem de bytes (BOM) só aparece no começo",
    ),
    (
        "The line after the mark is no field, and its event is lost.",
        "A linha depois da marca não é um campo, e seu evento se perde.",
    ),
    (
        "Write UTF-8 without a byte order mark.",
        "Escreva UTF-8 sem marca de ordem de bytes.",
    ),
    (
        "retry is a number of milliseconds",
        "retry é um número de milissegundos",
    ),
    (
        "The browser passes it over, and waits as long as it likes.",
        "O navegador o ignora, e espera quanto quiser.",
    ),
    (
        "Write digits alone: retry: 2000.",
        "Escreva só dígitos: retry: 2000.",
    ),
    (
        "each event has an id of its own",
        "cada evento tem um id próprio",
    ),
    (
        "A browser that connects again says the last id; if two are equal, the server can't tell \
         what it has.",
        "Um navegador que reconecta informa o último id; se dois são iguais, o servidor não sabe \
         o que ele já tem.",
    ),
    (
        "Number the events: id: 1, id: 2 and so on.",
        "Numere os eventos: id: 1, id: 2 e assim por diante.",
    ),
    (
        "after Last-Event-ID the stream goes on there: nothing lost, nothing twice",
        "depois de Last-Event-ID o fluxo continua dali: nada perdido, nada repetido",
    ),
    (
        "Whoever loses the network for a moment misses messages, or sees them twice.",
        "Quem perde a rede por um momento perde mensagens, ou as vê duas vezes.",
    ),
    (
        "Keep the last events, read the field Last-Event-ID of the request, and begin after that \
         one.",
        "Guarde os últimos eventos, leia o campo Last-Event-ID da requisição, e comece depois \
         dele.",
    ),
    (
        "a Last-Event-ID that the server does not know is no error",
        "um Last-Event-ID que o servidor não conhece não é erro",
    ),
    (
        "After a restart of the server, browsers give up for good.",
        "Depois de reiniciar o servidor, os navegadores desistem de vez.",
    ),
    (
        "Answer 200, and begin where the server can.",
        "Responda 200, e comece de onde o servidor puder.",
    ),
    (
        "every line is JSON, or empty",
        "toda linha é JSON, ou vazia",
    ),
    (
        "The client fails at that line.",
        "O cliente falha nessa linha.",
    ),
    (
        "Write each message as JSON without line ends in it, and \\n after it.",
        "Escreva cada mensagem como JSON sem quebras de linha, e \\n depois dela.",
    ),
    (
        "the answer names its type, and the body is of that type",
        "a resposta informa seu tipo, e o corpo é desse tipo",
    ),
    (
        "response.json() fails, and the page shows nothing.",
        "O response.json() falha, e a página não mostra nada.",
    ),
    (
        "Send Content-Type: application/json and a body that a JSON parser takes.",
        "Envie Content-Type: application/json e um corpo que um parser de JSON aceite.",
    ),
    (
        "Content-Length or the chunks say where the body ends",
        "Content-Length ou os blocos (chunks) dizem onde o corpo termina",
    ),
    (
        "The client waits for bytes that never come, or takes the rest for the next answer.",
        "O cliente espera bytes que nunca vêm, ou toma o resto pela próxima resposta.",
    ),
    (
        "Count the bytes of the body (not its characters) for Content-Length, or send chunks.",
        "Conte os bytes do corpo (e não os caracteres) para Content-Length, ou envie em blocos \
         (chunks).",
    ),
    (
        "a second request on the same connection is answered",
        "uma segunda requisição na mesma conexão é respondida",
    ),
    (
        "Each poll costs a new connection: a round trip more, and two with TLS.",
        "Cada consulta custa uma nova conexão: uma ida e volta a mais, e duas com TLS.",
    ),
    (
        "Speak HTTP/1.1 and leave the connection open. If it must end, send Connection: close.",
        "Fale HTTP/1.1 e deixe a conexão aberta. Se ela tem de terminar, envie Connection: close.",
    ),
    (
        "a short poll is answered at once",
        "uma consulta curta é respondida na hora",
    ),
    (
        "Polls pile up in the page.",
        "Consultas se acumulam na página.",
    ),
    (
        "Answer with what there is, also with nothing; only a long poll waits.",
        "Responda com o que houver, mesmo que nada; só uma consulta longa (long poll) espera.",
    ),
    (
        "a long poll without news is held",
        "uma consulta longa sem novidade fica retida",
    ),
    (
        "The client asks again at once: hundreds of requests a second for nothing.",
        "O cliente pergunta de novo na hora: centenas de requisições por segundo à toa.",
    ),
    (
        "Wait for a message before answering, for 25 s or so at the longest.",
        "Espere uma mensagem antes de responder, por uns 25 s no máximo.",
    ),
    (
        "a held poll is answered as soon as a message comes",
        "uma consulta retida é respondida assim que vem uma mensagem",
    ),
    (
        "Messages come when the hold ends: no better than short polling.",
        "Mensagens só chegam quando a espera termina: não é melhor que consultas curtas.",
    ),
    (
        "Wake all held requests where a message is published, by a condition or an event.",
        "Acorde todas as requisições retidas quando uma mensagem é publicada, com uma condição ou \
         um evento.",
    ),
    (
        "a hold ends with an answer, within 30 s",
        "uma espera termina com uma resposta, em até 30 s",
    ),
    (
        "A proxy or the browser gives up first, and the page sees an error.",
        "Um proxy ou o navegador desiste antes, e a página vê um erro.",
    ),
    (
        "After 25 s or so answer 200 with an empty list, or 204.",
        "Depois de uns 25 s responda 200 com uma lista vazia, ou 204.",
    ),
    (
        "a message is in one answer, and not in the next",
        "uma mensagem está em uma resposta, e não na seguinte",
    ),
    (
        "Messages are lost between two polls, or shown twice.",
        "Mensagens se perdem entre duas consultas, ou aparecem duas vezes.",
    ),
    (
        "Number the messages; let the client say the last number that it has, and answer with \
         those after it.",
        "Numere as mensagens; deixe o cliente informar o último número que tem, e responda com as \
         seguintes.",
    ),
];
