//! P8: secrets appear where they are kept, and nowhere else: not in logs at TRACE, not in the database, its log or its
//! backups, in none of the spellings that a careless program would give them.

use crate::harness::recorder::Recorder;
use crate::harness::*;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use countersign::{RecordId, ResultCode, SigningKey};
use countersign_identity::webhook::WebhookSecret;
use countersign_keys::{OnlineKeys, Role, folder, key_file};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const SMTP_PASSWORD: &str = "Marker-SMTP-password/q7+Zk%";
const WEBHOOK_KEY: &[u8; 32] = b"Marker-webhook-secret-0123456789";

/// A mail server that takes everything and keeps it.
#[derive(Clone, Default)]
struct MailServer(Arc<Mutex<Vec<String>>>);

impl MailServer {
    fn start() -> (Self, SocketAddr) {
        let (server, listener) = (Self::default(), TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serving, stream) = (serving.clone(), stream.unwrap());
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        (server, address)
    }

    /// Speaks SMTP until the other side has enough.
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        stream.write_all(b"220 mail\r\n").ok()?;
        while let Some(Ok(line)) = lines.next() {
            let verb = line.split(' ').next()?.to_ascii_uppercase();
            let answer: &[u8] = match verb.as_str() {
                "EHLO" => b"250-mail\r\n250 AUTH PLAIN\r\n",
                "AUTH" => {
                    let given = BASE64_STANDARD.decode(line.rsplit(' ').next()?).ok()?;
                    assert!(given.ends_with(SMTP_PASSWORD.as_bytes()), "the password is in use");
                    b"235 ok\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").ok()?;
                    let mail = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".");
                    let mail = mail.collect::<Vec<_>>().join("\n");
                    self.0.lock().unwrap().push(mail);
                    b"250 ok\r\n"
                }
                "QUIT" => return None,
                _ => b"250 ok\r\n",
            };
            stream.write_all(answer).ok()?;
        }
        None
    }

    /// The code of the mail after the first `seen`.
    fn code(&self, seen: usize) -> String {
        eventually("mail", || code_in(self.0.lock().unwrap().get(seen)?))
    }
}

/// A service behind the gateway that answers everything with `{}`.
fn service() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            std::io::Read::read_exact(&mut reader, &mut vec![0; length]).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
            reader.get_mut().write_all(answer).unwrap();
        }
    });
    address
}

/// Everything that must not be found, by name.
type Secrets = Vec<(String, Vec<u8>)>;

/// The spellings of a secret.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut spellings = vec![
        secret.to_vec(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        secret.iter().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ").into_bytes(),
        secret.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes(),
        secret.iter().map(|byte| format!("%{byte:02x}")).collect::<String>().into_bytes(),
        url_encoded(secret),
    ];
    // Inside a longer text in base64, it has one of three forms; the first and last characters depend on the neighbours.
    for skip in 0..3 {
        let whole = &secret[skip..];
        let whole = &whole[..whole.len() / 3 * 3];
        spellings.push(BASE64_STANDARD.encode(whole).into_bytes());
        spellings.push(BASE64_URL_SAFE_NO_PAD.encode(whole).into_bytes());
    }
    spellings
}

fn url_encoded(secret: &[u8]) -> Vec<u8> {
    let byte = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    secret.iter().map(byte).collect::<String>().into_bytes()
}

/// The first secret that stands in `bytes`.
fn find(secrets: &Secrets, bytes: &[u8]) -> Option<String> {
    let is_in =
        |spelling: &Vec<u8>| bytes.windows(spelling.len()).any(|window| window == &spelling[..]);
    let found = secrets.iter().find(|(_, secret)| spellings(secret).iter().any(is_in));
    found.map(|(name, _)| name.clone())
}

/// All files of the data folder but those that are there to hold secrets.
fn files(server: &Server) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(server.data()).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    assert!(files.iter().any(|path| path.ends_with("countersign.db")));
    files
}

fn find_in_files(secrets: &Secrets, server: &Server) -> Option<String> {
    files(server).iter().find_map(|path| {
        // A log may be removed between listing and reading.
        let name = find(secrets, &std::fs::read(path).unwrap_or_default())?;
        Some(format!("{name} in {}", path.display()))
    })
}

/// Fixed secrets of a server and of these devices.
fn secrets(server: &Server, devices: &[&Device]) -> Secrets {
    let keys = server.data().join("keys");
    let online = OnlineKeys::load(&keys, &server.realm(), now()).unwrap();
    let root = key_file::read(&folder::root_path(&keys), Role::Root).unwrap();
    let pepper = std::fs::read_to_string(keys.join("pepper")).unwrap();
    let mut secrets: Secrets = vec![
        ("the online key".into(), online.signing.seed.to_vec()),
        ("the root key".into(), root.to_seed().to_vec()),
        ("the pepper".into(), hex::decode(pepper.trim()).unwrap()),
        ("the SMTP password".into(), SMTP_PASSWORD.into()),
        ("the webhook secret".into(), WEBHOOK_KEY.into()),
    ];
    secrets.extend(devices.iter().map(|it| ("a device's key".into(), it.key.to_seed().to_vec())));
    secrets
}

fn webhook_secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(WEBHOOK_KEY))
}

/// Everything a device does, rightly and wrongly.
fn journey(server: &Server, device: &mut Device) {
    let record = device.record(RecordId::from_bytes(random()), b"{\"goal\":1}");
    let rename = json!({ "session_id": device.session.to_string(), "name": "phone" }).to_string();
    for (message_type, payload) in [
        ("session.hello", &b"{}"[..]),
        ("session.list", b"{}"),
        ("session.rename", rename.as_bytes()),
        ("record.submit", &record),
        ("account.export", b"{}"),
        ("stream.open", b"{}"),
        ("notes.add", b"{\"note\":1}"),
    ] {
        assert_eq!(device.call(message_type, payload).result, ResultCode::OK, "{message_type}");
    }
    let forged = device.draft("session.list", b"{}").sign_with(&SigningKey::from_seed(&random()));
    assert_eq!(device.exchange(&forged).result, ResultCode::UNAUTHENTICATED);
    assert_eq!(device.connection().post("/login/register", b"junk").status, 400);
    push(server, &device.user, 200);
    push(server, "no user", 400);
}

/// An event from the service behind the gateway.
fn push(server: &Server, user: &str, expected: u16) {
    let body = json!({ "user": user, "type": "note.added", "payload": {} }).to_string();
    let secret: WebhookSecret = webhook_secret().parse().unwrap();
    let signed = secret.sign("msg_1", now(), body.as_bytes()).unwrap();
    let headers = [
        ("webhook-id", signed.id.as_str()),
        ("webhook-timestamp", signed.timestamp.as_str()),
        ("webhook-signature", signed.signature.as_str()),
    ];
    let answer =
        Http::new(server.admin()).send("POST", "/push", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, expected, "{answer:?}");
}

fn options(mail: SocketAddr, collector: &Recorder) -> Options {
    Options::new()
        .set("log.filter", "trace")
        .set("log.otlp", collector.url())
        .set("email.mode", "plain")
        .set("email.host", "127.0.0.1")
        .set("email.port", mail.port())
        .set("email.from", "Dev <login@localhost>")
        .set("email.username", "league")
        .arg("--upstream")
        .arg(format!("http://{}", service()))
        .env("COUNTERSIGN__EMAIL__PASSWORD", SMTP_PASSWORD)
        .env("COUNTERSIGN__UPSTREAM__SECRET", &webhook_secret())
}

/// Logs in by way of the mail server; wrong code first.
fn register(server: &Server, mail: &MailServer, address: &str) -> (Device, String) {
    let (mut http, key) = (server.http(), SigningKey::from_seed(&random()));
    let login = Login::open(server, &mut http, address, &key);
    let seen = mail.0.lock().unwrap().len();
    assert_eq!(login.ask_code(&mut http).status, 200);
    let code = mail.code(seen);
    let wrong = login.register(server, &mut http, &key, "00000000");
    assert_eq!(wrong.result, ResultCode::CODE_INVALID);
    let opened = login.register(server, &mut http, &key, &code);
    assert_eq!(opened.result, ResultCode::OK);
    (Device::welcomed(server, key, &opened), code)
}

#[test]
fn p8_no_secret_in_logs_traces_database_or_backup() {
    let ((mail, address), collector) = (MailServer::start(), Recorder::saying("{}"));
    let mut server = Server::start(options(address, &collector));
    let (mut ana, code) = register(&server, &mail, "ana-marker@example.org");
    journey(&server, &mut ana);
    // A code that is never used, and so never replaced or counted.
    let key = SigningKey::from_seed(&random());
    let login = Login::open(&server, &mut server.http(), "bea-marker@example.org", &key);
    let seen = mail.0.lock().unwrap().len();
    login.ask_code(&mut server.http());
    let codes: Secrets = vec![
        ("a used code".into(), code.into()),
        ("an unused code".into(), mail.code(seen).into()),
    ];
    let mut secrets = secrets(&server, &[&ana]);
    // Sent, so forgotten: not even in the database's log, once the server has a moment.
    eventually("codes leave", || find_in_files(&codes, &server).is_none().then_some(()));
    secrets.extend(codes);
    server.kill_9();
    assert_eq!(find_in_files(&secrets, &server), None, "after a crash");
    server.restart();
    journey(&server, &mut ana);
    let backup = server.data().join("backup.db");
    countersign_store_sqlite::backup(&server.data().join("countersign.db"), &backup).unwrap();
    server.stop();
    assert!(backup.is_file(), "it is among the files");
    assert_eq!(find_in_files(&secrets, &server), None, "after the end");
    let log = server.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log says more than usual");
    assert_eq!(find(&secrets, log.as_bytes()), None, "in the log");
    let traces: Vec<u8> = collector.calls().into_iter().flat_map(|call| call.body).collect();
    assert!(String::from_utf8_lossy(&traces).contains("POST /x"), "there are traces");
    assert_eq!(find(&secrets, &traces), None, "in the traces");
    for personal in ["ana-marker", "bea-marker"] {
        assert!(!log.contains(personal), "an address in the log");
        assert!(!String::from_utf8_lossy(&traces).contains(personal), "an address in the traces");
    }
}

#[test]
fn p8_dev_mail_is_the_only_place_of_a_code() {
    let mut server = Server::start(Options::new().set("log.filter", "trace"));
    let (mut http, key) = (server.http(), SigningKey::from_seed(&random()));
    let login = Login::open(&server, &mut http, "ana@example.org", &key);
    let code = login.code(&server, &mut http);
    let codes: Secrets = vec![("the code".into(), code.clone().into())];
    eventually("it leaves the database", || find_in_files(&codes, &server).is_none().then_some(()));
    assert_eq!(login.register(&server, &mut http, &key, &code).result, ResultCode::OK);
    server.kill_9();
    assert_eq!(find_in_files(&codes, &server), None);
    assert_eq!(find(&codes, server.log().as_bytes()), None);
    let mails = std::fs::read_dir(server.data().join("mail")).unwrap();
    let mails = mails.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    assert_eq!(mails.filter(|mail| find(&codes, mail).is_some()).count(), 1, "the search finds");
}

#[test]
fn the_search_finds_every_spelling() {
    let secret = b"Marker \xff\x00 secret/+%".to_vec();
    let secrets: Secrets = vec![("it".into(), secret.clone())];
    for before in ["", "a", "ab"] {
        let inside = [before.as_bytes(), &secret, b"z"].concat();
        assert!(find(&secrets, BASE64_STANDARD.encode(&inside).as_bytes()).is_some());
        assert!(find(&secrets, BASE64_URL_SAFE_NO_PAD.encode(&inside).as_bytes()).is_some());
        assert!(find(&secrets, hex::encode(&inside).as_bytes()).is_some());
        assert!(find(&secrets, format!("{inside:?}").as_bytes()).is_some());
        assert!(find(&secrets, &url_encoded(&inside)).is_some());
    }
    assert_eq!(find(&secrets, b"Marker secret"), None);
}
