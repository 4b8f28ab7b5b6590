//! Mail to a real mail server.

use crate::support::{START, SmtpServer, certificates, email, mails, message, soon};
use countersign_identity::config::{EmailConfig, MailMode};
use countersign_identity::secret::Secret;
use countersign_identity::sender::SendError;
use countersign_identity::sender::smtp::SmtpSender;
use std::path::Path;

const MAILBOX: &str = "aiosmtpd.handlers.Mailbox";
const STARTTLS: [&str; 4] = ["--tlscert", "cert.pem", "--tlskey", "key.pem"];

/// Asks for a password, and does not know one of the recipients.
const HANDLER: &str = r#"
from base64 import b64decode
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult

class Picky(Mailbox):
    async def auth_PLAIN(self, server, args):
        _, login, password = b64decode(args[1]).split(b"\0")
        return AuthResult(success=(login, password) == (b"league", b"hunter2"), handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address.startswith("nobody"):
            return f"550 5.1.1 <{address}> is unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"
"#;

fn config(mode: MailMode, server: &SmtpServer, directory: &Path) -> EmailConfig {
    EmailConfig {
        mode,
        host: "127.0.0.1".into(),
        port: Some(server.port),
        from: "League <login@league.example.org>".into(),
        ca_file: Some(directory.join("ca.pem")),
        ..EmailConfig::default()
    }
}

async fn send(config: &EmailConfig, body: &str) -> Result<(), SendError> {
    let sender = SmtpSender::new(config).unwrap();
    soon(sender.send(&message(email(body)), START)).await
}

#[tokio::test]
async fn mail_arrives_whole_after_starttls_and_inside_tls() {
    for (mode, arguments) in [
        (MailMode::Starttls, STARTTLS),
        (MailMode::Tls, ["--smtpscert", "cert.pem", "--smtpskey", "key.pem"]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        certificates(directory.path());
        let server = SmtpServer::start(directory.path(), MAILBOX, &arguments);
        let config = config(mode, &server, directory.path());
        assert_eq!(
            send(&config, "Your code is\n\n    7K3M9QXA\n\n.\nJamais d'été.\n").await,
            Ok(())
        );
        let arrived = mails(directory.path());
        assert_eq!(arrived.len(), 1);
        for part in [
            "From: League <login@league.example.org>",
            "To: ana@example.org",
            "Subject: Votre code =?utf-8?b?",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
            "Message-ID: <2a-19b76e3cfc0@league.example.org>",
            "Auto-Submitted: auto-generated",
            "X-MailFrom: login@league.example.org",
            "    7K3M9QXA\n\n.\nJamais",
        ] {
            assert!(arrived[0].contains(part), "{part} in {}", arrived[0]);
        }
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    let server = SmtpServer::start(directory.path(), MAILBOX, &[]);
    let secure = config(MailMode::Starttls, &server, directory.path());
    let refused = send(&secure, "7K3M9QXA").await;
    assert!(matches!(refused, Err(SendError::Failed(_))), "{refused:?}");
    assert!(mails(directory.path()).is_empty());
    let plain = config(MailMode::Plain, &server, directory.path());
    assert_eq!(send(&plain, "7K3M9QXA").await, Ok(()), "the loopback may be plain");
    assert_eq!(mails(directory.path()).len(), 1);
}

#[tokio::test]
async fn an_unknown_authority_gets_no_mail() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    let server = SmtpServer::start(directory.path(), MAILBOX, &STARTTLS);
    let trusting = config(MailMode::Starttls, &server, directory.path());
    let public_only = EmailConfig { ca_file: None, ..trusting };
    match send(&public_only, "7K3M9QXA").await {
        Err(SendError::Failed(text)) => assert!(text.contains("certificate"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(mails(directory.path()).is_empty());
}

#[tokio::test]
async fn passwords_are_used_and_answers_judged_without_quoting_addresses() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    std::fs::write(directory.path().join("picky.py"), HANDLER).unwrap();
    std::fs::write(directory.path().join("password"), "hunter2\n").unwrap();
    let server = SmtpServer::start(directory.path(), "picky.Picky", &STARTTLS);
    let anonymous = config(MailMode::Starttls, &server, directory.path());
    let failed = |code| Err(SendError::Failed(format!("the mail server answered {code}")));
    assert_eq!(send(&anonymous, "x").await, failed(530), "an operator can mend that");
    let user = EmailConfig { username: Some("league".into()), ..anonymous };
    let wrong = EmailConfig { password: Some(Secret::new("*".into())), ..user.clone() };
    assert_eq!(send(&wrong, "x").await, failed(535));
    let right = EmailConfig { password_file: Some(directory.path().join("password")), ..user };
    assert_eq!(send(&right, "x").await, Ok(()));
    let mut unknown = message(email("x"));
    unknown.content.to = "nobody@example.org".into();
    let sender = SmtpSender::new(&right).unwrap();
    let refused = soon(sender.send(&unknown, START)).await;
    let expected = SendError::Refused("the mail server answered 550".into());
    assert_eq!(refused, Err(expected), "and the address is not quoted");
    assert_eq!(mails(directory.path()).len(), 1);
}
