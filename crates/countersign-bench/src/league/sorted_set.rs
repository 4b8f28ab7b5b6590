//! A sorted set of a Redis server that nobody else uses, over a Unix socket, without persistence.

use super::players;
use crate::affinity::Cores;
use crate::failure::Result;
use crate::process::{Process, Side};
use countersign::UserId;
use countersign_ranks::board::Player;
use countersign_server::clock::instant;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const KEY: &[u8] = b"ranks";

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// Either has the same commands.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// A running server.
pub(crate) struct SortedSet {
    pub(crate) process: Process,
    pub(crate) program: &'static str,
    socket: PathBuf,
    _folder: TempDir,
}

/// A connection to it.
pub(crate) struct Client {
    replies: BufReader<UnixStream>,
    commands: Vec<u8>,
}

/// Place from 0, number of all, and the names and scores around.
pub(crate) type Answer = (u64, u64, Vec<Vec<u8>>);

enum Reply {
    Number(u64),
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
}

impl SortedSet {
    /// `None` where neither program is installed.
    pub(crate) fn start(cores: Cores) -> Result<Option<Self>> {
        for program in PROGRAMS {
            let folder = tempfile::tempdir()?;
            let socket = folder.path().join("socket");
            let mut command = Command::new(program);
            command.args(["--port", "0", "--save", "", "--appendonly", "no", "--loglevel"]);
            command.args(["warning", "--unixsocket"]).arg(&socket).arg("--dir").arg(folder.path());
            let Ok(process) = Process::start(cores, Side::Server, command) else { continue };
            let set = Self { process, program, socket, _folder: folder };
            let begun = instant();
            while set.connect().is_err() {
                if begun.elapsed() > PATIENCE {
                    return Err(format!("{program} does not listen").into());
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            return Ok(Some(set));
        }
        Ok(None)
    }

    /// Another client.
    pub(crate) fn connect(&self) -> Result<Client> {
        let stream = UnixStream::connect(&self.socket)?;
        Ok(Client { replies: BufReader::with_capacity(1 << 16, stream), commands: Vec::new() })
    }
}

impl Client {
    /// Adds all players.
    pub(crate) fn load(&mut self, players: impl Iterator<Item = Player>) -> Result<()> {
        let players: Vec<Player> = players.collect();
        for some in players.chunks(1_000) {
            for player in some {
                let rating = player.rating.to_string();
                self.command(&[b"ZADD", KEY, rating.as_bytes(), player.user.as_bytes()]);
            }
            self.send()?;
            for _ in some {
                self.number()?;
            }
        }
        Ok(())
    }

    /// Changes ratings as [`players::change`] says.
    pub(crate) fn change(&mut self, changes: &[(UserId, u32)]) -> Result<()> {
        for (user, call) in changes {
            let by = players::change(*call).to_string();
            self.command(&[b"ZINCRBY", KEY, by.as_bytes(), user.as_bytes()]);
        }
        self.send()?;
        for _ in changes {
            self.reply()?;
        }
        Ok(())
    }

    /// All questions about rank go at once, then all questions about neighbours: the second needs the answer of the first.
    pub(crate) fn answer(&mut self, users: &[UserId], around: u32) -> Result<Vec<Answer>> {
        for user in users {
            self.command(&[b"ZREVRANK", KEY, user.as_bytes()]);
            self.command(&[b"ZCARD", KEY]);
        }
        self.send()?;
        let mut places = Vec::with_capacity(users.len());
        for _ in users {
            places.push((self.number()?, self.number()?));
        }
        for (rank, _) in &places {
            let (first, last) = (rank.saturating_sub(around.into()), rank + u64::from(around));
            let (first, last) = (first.to_string(), last.to_string());
            let [first, last] = [first.as_bytes(), last.as_bytes()];
            self.command(&[b"ZREVRANGE", KEY, first, last, b"WITHSCORES"]);
        }
        self.send()?;
        let mut answers = Vec::with_capacity(users.len());
        for (rank, of) in places {
            let Reply::List(rows) = self.reply()? else { return Err("no list".into()) };
            answers.push((rank, of, rows));
        }
        Ok(answers)
    }

    /// Bytes that the server has allocated.
    pub(crate) fn memory(&mut self) -> Result<usize> {
        self.command(&[b"INFO", b"memory"]);
        self.send()?;
        let Reply::Text(text) = self.reply()? else { return Err("no text".into()) };
        let text = String::from_utf8(text)?;
        let line = text.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(line.ok_or("no used_memory")?.parse()?)
    }

    fn command(&mut self, words: &[&[u8]]) {
        self.commands.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            self.commands.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            self.commands.extend_from_slice(word);
            self.commands.extend_from_slice(b"\r\n");
        }
    }

    fn send(&mut self) -> Result<()> {
        self.replies.get_mut().write_all(&self.commands)?;
        self.commands.clear();
        Ok(())
    }

    fn number(&mut self) -> Result<u64> {
        match self.reply()? {
            Reply::Number(number) => Ok(number),
            Reply::Text(_) | Reply::List(_) => Err("no number".into()),
        }
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or("an empty reply")?;
        match kind {
            ":" => Ok(Reply::Number(rest.parse()?)),
            "$" => {
                let mut text = vec![0; rest.parse::<usize>()? + 2];
                self.replies.read_exact(&mut text)?;
                text.truncate(text.len() - 2);
                Ok(Reply::Text(text))
            }
            "*" => {
                let mut list = Vec::new();
                for _ in 0..rest.parse()? {
                    let Reply::Text(text) = self.reply()? else { return Err("no text".into()) };
                    list.push(text);
                }
                Ok(Reply::List(list))
            }
            _ => Err(line.into()),
        }
    }
}
