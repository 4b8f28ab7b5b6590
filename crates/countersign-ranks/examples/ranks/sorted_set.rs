//! A sorted set of a Redis server that nobody else uses, over a Unix socket, without persistence.

use crate::Result;
use countersign::UserId;
use countersign_ranks::board::Player;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const KEY: &str = "ranks";

pub(crate) struct SortedSet {
    server: Child,
    folder: PathBuf,
    replies: BufReader<UnixStream>,
    commands: Vec<u8>,
}

/// Place, number of all, and the scores and names around.
pub(crate) type Answer = (u64, u64, Vec<Vec<u8>>);

enum Reply {
    Number(u64),
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
}

impl SortedSet {
    /// `None` where there is no `redis-server`.
    pub(crate) fn start() -> Result<Option<Self>> {
        let folder = std::env::temp_dir().join(format!("ranks-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let socket = folder.join("socket");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]);
        command.arg(&socket).arg("--dir").arg(&folder).stdout(Stdio::null());
        let Ok(server) = command.spawn() else { return Ok(None) };
        for _ in 0..100 {
            if let Ok(stream) = UnixStream::connect(&socket) {
                let replies = BufReader::with_capacity(1 << 16, stream);
                return Ok(Some(Self { server, folder, replies, commands: Vec::new() }));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err("redis-server does not listen".into())
    }

    pub(crate) fn load(&mut self, players: impl Iterator<Item = Player>) -> Result<()> {
        let players: Vec<Player> = players.collect();
        for some in players.chunks(1_000) {
            for player in some {
                let (rating, user) = (player.rating.to_string(), player.user);
                self.command(&[b"ZADD", KEY.as_bytes(), rating.as_bytes(), user.as_bytes()]);
            }
            self.send()?;
            for _ in some {
                self.number()?;
            }
        }
        Ok(())
    }

    pub(crate) fn change(&mut self, changes: impl Iterator<Item = (UserId, u32)>) -> Result<()> {
        let mut count = 0;
        for (user, call) in changes {
            let by = i64::from((call.wrapping_mul(2_654_435_761) >> 8) % 48_000) - 24_000;
            self.command(&[b"ZINCRBY", KEY.as_bytes(), by.to_string().as_bytes(), user.as_bytes()]);
            count += 1;
        }
        self.send()?;
        for _ in 0..count {
            self.reply()?;
        }
        Ok(())
    }

    /// All questions about rank go at once, then all questions about neighbours.
    pub(crate) fn answer(&mut self, users: &[UserId], around: u32) -> Result<Vec<Answer>> {
        for user in users {
            self.command(&[b"ZREVRANK", KEY.as_bytes(), user.as_bytes()]);
            self.command(&[b"ZCARD", KEY.as_bytes()]);
        }
        self.send()?;
        let mut places = Vec::with_capacity(users.len());
        for _ in users {
            places.push((self.number()?, self.number()?));
        }
        for (rank, _) in &places {
            let (first, last) = (rank.saturating_sub(around.into()), rank + u64::from(around));
            let (first, last) = (first.to_string(), last.to_string());
            let range: [&[u8]; 5] =
                [b"ZREVRANGE", KEY.as_bytes(), first.as_bytes(), last.as_bytes(), b"WITHSCORES"];
            self.command(&range);
        }
        self.send()?;
        let mut answers = Vec::with_capacity(users.len());
        for (rank, of) in places {
            let Reply::List(rows) = self.reply()? else { return Err("no list".into()) };
            answers.push((rank, of, rows));
        }
        Ok(answers)
    }

    /// Its process.
    pub(crate) fn server(&self) -> Server {
        Server(self.server.id())
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
        let (kind, rest) = line.trim_end().split_at(1);
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

/// The process of the server.
pub(crate) struct Server(u32);

impl Server {
    /// What it and this process have used so far, in steps of 10 ms.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        Ok(used(&self.0.to_string())? + used("self")?)
    }
}

/// User and system time, in clock ticks of 10 ms (proc(5), the 14th and 15th field).
fn used(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("no process name")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<core::result::Result<_, _>>()?;
    Ok(Duration::from_millis(10) * ticks)
}

impl Drop for SortedSet {
    fn drop(&mut self) {
        // Best effort: the server is a child, and its folder is a temporary one.
        _ = self.server.kill();
        _ = self.server.wait();
        _ = std::fs::remove_dir_all(&self.folder);
    }
}
