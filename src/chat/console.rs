//! The user's side of the chat: a terminal with a status line, or pipes with plain lines.

use std::io::{self, BufRead, IsTerminal, Write};

use rustyline_async::{Readline, ReadlineEvent, SharedWriter};
use tokio::sync::mpsc;

use crate::chat::room::{Room, RoomLine};

/// Lines read ahead from a pipe.
const MAX_AHEAD: usize = 16;

/// Lines between two flushes of a terminal, whose queue holds 500.
const LINES_AT_ONCE: usize = 100;

/// What the user does.
#[derive(Debug)]
pub enum Input {
    Line(String),
    /// The input has ended.
    End,
    /// The user ends the chat now.
    Leave,
}

#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Console {
    Terminal {
        editor: Readline,
        writer: SharedWriter,
        status: String,
    },
    /// Messages go to standard output, one a line; notes to standard error.
    Pipes {
        lines: Option<mpsc::Receiver<String>>,
    },
}

impl Console {
    /// It is a terminal if both input and output are one. Without a user nothing is published, so a
    /// pipe is not read.
    pub fn open(user: &Option<String>, status: &str) -> anyhow::Result<Self> {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            let (mut editor, writer) = Readline::new(prompt(status))?;
            // The line comes back as a message.
            editor.should_print_line_on(false, false);
            let status = status.to_owned();
            return Ok(Console::Terminal {
                editor,
                writer,
                status,
            });
        }
        let lines = user.is_some().then(read_lines);
        Ok(Console::Pipes { lines })
    }

    /// The next input. A pipe is not read while the room is full. May be cancelled without loss.
    pub async fn next(&mut self, has_room: bool) -> anyhow::Result<Input> {
        match self {
            Console::Terminal { editor, .. } => Ok(match editor.readline().await? {
                ReadlineEvent::Line(line) => {
                    editor.add_history_entry(line.clone());
                    Input::Line(line)
                }
                ReadlineEvent::Eof | ReadlineEvent::Interrupted => Input::Leave,
            }),
            Console::Pipes { lines: Some(lines) } if has_room => {
                Ok(lines.recv().await.map_or(Input::End, Input::Line))
            }
            Console::Pipes { .. } => std::future::pending().await,
        }
    }

    /// Shows what is new in the room. Fails if the output is closed.
    pub fn show(&mut self, room: &mut Room) -> anyhow::Result<()> {
        let lines = Vec::from(room.take_lines());
        match self {
            Console::Pipes { .. } => lines.iter().try_for_each(print)?,
            Console::Terminal {
                editor,
                writer,
                status,
            } => {
                let now = room.status();
                for some in lines.chunks(LINES_AT_ONCE) {
                    for line in some {
                        writeln!(writer, "{}", text(line))?;
                    }
                    editor.flush()?;
                }
                if !lines.is_empty() || *status != now {
                    editor.update_prompt(&prompt(&now))?;
                    *status = now;
                }
            }
        }
        Ok(())
    }
}

/// The status line. The user types at its end.
fn prompt(status: &str) -> String {
    format!("[{status}] ")
}

fn text(line: &RoomLine) -> String {
    match line {
        RoomLine::Feed(text) => text.clone(),
        RoomLine::Note(text) => format!("- {text}"),
    }
}

fn print(line: &RoomLine) -> io::Result<()> {
    match line {
        RoomLine::Feed(text) => {
            let mut output = io::stdout().lock();
            writeln!(output, "{text}")?;
            output.flush()
        }
        RoomLine::Note(text) => writeln!(io::stderr(), "{text}"),
    }
}

/// Reads standard input on a thread of its own, which may block for ever.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(MAX_AHEAD);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
