//! What is said of the bytes of event streams and WebSockets, and of malformed ones, in Brazilian
//! Portuguese.

use crate::texts::WireNote as N;
use crate::texts::wire::Note;

/// Title and sentence of each.
pub(super) const NOTES: &[Note] = &[
    (
        N::EventId,
        "id",
        "Onde o evento está no fluxo. Depois de uma queda, o navegador o envia como \
             Last-Event-ID.",
    ),
    (N::EventData, "data", "O que segue é o conteúdo do evento."),
    (
        N::EventType,
        "event",
        "O tipo do evento: o nome do ouvinte (listener) na página.",
    ),
    (
        N::EventRetry,
        "retry",
        "Quantos milissegundos o cliente espera antes de conectar de novo.",
    ),
    (
        N::EventBadRetry,
        "retry",
        "O tempo deve ser escrito só com dígitos; clientes ignoram esta linha.",
    ),
    (
        N::EventComment,
        "comentário",
        "Uma linha que começa com dois-pontos é ignorada. Servidores a enviam para que proxies \
             não cortem uma conexão silenciosa.",
    ),
    (
        N::EventUnknown,
        "campo",
        "Um campo com este nome é ignorado.",
    ),
    (
        N::EventLineEnd,
        "fim da linha",
        "Um campo do evento termina com a sua linha.",
    ),
    (
        N::EventEnd,
        "fim do evento",
        "Uma linha vazia: o navegador entrega o evento à página.",
    ),
    (
        N::ByteOrderMark,
        "marca de ordem de bytes",
        "U+FEFF no início do fluxo; é ignorada.",
    ),
    (
        N::LineHeartbeat,
        "sinal de vida",
        "Uma linha vazia mantém a conexão viva e não leva mensagem.",
    ),
    (N::LineEnd, "fim da linha", "Um LF termina a mensagem."),
    (
        N::Fin,
        "FIN",
        "1: este quadro é o último da sua mensagem. 0: seguem outros.",
    ),
    (
        N::Rsv1,
        "RSV1",
        "0, a menos que uma extensão o use: a compressão marca mensagens com ele.",
    ),
    (N::Rsv2, "RSV2", "0: reservado a extensões."),
    (N::Rsv3, "RSV3", "0: reservado a extensões."),
    (
        N::Opcode,
        "opcode",
        "O que é o quadro: 0 continuação, 1 texto, 2 binário, 8 close, 9 ping, 10 pong.",
    ),
    (
        N::OpcodeReserved,
        "opcode",
        "Este opcode é reservado: o receptor precisa abandonar a conexão.",
    ),
    (
        N::MaskedByClient,
        "MASK",
        "1: o cliente mascara todos os seus quadros, para que uma página não possa escolher os \
             bytes que um proxy vê.",
    ),
    (N::NotMaskedByServer, "MASK", "0: o servidor não mascara."),
    (
        N::MaskMissing,
        "MASK",
        "0, mas o cliente precisa mascarar: o servidor deve fechar a conexão.",
    ),
    (
        N::MaskForbidden,
        "MASK",
        "1, mas o servidor não pode mascarar: o cliente deve fechar a conexão.",
    ),
    (
        N::Length7,
        "tamanho do conteúdo",
        "Até 125 é o tamanho. 126: são os próximos 2 bytes. 127: são os próximos 8 bytes.",
    ),
    (
        N::Length16,
        "tamanho do conteúdo, 16 bits",
        "O tamanho em 2 bytes, o mais alto primeiro.",
    ),
    (
        N::Length64,
        "tamanho do conteúdo, 64 bits",
        "O tamanho em 8 bytes, o mais alto primeiro.",
    ),
    (
        N::LengthNotShortest,
        "tamanho do conteúdo",
        "Este tamanho cabe em uma forma mais curta, que deve ser usada.",
    ),
    (
        N::MaskingKey,
        "chave de máscara",
        "4 bytes aleatórios. O byte i do conteúdo passa por XOR com o byte i mod 4 da chave.",
    ),
    (
        N::UnmaskedPayload,
        "sem máscara",
        "Os bytes depois do XOR com a chave de máscara.",
    ),
    (
        N::ControlPayload,
        "conteúdo de ping ou pong",
        "Até 125 bytes. O pong devolve os do ping.",
    ),
    (
        N::CloseCode,
        "código de fechamento",
        "Por que a conexão termina: 1000 acabou, 1001 saindo, 1002 erro de protocolo, 1007 \
             dados inválidos, 1009 grande demais.",
    ),
    (
        N::CloseReason,
        "motivo do fechamento",
        "O mesmo em palavras, para pessoas.",
    ),
    (
        N::BadClose,
        "código de fechamento",
        "Um quadro close não tem conteúdo, ou começa com um código de 2 bytes.",
    ),
    (
        N::BadControl,
        "quadro de controle",
        "Um quadro de controle precisa ser inteiro, com conteúdo de no máximo 125 bytes.",
    ),
    (
        N::BadUtf8,
        "não é UTF-8",
        "Um texto precisa ser UTF-8: o receptor deve abandonar a conexão com 1007.",
    ),
    (
        N::PartOf,
        "em partes",
        "Chunks ou quadros cortam isto em partes; o valor é o do todo.",
    ),
    (
        N::Incomplete,
        "cortado",
        "A conexão ou a sua gravação termina no meio disto.",
    ),
    (
        N::BadLineEnd,
        "fim da linha",
        "LF sem CR: muitos programas aceitam, mas o remetente precisa escrever os dois.",
    ),
    (
        N::BadRequestLine,
        "não é HTTP",
        "Isto não começa como uma mensagem de HTTP/1.1, então nada do que segue é entendido.",
    ),
    (
        N::BadHeaderLine,
        "não é um campo",
        "Uma linha de cabeçalho é um nome, dois-pontos logo depois e um valor.",
    ),
    (
        N::FoldedLine,
        "linha dobrada",
        "Um valor que continua na segunda linha: obsoleto, e recusado por muitos programas.",
    ),
    (
        N::BadLength,
        "tamanho incerto",
        "O tamanho do corpo não é um número, então não se conhece o seu fim.",
    ),
    (
        N::BadChunkSize,
        "não é um tamanho",
        "Um chunk precisa começar com o tamanho em hexadecimal, então nada do que segue é \
             entendido.",
    ),
    (
        N::BadChunkEnd,
        "chunk sem fim",
        "CR e LF precisam seguir os dados de um chunk, então nada do que segue é entendido.",
    ),
    (
        N::TlsRecord,
        "TLS",
        "Isto parece um registro do TLS onde se esperava HTTP: use https ou wss.",
    ),
    (
        N::NotExplained,
        "sem explicação",
        "Mais campos do que se explicam de uma vez. Os bytes estão completos.",
    ),
];
