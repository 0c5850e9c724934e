//! What is said of the bytes of a connection, in Brazilian Portuguese.

use crate::texts::wire::Note;
use crate::texts::{WireNote as N, WireTexts};

pub(super) const WORDS: WireTexts = WireTexts {
    up: "cliente → servidor",
    down: "servidor → cliente",
    request: "requisição",
    response: "resposta",
    chunk: "chunk",
    body: "corpo",
    event: "evento",
    line: "linha",
    frame: "quadro",
    rest: "resto",
    payload: "conteúdo útil",
    envelope: "envelope",
    protocol: "protocolo",
    sum: "soma",
    layer: "camada",
    section: "seção",
    columns: ["bytes de subida", "bytes de descida"],
    below_plain: "Os cabeçalhos do TCP e do IP ficam abaixo destes bytes e não são contados aqui.",
    below_tls: "Estes bytes são o texto claro dentro do TLS. Os registros do TLS e os cabeçalhos \
                do TCP e do IP ficam abaixo deles e não são contados aqui.",
    more_bytes: "bytes a mais",
};

const FIELD: &str = "campo de cabeçalho";

/// Title and sentence of what heads and bodies have.
pub(super) const NOTES: &[Note] = &[
    (
        N::RequestLine,
        "linha de requisição",
        "O cliente diz o que quer: um método, um alvo e a sua versão do HTTP.",
    ),
    (
        N::Method,
        "método",
        "O que fazer com o alvo. GET lê, e um WebSocket também começa com ele.",
    ),
    (
        N::RequestTarget,
        "alvo",
        "O caminho do endpoint, com a consulta depois do ponto de interrogação.",
    ),
    (
        N::Version,
        "versão",
        "HTTP/1.1 mantém a conexão aberta depois da resposta, a menos que um dos lados diga \
             close.",
    ),
    (
        N::StatusLine,
        "linha de status",
        "O servidor diz no que deu a requisição.",
    ),
    (
        N::StatusCode,
        "código de status",
        "1xx continua, 2xx deu certo, 3xx está em outro lugar, 4xx é erro do cliente, 5xx do \
             servidor. 101 troca para o protocolo do campo Upgrade.",
    ),
    (
        N::ReasonPhrase,
        "frase do status",
        "O código em palavras, para pessoas. Programas a ignoram.",
    ),
    (
        N::EndOfHead,
        "fim do cabeçalho",
        "Uma linha vazia termina o cabeçalho. Depois vem o corpo, a próxima mensagem ou, após \
             101, o novo protocolo.",
    ),
    (
        N::EmptyLine,
        "linha vazia",
        "Uma linha vazia antes de um cabeçalho é ignorada.",
    ),
    (
        N::Host,
        FIELD,
        "Qual servidor se quer, pois um endereço pode ter vários nomes.",
    ),
    (
        N::Connection,
        FIELD,
        "Se a conexão fica aberta, fecha ou passa a usar o protocolo do campo Upgrade.",
    ),
    (
        N::Upgrade,
        FIELD,
        "O protocolo que deve suceder o HTTP nesta conexão.",
    ),
    (
        N::WebSocketKey,
        FIELD,
        "16 bytes aleatórios em base64. A resposta precisa decorrer deles, para que nenhum \
             servidor que não fale WebSocket responda. Não é segredo e não protege mais nada.",
    ),
    (
        N::WebSocketVersion,
        FIELD,
        "A versão do WebSocket. 13 é a única em uso.",
    ),
    (
        N::WebSocketAccept,
        FIELD,
        "O base64 do SHA-1 da chave seguida de um GUID fixo: a prova de que o servidor \
             entendeu a requisição.",
    ),
    (
        N::AcceptWrong,
        FIELD,
        "Isto não decorre da chave: o cliente precisa abandonar a conexão.",
    ),
    (
        N::WebSocketProtocol,
        FIELD,
        "Os subprotocolos oferecidos, ou o que foi escolhido.",
    ),
    (
        N::WebSocketExtensions,
        FIELD,
        "As extensões oferecidas, como a compressão, ou as que estão em uso.",
    ),
    (
        N::Origin,
        FIELD,
        "A página de onde vem a requisição. O navegador envia, e nenhuma página pode mudá-la.",
    ),
    (
        N::LastEventId,
        FIELD,
        "O último id que o cliente recebeu: o fluxo continua depois dele.",
    ),
    (
        N::Accept,
        FIELD,
        "Os tipos de conteúdo que o cliente aceita.",
    ),
    (
        N::AcceptEncoding,
        FIELD,
        "As compressões que o cliente entende.",
    ),
    (N::UserAgent, FIELD, "Qual programa pergunta."),
    (
        N::Authorization,
        FIELD,
        "Um segredo que abre o servidor a este cliente.",
    ),
    (
        N::ContentType,
        FIELD,
        "O que é o corpo: text/event-stream é SSE, application/x-ndjson é uma linha de JSON \
             para cada mensagem.",
    ),
    (N::ContentLength, FIELD, "O tamanho do corpo em bytes."),
    (
        N::TransferEncoding,
        FIELD,
        "chunked: o corpo vem em pedaços, cada um com o seu tamanho, pois ainda não se conhece \
             o fim.",
    ),
    (N::ContentEncoding, FIELD, "A compressão do corpo."),
    (
        N::CacheControl,
        FIELD,
        "Se o que vem pode ser guardado e usado de novo.",
    ),
    (
        N::Buffering,
        FIELD,
        "no: um proxy como o nginx deve repassar cada pedaço na hora.",
    ),
    (
        N::AllowOrigin,
        FIELD,
        "A página de outra origem que pode ler esta resposta.",
    ),
    (
        N::Date,
        FIELD,
        "Quando a resposta foi feita, pelo relógio do servidor.",
    ),
    (
        N::KeyBytes,
        "bytes da chave",
        "O tamanho da chave decodificada; precisa ser 16.",
    ),
    (N::BodyLength, "tamanho", "Os bytes do corpo que segue."),
    (
        N::HeaderField,
        FIELD,
        "Um campo de cabeçalho: nome, dois-pontos e valor.",
    ),
    (
        N::ChunkSize,
        "tamanho do chunk",
        "O tamanho do pedaço que segue, em hexadecimal.",
    ),
    (
        N::ChunkExtension,
        "extensão do chunk",
        "Mais sobre o chunk. Quase nada a usa.",
    ),
    (
        N::ChunkEnd,
        "fim do chunk",
        "CR e LF depois dos dados, que não contam no tamanho.",
    ),
    (
        N::LastChunk,
        "último chunk",
        "Um chunk de tamanho 0: o corpo está completo.",
    ),
    (
        N::Trailer,
        "campo final",
        "Um campo de cabeçalho que vem depois do corpo.",
    ),
    (
        N::EndOfBody,
        "fim do corpo",
        "Uma linha vazia depois do último chunk.",
    ),
    (
        N::MessageText,
        "conteúdo útil",
        "O texto da mensagem: é por ele que todos os outros bytes existem.",
    ),
    (
        N::Envelope,
        "envelope",
        "O resto do JSON: número de sequência, autor e horários da mensagem.",
    ),
    (
        N::CompressedContent,
        "conteúdo comprimido",
        "O conteúdo está comprimido e não é desmontado aqui.",
    ),
    (N::Content, "conteúdo", "O que a aplicação enviou."),
];
