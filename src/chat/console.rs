//! The user's side of the chat: a terminal with a status line, or pipes with plain lines.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rustyline_async::{Readline, ReadlineEvent, SharedWriter};
use tokio::sync::mpsc;

use crate::chat::room::{Room, RoomLine};
use crate::system::output;
use crate::texts::BYTE_ORDER_MARK;

/// Lines read ahead from a pipe.
const MAX_AHEAD: usize = 16;

/// The longest line of a pipe, in bytes: no server takes a longer message.
const MAX_LINE: u64 = 16 << 20;

/// Lines between two flushes of a terminal, whose queue holds 500.
const LINES_AT_ONCE: usize = 100;

/// What the user does.
#[derive(Debug)]
pub enum Input {
    Line(String),
    /// What cannot be published, and why.
    NotText(String),
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
        inputs: Option<mpsc::Receiver<Input>>,
    },
}

impl Console {
    /// It is a terminal if both input and output are one. A terminal that is only the input is not
    /// read without a user, since the kernel stops a background job that reads one.
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
        let reads = user.is_some() || !io::stdin().is_terminal();
        let inputs = reads.then(read_lines);
        Ok(Console::Pipes { inputs })
    }

    pub fn is_pipe(&self) -> bool {
        matches!(self, Console::Pipes { .. })
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
            Console::Pipes {
                inputs: Some(inputs),
            } if has_room => Ok(inputs.recv().await.unwrap_or(Input::End)),
            Console::Pipes { .. } => std::future::pending().await,
        }
    }

    /// Shows what is new in the room. Returns whether the output still has a reader.
    pub fn show(&mut self, room: &mut Room) -> anyhow::Result<bool> {
        let lines = Vec::from(room.take_lines());
        let mut has_reader = true;
        match self {
            Console::Pipes { .. } => {
                for line in &lines {
                    has_reader &= print(line)?;
                }
            }
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
        Ok(has_reader)
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

fn print(line: &RoomLine) -> anyhow::Result<bool> {
    match line {
        RoomLine::Feed(text) => output::write(format!("{text}\n")),
        RoomLine::Note(text) => {
            let _ = writeln!(io::stderr(), "{text}");
            Ok(true)
        }
    }
}

/// Reads standard input on a thread of its own, which may block for ever.
fn read_lines() -> mpsc::Receiver<Input> {
    let (sender, inputs) = mpsc::channel(MAX_AHEAD);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        for number in 1.. {
            let line = read_line(&mut input, number);
            let goes_on = line.is_ok();
            let line = line.unwrap_or_else(|why| Some(Input::NotText(why)));
            let sent = line.is_some_and(|line| sender.blocking_send(line).is_ok());
            if !sent || !goes_on {
                return;
            }
        }
    });
    inputs
}

/// Reads line `number` without its end; `None` after the last. The first line may begin with a byte
/// order mark, which is no text. Fails where the rest cannot be read.
fn read_line(input: &mut impl BufRead, number: u64) -> Result<Option<Input>, String> {
    let mut line = Vec::new();
    let read = input.take(MAX_LINE + 1).read_until(b'\n', &mut line);
    let read = read.map_err(|error| format!("cannot read line {number} of the input: {error}"))?;
    if read as u64 > MAX_LINE {
        return Err(format!(
            "line {number} of the input has no end within {MAX_LINE} bytes"
        ));
    }
    if read == 0 {
        return Ok(None);
    }
    let line = match &*line {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] | text => text,
    };
    let line = match number {
        1 => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
        _ => line,
    };
    Ok(Some(match str::from_utf8(line) {
        Ok(text) => Input::Line(text.to_owned()),
        Err(_) => Input::NotText(format!(
            "line {number} of the input is not UTF-8 (iconv -t UTF-8 makes it so): {}",
            String::from_utf8_lossy(line)
        )),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_read_line_by_line_and_what_is_no_text_is_named() {
        let mut input = &b"\xef\xbb\xbfoi\r\nol\xe1\n\xef\xbb\xbf\n\nlast"[..];
        let mut lines = (1..).map_while(|number| read_line(&mut input, number).unwrap());
        let mut text = || match lines.next() {
            Some(Input::Line(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(text(), "oi");
        let Some(Input::NotText(why)) = lines.next() else {
            panic!("a byte that is not UTF-8")
        };
        assert!(
            why.starts_with("line 2 ") && why.ends_with(": ol\u{fffd}"),
            "{why}"
        );
        let mut text = || match lines.next() {
            Some(Input::Line(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!([text(), text(), text()], ["\u{feff}", "", "last"]);
        assert!(lines.next().is_none());
        let mut endless = io::repeat(b'x').take(MAX_LINE + 10);
        let mut endless = io::BufReader::new(&mut endless);
        assert!(
            read_line(&mut endless, 1)
                .unwrap_err()
                .contains("no end within")
        );
    }
}
