//! The checks of answers of HTTP from English to Portuguese.

pub(super) const CHECKS: &[(&str, &str)] = &[
    ("the status is 200", "o status é 200"),
    (
        "EventSource gives up for good on any other status, and never tries again.",
        "EventSource desiste de vez com qualquer outro status, e não tenta mais.",
    ),
    (
        "Answer 200 OK. If the status is 404 or 405, check the path and that it takes GET.",
        "Responda 200 OK. Se o status for 404 ou 405, confira o caminho e se ele aceita GET.",
    ),
    (
        "the status is 200, or 204 without messages",
        "o status é 200, ou 204 sem mensagens",
    ),
    (
        "fetch() has response.ok false, and the page shows an error.",
        "O fetch() traz response.ok falso, e a página mostra um erro.",
    ),
    (
        "Answer 200 OK with a body, or 204 No Content without one.",
        "Responda 200 OK com corpo, ou 204 No Content sem corpo.",
    ),
    (
        "the head of the answer follows the syntax of HTTP/1.1",
        "o cabeçalho da resposta segue a sintaxe do HTTP/1.1",
    ),
    (
        "Some clients and proxies refuse the answer, others do not.",
        "Alguns clientes e proxies recusam a resposta, outros não.",
    ),
    (
        "Write HTTP/1.1 200 OK, then a line NAME: VALUE for each field, then a blank line; end \
         each line with CR LF.",
        "Escreva HTTP/1.1 200 OK, depois uma linha NOME: VALOR para cada campo, depois uma linha \
         em branco; termine cada linha com CR LF.",
    ),
    (
        "the type is text/event-stream",
        "o tipo é text/event-stream",
    ),
    (
        "EventSource refuses any other type: onerror fires, readyState is 2.",
        "EventSource recusa qualquer outro tipo: onerror dispara, readyState é 2.",
    ),
    (
        "Send Content-Type: text/event-stream.",
        "Envie Content-Type: text/event-stream.",
    ),
    (
        "no other charset than UTF-8 is named",
        "nenhum outro charset que não UTF-8 é informado",
    ),
    (
        "An event stream is always read as UTF-8; another name is wrong about it.",
        "Um fluxo de eventos é sempre lido como UTF-8; outro nome está errado.",
    ),
    (
        "Leave charset out, or write charset=utf-8.",
        "Omita charset, ou escreva charset=utf-8.",
    ),
    (
        "the type is application/x-ndjson",
        "o tipo é application/x-ndjson",
    ),
    (
        "Clients and proxies take the stream for one document, and wait for its end.",
        "Clientes e proxies tomam o fluxo por um documento só, e esperam o fim dele.",
    ),
    (
        "Send Content-Type: application/x-ndjson.",
        "Envie Content-Type: application/x-ndjson.",
    ),
    (
        "a stream has no Content-Length",
        "um fluxo não tem Content-Length",
    ),
    (
        "The browser ends the stream after so many bytes and connects again.",
        "O navegador encerra o fluxo depois de tantos bytes e conecta de novo.",
    ),
    (
        "Leave Content-Length out, and send the body in chunks or until the end.",
        "Omita Content-Length, e envie o corpo em blocos (chunks) ou até o fim.",
    ),
    ("a stream is not compressed", "um fluxo não é comprimido"),
    (
        "Compressors keep events until a block is full: they arrive late, in heaps.",
        "Compressores seguram eventos até encher um bloco: eles chegam tarde, aos montes.",
    ),
    (
        "Exclude this path from compression (gzip middleware, nginx gzip).",
        "Exclua este caminho da compressão (middleware gzip, gzip do nginx).",
    ),
    (
        "caches are told not to keep the answer",
        "caches são avisados para não guardar a resposta",
    ),
    (
        "A browser or a proxy may show an old answer again.",
        "Um navegador ou proxy pode mostrar de novo uma resposta velha.",
    ),
    (
        "Send Cache-Control: no-store (or no-cache).",
        "Envie Cache-Control: no-store (ou no-cache).",
    ),
    (
        "nginx is told not to buffer the stream",
        "o nginx é avisado para não reter o fluxo",
    ),
    (
        "Behind nginx, events come late, in heaps.",
        "Atrás do nginx, eventos chegam tarde, aos montes.",
    ),
    (
        "Send X-Accel-Buffering: no, if nginx may stand before the server.",
        "Envie X-Accel-Buffering: no, se pode haver um nginx na frente do servidor.",
    ),
    (
        "a page of another origin may read the answer, or is refused",
        "uma página de outra origem pode ler a resposta, ou é recusada",
    ),
    (
        "A page from another port or from a file sees nothing but an error in its console.",
        "Uma página de outra porta, ou aberta de um arquivo, só vê um erro no console.",
    ),
    (
        "Send Access-Control-Allow-Origin: * (or the page's origin). If pages of other origins \
         shall not read it, answer 403.",
        "Envie Access-Control-Allow-Origin: * (ou a origem da página). Se páginas de outras \
         origens não devem ler, responda 403.",
    ),
    (
        "a second client is served while the first one waits",
        "um segundo cliente é atendido enquanto o primeiro espera",
    ),
    (
        "One open page blocks all others.",
        "Uma página aberta bloqueia todas as outras.",
    ),
    (
        "Serve each connection in a task or a thread of its own; in Python's http.server take \
         ThreadingHTTPServer.",
        "Atenda cada conexão em uma tarefa ou thread própria; no http.server do Python, use \
         ThreadingHTTPServer.",
    ),
    (
        "a client that vanishes harms no other",
        "um cliente que some não prejudica os outros",
    ),
    (
        "One telephone that loses its network ends the server.",
        "Um celular que perde a rede derruba o servidor.",
    ),
    (
        "Catch the error of a write to each client, and go on with the others.",
        "Trate o erro de escrita de cada cliente, e continue com os outros.",
    ),
];
