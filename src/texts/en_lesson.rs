//! Lessons, in English.

use crate::texts::{LessonTexts, SheetTexts};

pub(super) const LESSON: LessonTexts = LessonTexts {
    how: "wslab lesson NAME asks for a prediction, measures and reads the result. With --sheet it \
          writes a sheet to print, with --sheet --key the teacher's.",
    predict: |example| format!("Write your prediction, such as {example}; an empty line is none."),
    prediction: "prediction",
    no_prediction: |text, example| {
        format!("\"{text}\" is no prediction: write one such as {example}")
    },
    columns: ["guess", "theory", "measured"],
    invalid: |some, all| {
        format!(
            "{some} of {all} trials are INVALID, so the reading may be wrong: the report says why."
        )
    },
    doubted: |mark| format!("{mark} a warning touches this figure: the report says which."),
    whole_run: "The report of the whole run",
    sheet: SheetTexts {
        title: "Lesson",
        key_title: "Lesson: the teacher’s key",
        head: ["Name", "Class", "Date"],
        steps: ["Predict", "Run", "Read", "Explain", "Hand in"],
        why: "Why?",
        guess: "My prediction",
        run: |time| format!("Measures in about {time}, and asks for the prediction first."),
        read: "Copy the figures, with their units. Then sketch the plot, and mark them in it.",
        figure: "figure",
        value: "value",
        far: "How far was the prediction from it, and from theory? What was not thought of?",
        hand_in: "This sheet, and a capture of one connection, opened in Wireshark. Mark in it one \
                  byte of each layer that the lesson speaks of.",
        of_run: |run| format!("Figures of the run {run}."),
        of_no_run: |name| {
            format!(
                "No run of this lesson is in the folder of the results: run wslab lesson {name} \
                 first, and the key has its figures."
            )
        },
    },
};
