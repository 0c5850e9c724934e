//! What a run with `--until` knows, in Portuguese.

use crate::texts::UntilTexts;
use crate::texts::pt_number::counted;

fn after(rounds: u32) -> String {
    format!("Após {}", counted(rounds.into(), "rodada", "rodadas"))
}

pub(super) const UNTIL: UntilTexts = UntilTexts {
    figures: [
        ("latency_p50_us", "p50"),
        ("latency_p99_us", "p99"),
        ("all_layers_bytes_per_delivery", "bytes"),
        ("server_cpu_us_per_delivery", "CPU do servidor"),
        ("wire_bytes_per_client_s", "bytes"),
        ("server_cpu_percent", "CPU do servidor"),
    ],
    known: |rounds, [resolved, below], all, bound| {
        let after = after(rounds);
        match (resolved + below, all) {
            (0, all) => format!("{after}, nenhuma de {all} diferenças é conhecida."),
            (1, 1) if below == 0 => format!("{after}, a única diferença está resolvida."),
            (some, all) if below == 0 && some == all => {
                format!("{after}, todas as {all} diferenças estão resolvidas.")
            }
            (1, all) if below == 0 => format!("{after}, 1 de {all} diferenças está resolvida."),
            (some, all) if below == 0 => {
                format!("{after}, {some} de {all} diferenças estão resolvidas.")
            }
            (some, all) => {
                let resolved = match resolved {
                    0 => String::new(),
                    1 => "1 resolvida, ".to_owned(),
                    some => format!("{some} resolvidas, "),
                };
                let are = if some == 1 {
                    "é conhecida"
                } else {
                    "são conhecidas"
                };
                format!(
                    "{after}, {some} de {all} diferenças {are}: {resolved}{below} abaixo de {bound} %."
                )
            }
        }
    },
    below: |bound, pairs| format!("Abaixo de {bound} %: {pairs}."),
    open: |pairs| format!("Em aberto: {pairs}."),
    lacking: |figures| {
        format!("Sem comparação, porque um transporte não tem esse valor: {figures}.")
    },
    lacking_in: |figure, pairs, of| match pairs {
        all if all == of => figure.to_owned(),
        some => format!("{figure} em {some} de {of} pares"),
    },
    pair: |pair, figures| format!("{pair} ({figures})"),
    at: |pair, setting| format!("{pair} com {setting}"),
    too_few: |rounds, least| {
        let after = after(rounds);
        format!(
            "{after}, nenhuma diferença se distingue do ruído: a primeira avaliação vem após \
             {least}."
        )
    },
    nothing: "Nenhum ensaio tem valores de dois transportes para comparar.",
    budget: |budget| {
        format!("O orçamento de {budget} acabou; um maior (--budget) pode mostrar mais.")
    },
    most_trials: "A execução tem o máximo de ensaios que uma execução pode ter.",
    cut: "A execução foi interrompida antes do fim.",
};
