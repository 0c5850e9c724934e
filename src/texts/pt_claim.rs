//! Claims, in Portuguese.

use crate::texts::ClaimTexts;
use crate::texts::pt_number::counted;

/// `2 valem`; nothing for none.
fn part(count: usize, one: &str, other: &str) -> Option<String> {
    (count > 0).then(|| counted(count as f64, one, other))
}

pub(super) const CLAIM: ClaimTexts = ClaimTexts {
    title: "Afirmações sobre transportes, medidas aqui",
    about: "Números repetidos em artigos e palestras, cada um medido nesta máquina.",
    columns: ["afirmação", "diz", "medido", "veredito"],
    figure: "valor",
    holds: "vale",
    does_not_hold: "não vale",
    not_shown: "não demonstrada",
    depends: "depende",
    no_figure: "sem valor",
    invalid: "ensaios INVALID",
    few_trials: "poucos ensaios",
    wide_interval: "intervalo largo",
    range: |says, range| format!("Diz {says}, e vale na faixa de {range}."),
    source: "Fonte",
    note: "O que é medido",
    trials: "ensaios",
    run: "a execução",
    summary: |[all, holds, does_not_hold, depends, not_shown]| {
        let parts = [
            part(holds, "vale", "valem"),
            part(does_not_hold, "não vale", "não valem"),
            part(depends, "depende", "dependem"),
            part(not_shown, "não foi demonstrada", "não foram demonstradas"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let claims = counted(all as f64, "afirmação", "afirmações");
        format!("De {claims}: {}.", parts.join(", "))
    },
    doubted: |mark| format!("{mark} um aviso atinge este valor."),
    intervals: "Entre parênteses: o intervalo de 95 %. Uma afirmação vale onde o intervalo inteiro \
                está na faixa que ela admite, e não vale onde o intervalo inteiro está fora.",
    not_measured: |claim| format!("{claim}: não há nenhum ensaio concluído"),
};
