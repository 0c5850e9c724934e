//! Lessons, in Portuguese.

use crate::texts::{LessonTexts, SheetTexts};

pub(super) const LESSON: LessonTexts = LessonTexts {
    how: "wslab lesson NOME pede uma previsão, mede e lê o resultado. Com --sheet escreve uma \
          folha para imprimir, com --sheet --key a do professor.",
    predict: |example| {
        format!("Escreva a sua previsão, como {example}; uma linha vazia é nenhuma.")
    },
    prediction: "previsão",
    no_prediction: |text, example| {
        format!("\"{text}\" não é uma previsão: escreva uma como {example}")
    },
    columns: ["palpite", "teoria", "medido"],
    invalid: |some, all| {
        format!(
            "{some} de {all} ensaios são INVALID; a leitura pode estar errada: o relatório diz \
             por quê."
        )
    },
    doubted: |mark| format!("{mark} um aviso atinge este valor: o relatório diz qual."),
    whole_run: "O relatório da execução inteira",
    sheet: SheetTexts {
        title: "Roteiro",
        key_title: "Roteiro: gabarito do professor",
        head: ["Nome", "Turma", "Data"],
        steps: ["Prever", "Executar", "Ler", "Explicar", "Entregar"],
        why: "Por quê?",
        guess: "Minha previsão",
        run: |time| format!("Mede em cerca de {time}, e antes pede a previsão."),
        read: "Copie os valores, com as unidades. Depois esboce o gráfico e marque-os nele.",
        figure: "valor",
        value: "medido",
        far: "Quão longe dele ficou a previsão, e a teoria? O que não foi considerado?",
        hand_in: "Esta folha e a captura de uma conexão, aberta no Wireshark. Marque nela um byte \
                  de cada camada de que o roteiro fala.",
        of_run: |run| format!("Valores da execução {run}."),
        of_no_run: |name| {
            format!(
                "Não há execução deste roteiro na pasta de resultados: rode antes wslab lesson \
                 {name}, e o gabarito terá os seus valores."
            )
        },
    },
};
