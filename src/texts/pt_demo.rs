//! What `wslab demo` prints, in Portuguese.

use crate::texts::DemoTexts;

pub(super) const DEMO: DemoTexts = DemoTexts {
    page: "a página: ",
    also: "também em: ",
    hall: "a sala, com a chave de quem dá a aula: ",
    wifi: |ssid, password| match password {
        "" => format!("Wi-Fi: {ssid}, sem senha"),
        _ => format!("Wi-Fi: {ssid}, senha: {password}"),
    },
    to_join: "Para entrar no Wi-Fi:",
    to_open: "Para abrir a página:",
    for_this_machine: |port| {
        format!("só para esta máquina: --bind 0.0.0.0:{port} abre a página à rede da turma")
    },
    no_network: "esta máquina não tem aqui um endereço que outras alcancem: entre em uma rede, \
                 sirva IPv6 com --bind [::], ou informe o endereço com --host",
    lab: |websocket, events| {
        format!(
            "WebSocket dos exercícios: {websocket}\n  python3 -m websockets {websocket}\n\
             Eventos dos exercícios: {events}, {events}?sensores\n  curl -N {events}"
        )
    },
};
