//! Programs that tests start. Each ends with its test, also when the test panics or is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use rustix::process::{Signal, set_parent_process_death_signal};

use super::{PATIENCE, wait_until};

/// A program without proxy settings. It is killed when the thread that started it ends. It takes
/// signals, also where the tests were started with some of them ignored, as `nohup` and `&` do.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("no_proxy", "*").env("NO_PROXY", "*");
    // SAFETY: between fork and exec this makes system calls, and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            for number in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
                libc::signal(number, libc::SIG_DFL);
            }
            Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
        });
    }
    command
}

/// `wslab` with these arguments and an empty standard input, in English whatever the tests' locale.
pub fn wslab(arguments: &[&str]) -> Command {
    let mut wslab = command(env!("CARGO_BIN_EXE_wslab"));
    wslab
        .args(arguments)
        .stdin(Stdio::null())
        .env("LC_ALL", "C");
    wslab
}

/// `wslab` with these arguments, started by a shell after a command of its own.
pub fn after(shell: &str, arguments: &[&str]) -> Command {
    let mut sh = command("sh");
    sh.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]);
    sh.arg(env!("CARGO_BIN_EXE_wslab")).args(arguments);
    sh
}

pub fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

pub fn signal(pid: u32, name: &str) {
    let kill = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(kill.unwrap().success());
}

/// A running program behind pipes, read line by line.
pub struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Lines,
    notes: Lines,
}

/// Lines of a pipe, behind a lock so that threads can share a process.
type Lines = Mutex<Receiver<String>>;

fn lines(from: impl Read + Send + 'static) -> Lines {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    Mutex::new(lines)
}

fn rest(lines: &Lines) -> String {
    lines
        .lock()
        .unwrap()
        .iter()
        .map(|line| line + "\n")
        .collect()
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!("{name} does not start ({error}): run scripts/test, which installs it")
        });
        Process {
            name,
            input: child.stdin.take(),
            output: lines(child.stdout.take().unwrap()),
            notes: lines(child.stderr.take().unwrap()),
            child,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes a line to its standard input.
    pub fn write_line(&mut self, line: &str) {
        self.write([line, "\n"].concat().as_bytes());
    }

    /// Writes bytes to its standard input.
    pub fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    fn next_of(&self, lines: &Lines) -> Option<String> {
        match lines.lock().unwrap().recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{} printed nothing for {PATIENCE:?}", self.name)
            }
        }
    }

    /// The next line of standard output, without its end; `None` when there are no more.
    pub fn next_line(&self) -> Option<String> {
        self.next_of(&self.output)
    }

    /// The next line of standard error, likewise.
    pub fn next_note(&self) -> Option<String> {
        self.next_of(&self.notes)
    }

    /// The next line of a program that must print one.
    #[track_caller]
    pub fn line(&self) -> String {
        let line = self.next_line();
        line.unwrap_or_else(|| panic!("{} ended: {:?}", self.name, self.rest_of_notes()))
    }

    /// The rest of standard error; waits for the program's end.
    pub fn rest_of_notes(&self) -> String {
        rest(&self.notes)
    }

    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end; returns its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        wait_until("the program ends", || self.is_over());
        self.child.wait().unwrap().code()
    }

    /// Closes its input and waits for its end. Returns what it printed and was not read.
    pub fn finish(mut self) -> Output {
        self.close_input();
        self.ended();
        Output {
            status: self.child.wait().unwrap(),
            stdout: rest(&self.output).into(),
            stderr: self.rest_of_notes().into(),
        }
    }

    /// Waits for its end, which must be a success; returns the lines that were not read.
    pub fn lines(self) -> Vec<String> {
        let name = self.name.clone();
        let output = self.finish();
        assert!(output.status.success(), "{name}: {output:?}");
        text(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// Kills it.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        if let Ok(notes) = self.notes.lock() {
            notes.try_iter().for_each(|note| eprintln!("{note}"));
        }
    }
}
