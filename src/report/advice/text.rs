//! Advice for a terminal, and in Markdown.

use crate::report::advice::advise::Advice;
use crate::report::advice::need::Need;
use crate::report::advice::statement::{Ground, Side, Statement};
use crate::report::lines::{TextStyle, joined};
use crate::texts::{Locale, NO_BREAK, Texts};

impl Side {
    /// Before a statement.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Side::For => "+",
            Side::Against => "−",
            Side::Neither => "·",
            Side::Out => "×",
        }
    }
}

impl Statement {
    /// What it rests on: a column, or a section; empty for nothing.
    pub(super) fn rests_on(&self, texts: &Texts) -> String {
        match (self.metric, &self.warnings) {
            (Some(metric), Some(warnings)) if !warnings.is_empty() => {
                (texts.advice.suspect)(metric, warnings)
            }
            (Some(metric), _) => metric.to_owned(),
            (None, _) => self.source.unwrap_or_default().to_owned(),
        }
    }

    /// Its cell, and how many trials of that it counts.
    pub(super) fn of_cell(&self, texts: &Texts) -> Option<String> {
        let (cell, trials) = self.cell.zip(self.trials)?;
        let trials = (texts.cell.trials)(trials as f64);
        Some(format!("{}, {trials}", (texts.advice.cell)(cell)))
    }
}

impl Ground {
    pub(super) fn words(self, texts: &Texts) -> &'static str {
        texts.advice.grounds[self as usize]
    }
}

/// What a run says for a need, at most `style.width` columns wide. The answer is the last.
pub fn advice_text(advice: &Advice, style: TextStyle, locale: Locale) -> String {
    let texts = locale.texts();
    let words = &texts.advice;
    let mut lines = style.folded(&advice.nearest, "");
    for distance in &advice.distances {
        let distance = style.folded(distance, "").into_iter();
        lines.extend(distance.map(|line| style.warn(&line)));
    }
    let same = |a: &Statement, b: &Statement| a.name == b.name;
    for of in advice.statements.chunk_by(same) {
        let mut of = of.to_vec();
        // Warnings that touch all figures of a cell are said once, below its name.
        let common = common_warnings(&of);
        for warnings in of
            .iter_mut()
            .filter_map(|statement| statement.warnings.as_mut())
        {
            let own = warnings
                .split(' ')
                .filter(|name| !common.contains(&(*name).to_owned()));
            *warnings = own.collect::<Vec<_>>().join(" ");
        }
        lines.push(String::new());
        lines.push(heading(advice, &of, style, texts));
        if !common.is_empty() {
            let suspect = format!("{NO_BREAK}{NO_BREAK}SUSPECT: {}", common.join(" "));
            let suspect = style.folded(&suspect, "    ").into_iter();
            lines.extend(suspect.map(|line| style.warn(&line)));
        }
        let same_ground = |a: &Statement, b: &Statement| a.ground == b.ground;
        for statements in of.chunk_by(same_ground) {
            lines.extend(block(statements, style, texts));
        }
    }
    lines.push(String::new());
    if advice.need == Need::default() {
        lines.extend(
            style
                .folded(words.ask, "")
                .iter()
                .map(|line| style.dim(line)),
        );
        lines.push(String::new());
    }
    let answer = style.folded(&format!("{}{}", words.answer, advice.answer), "");
    lines.extend(answer.iter().map(|line| style.bold(line)));
    joined(&lines)
}

/// The warnings that touch all of several figures of a cell.
fn common_warnings(of: &[Statement]) -> Vec<String> {
    let figures = of.iter().filter(|statement| statement.metric.is_some());
    let names = |statement: &Statement| -> Vec<String> {
        let warnings = statement.warnings.as_deref().unwrap_or_default();
        warnings.split_whitespace().map(str::to_owned).collect()
    };
    let all: Vec<Vec<String>> = figures.map(names).collect();
    let (first, rest) = match &all[..] {
        [first, rest @ ..] if !rest.is_empty() => (first, rest),
        _ => return Vec::new(),
    };
    let common = first.iter();
    let common = common.filter(|name| rest.iter().all(|names| names.contains(name)));
    common.cloned().collect()
}

/// The transport, and whether it is out; of statements on all transports what they are.
fn heading(advice: &Advice, of: &[Statement], style: TextStyle, texts: &Texts) -> String {
    let first = &of[0];
    let cell = of.iter().find_map(|statement| statement.of_cell(texts));
    let cell = cell.map(|cell| format!(" ({cell})"));
    let name = match first.transport {
        Some(_) => format!("{}{}", first.name, cell.unwrap_or_default()),
        None => return style.bold(first.ground.words(texts)),
    };
    match advice.out.contains(&first.name) {
        true => format!(
            "{}: {}",
            style.bold(&name),
            style.bad(texts.advice.sides[3])
        ),
        false => style.bold(&name),
    }
}

/// Statements of one transport and ground.
fn block(statements: &[Statement], style: TextStyle, texts: &Texts) -> Vec<String> {
    let first = &statements[0];
    let mut lines = Vec::new();
    if first.transport.is_some() {
        lines.push(format!("  {}", first.ground.words(texts)));
    }
    for statement in statements {
        let rests_on = match statement.rests_on(texts) {
            none if none.is_empty() => none,
            rests_on => format!(" [{rests_on}]"),
        };
        let mark = statement.side.mark();
        let indent = NO_BREAK.to_string().repeat(4);
        let text = format!("{indent}{mark}{NO_BREAK}{}{rests_on}", statement.text);
        lines.extend(style.folded(&text, "      "));
        if let Some(command) = &statement.command {
            lines.push(format!("      {}", texts.advice.to_know));
            lines.extend(command_lines(command, style.width.saturating_sub(8)));
        }
    }
    lines
}

/// A command in lines that a shell takes as one.
fn command_lines(command: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, part) in command.split(" --").enumerate() {
        let part = if at == 0 {
            part.to_owned()
        } else {
            format!("--{part}")
        };
        match lines.last_mut() {
            Some(line) if line.len() + part.len() + 3 <= width => {
                line.push(' ');
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    let last = lines.len() - 1;
    let line = |(at, line): (usize, String)| {
        let indent = if at == 0 { "        " } else { "          " };
        let more = if at < last { " \\" } else { "" };
        format!("{indent}{line}{more}")
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// The same as a table for a pull request.
pub fn advice_markdown(advice: &Advice, locale: Locale) -> String {
    let texts = locale.texts();
    let words = &texts.advice;
    let mut lines = vec![advice.nearest.clone()];
    lines.extend(advice.distances.iter().cloned());
    let row = |cells: [&str; 5]| {
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        format!("| {} |", cells.join(" | "))
    };
    let mut table = vec![row(words.columns), row(["---"; 5])];
    for statement in &advice.statements {
        let side = words.sides[statement.side as usize];
        let cell = statement.of_cell(texts);
        let rests_on = [cell.unwrap_or_default(), statement.rests_on(texts)];
        let rests_on = rests_on.into_iter().filter(|part| !part.is_empty());
        let command = statement.command.as_ref();
        let command = command.map(|command| format!(" `{command}`"));
        table.push(row([
            &statement.name,
            statement.ground.words(texts),
            side,
            &(statement.text.clone() + &command.unwrap_or_default()),
            &rests_on.collect::<Vec<_>>().join(", "),
        ]));
    }
    lines.push(table.join("\n"));
    lines.push(format!("**{}{}**", words.answer, advice.answer));
    lines.join("\n\n") + "\n"
}
