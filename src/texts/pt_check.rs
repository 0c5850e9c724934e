//! What `wslab check` prints, in Portuguese. The texts of the checks are in `pt_checks_*`.

use std::time::Duration;

use crate::texts::{CheckTexts, Seen};

fn s(time: &Duration) -> String {
    format!("{:.1} s", time.as_secs_f64()).replace('.', ",")
}

fn closed(code: Option<u16>, reason: &str) -> String {
    let code = match code {
        Some(code) => format!("o servidor fechou com o código {code}"),
        None => "o servidor fechou sem código".to_owned(),
    };
    match reason {
        "" => code,
        reason => format!("{code} (\"{reason}\")"),
    }
}

fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Answer(line) => format!("a resposta é {line}"),
        Seen::Field(name, value) => format!("{name}: {value}"),
        Seen::NoField(name) => format!("a resposta não tem {name}"),
        Seen::Line(line) => format!("a linha \"{line}\""),
        Seen::Body(kind, body) => format!("{kind}, e o corpo começa com {body}"),
        Seen::RightAccept(key, value) => format!("para a chave {key} seria {value}"),
        Seen::NoWebSocket(line) => format!("nenhum WebSocket abriu: {line}"),
        Seen::NoHttp(begin) => format!("a resposta não é HTTP; começa com {begin}"),
        Seen::Unreachable(why) => format!("não foi mais possível conectar: {why}"),
        Seen::NoAnswer(time) => format!("nenhuma resposta em {}", s(time)),
        Seen::EndedWithoutAnswer => "o servidor encerrou a conexão sem responder".into(),
        Seen::EndedWithoutClose => {
            "o servidor encerrou a conexão sem quadro de fechamento (o cliente vê 1006)".into()
        }
        Seen::Reset => "o servidor derrubou a conexão (reset)".into(),
        Seen::Closed(code, reason) => closed(*code, reason),
        Seen::SentClose(code) => format!("o cliente enviou o código {code}"),
        Seen::StillOpen(time) => format!("após {} a conexão continua aberta", s(time)),
        Seen::SecondClose => "veio um segundo quadro de fechamento".into(),
        Seen::MessageAfterClose => "veio uma mensagem depois do fechamento".into(),
        Seen::NotHeard(time) => format!("a mensagem não chegou em {}", s(time)),
        Seen::OtherMessage(bytes, begin) => {
            format!("chegou outra mensagem: {bytes} bytes, que começam com {begin}")
        }
        Seen::NoPong => "não veio pong".into(),
        Seen::OtherPong(payload) => format!("veio um pong com \"{payload}\""),
        Seen::ChecksAtEnd => {
            "o servidor só examina um texto quando está completo, o que é permitido".into()
        }
        Seen::WantsJson => "o servidor espera JSON em um formato próprio".into(),
        Seen::NoFrames => "nenhum quadro veio do servidor".into(),
        Seen::BrokenFrames(broken, all) => format!("{broken} de {all} quadros"),
        Seen::AnswersNothing => {
            "nenhum cliente recebe o que outro envia, então não dá para ver".into()
        }
        Seen::AnswersAuthorOnly => "o servidor responde só ao autor, como faz um eco".into(),
        Seen::AuthorGetsIt => "o autor recebe a própria mensagem".into(),
        Seen::AuthorGetsNothing => "o autor não recebe a própria mensagem".into(),
        Seen::LaterGetsIt => "um cliente que chega depois a recebe".into(),
        Seen::LaterGetsNothing => {
            "um cliente que chega depois recebe o que for enviado a partir daí".into()
        }
        Seen::BlockedByOne => {
            "enquanto um cliente não lia nada, outro não recebeu nada; sem ele, recebeu".into()
        }
        Seen::RefusesOrigins => "o servidor recusa páginas de outras origens (403)".into(),
        Seen::ForeignPage(origin) => format!("um WebSocket abriu para uma página de {origin}"),
        Seen::SetsCookie => "o servidor define um cookie".into(),
        Seen::NothingCame => "não veio nada que se pudesse avaliar".into(),
        Seen::StreamEnded(time) => format!("o fluxo terminou após {}", s(time)),
        Seen::BadChunk => "um bloco (chunk) está malformado".into(),
        Seen::NoChunks => "o corpo não vem em blocos (chunks)".into(),
        Seen::NoEvent => "vieram eventos de menos para avaliar".into(),
        Seen::OpenEvent(lines) => format!("vieram {lines} linhas data, e nenhuma linha em branco"),
        Seen::StrayMark => "há uma marca de ordem de bytes (BOM) no meio do fluxo".into(),
        Seen::NotUtf8 => "o fluxo tem bytes que não são UTF-8".into(),
        Seen::NoRetry => "o fluxo não tem retry: navegadores esperam cerca de 3 s".into(),
        Seen::NoIds => {
            "sem id nos eventos: o que é enviado enquanto um cliente está fora se perde".into()
        }
        Seen::SameId(id) => format!("dois eventos têm o id {id}"),
        Seen::Twice(after) => format!("um cliente que já tem {after} o recebe de novo"),
        Seen::Lost(id, after) => format!("um cliente que tem {after} nunca recebe {id}"),
        Seen::OutOfOrder => "os eventos vêm em outra ordem, ou com outros no meio".into(),
        Seen::Silent(time) => {
            format!(
                "nada veio por {}; --patience 30s espera tanto quanto os proxies",
                s(time)
            )
        }
        Seen::CameAfter(time) => format!("após {}", s(time)),
        Seen::NoPublishing => {
            "como se publica uma mensagem? --publish URL diz onde este teste pode fazer um POST"
                .into()
        }
        Seen::NotPublished(line) => format!("o POST de uma mensagem foi respondido com {line}"),
        Seen::PublishedNotHeard => "uma mensagem foi publicada e não chegou".into(),
        Seen::NoCursor => "a resposta não tem um cursor que este teste conheça".into(),
        Seen::HadMessages => "foi respondido na hora, com mensagens".into(),
        Seen::CutOff(bytes) => format!("o corpo acabou, ou parou, após {bytes} bytes"),
        Seen::Behind(bytes) => format!("{bytes} bytes vieram depois do corpo"),
        Seen::ClosesEach => {
            "o servidor encerra a conexão após cada resposta, e avisa: cada consulta conecta de \
             novo"
                .into()
        }
    }
}

pub(super) const CHECK: CheckTexts = CheckTexts {
    heading: |url, transport| format!("{url}: {transport}"),
    behaviour: |author, exactly, others| match (author, exactly, others) {
        (true, _, true) => "Um chat: uma mensagem chega a todos os clientes, inclusive ao autor.",
        (false, _, true) => "Um chat: uma mensagem chega a todos os clientes, menos ao autor.",
        (true, true, false) => "Um eco: o autor recebe sua mensagem de volta.",
        (true, false, false) => "O servidor responde ao autor da mensagem, e a mais ninguém.",
        (false, _, false) => "Nenhum cliente recebe o que outro envia.",
    },
    certificate: "O certificado não foi verificado: aqui qualquer um é aceito. Um navegador só \
                  aceita se confia em quem o assinou.",
    right: "certo",
    wrong: "ERRADO",
    note: "aviso",
    unknown: "incerto",
    not_applicable: "–",
    seen_label: "Visto:",
    means_label: "Efeito:",
    mend_label: "Correção:",
    seen,
    summary: |right, all, notes, unknown, seconds| {
        let mut unclear = match notes {
            0 => String::new(),
            1 => "; 1 aviso".to_owned(),
            some => format!("; {some} avisos"),
        };
        unclear += &match unknown {
            0 => String::new(),
            1 => "; 1 ficou incerto".to_owned(),
            some => format!("; {some} ficaram incertos"),
        };
        let seconds = format!("{seconds:.1} s").replace('.', ",");
        match all - right {
            0 => format!("Todos os {all} itens estão certos{unclear}. ({seconds})"),
            wrong => {
                format!("De {all} itens, certos: {right}; errados: {wrong}{unclear}. ({seconds})")
            }
        }
    },
};
