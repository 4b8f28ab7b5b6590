//! What the demo shows, in order.

use super::event::OpenDay;
use super::stage::{Said, Stage, WEBHOOK_SECRET};
use super::{Demo, Failure, event, league, open};
use crate::output::line;
use countersign_identity::webhook::WebhookSecret;
use countersign_server::clock;
use std::fs;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Message types whose counter shows what business code saw.
const SUBMITTED: &str = "countersign_business_calls_total{type=\"match.submit\"}";

pub(super) fn tell(demo: &Demo) -> Result<(), Failure> {
    title(
        "Setting the stage",
        "A mail server with STARTTLS, a service that knows nothing of Countersign, and the server between them.",
    );
    let mut stage = Stage::set(demo)?;
    line(&format!(
        "    server   {}   (programs and browsers insist on TLS for any other machine)",
        stage.url()
    ));
    line(&format!("    root key {}   (clients embed it)", stage.root));
    if !demo.open {
        exchange(&mut stage)?;
    }
    let pitch = match demo.no_match {
        true => None,
        false => Some(league::tell(demo, &stage)?),
    };
    if !demo.no_event && !demo.open {
        event::tell(&stage)?;
    }
    close(demo, &stage, pitch)
}

/// What holds for every service.
fn exchange(stage: &mut Stage) -> Result<(), Failure> {
    log_in(stage)?;
    call(stage)?;
    replay(stage)?;
    forge(stage)?;
    record(stage)?;
    push(stage)?;
    log_out(stage)
}

fn log_in(stage: &Stage) -> Result<(), Failure> {
    title(
        "1. Log in",
        "The device makes a key. The server mails a code to the address; the code works only for that key. The private key \
         never leaves the device; the server's answer is verified under the root key.",
    );
    let url = stage.url();
    let args = [
        "login",
        "ana@example.org",
        "--server",
        &url,
        "--root",
        &stage.root,
        "--key-store",
        "file",
    ];
    let typing = |stdin: &mut dyn Write| {
        let (mail, code) = stage.mailed_code("ana@example.org")?;
        line(&format!(
            "    … mail arrived: {}",
            mail.strip_prefix(&stage.dir).unwrap_or(&mail).display()
        ));
        line(&format!("    … typing the code {code}"));
        writeln!(stdin, "{code}")?;
        Ok(())
    };
    expect(stage.device_with_input(&args, typing)?, "the login")
}

fn call(stage: &Stage) -> Result<(), Failure> {
    title(
        "2. A signed request to a service that knows nothing of signatures",
        "The gateway checks, in this order: size, shape, session, revocation, signature and payload, time and epoch, replay. \
         Only then does the service get the payload. Its answer is signed for exactly this request, and the device checks that \
         before it shows anything.",
    );
    expect(
        stage.device(&[
            "call",
            "match.submit",
            "--data",
            r#"{"home":"Reds","away":"Blues","score":"2:1"}"#,
            "-v",
        ])?,
        "the call",
    )?;
    line("\n  The service has it (service.json):");
    for text in fs::read_to_string(stage.dir.join("service.json"))?.lines() {
        line(&format!("    {text}"));
    }
    Ok(())
}

fn replay(stage: &Stage) -> Result<(), Failure> {
    title(
        "3. Attack: the same bytes again",
        "Somebody recorded a request. The first copy is executed, the second one never is, though its signature is genuine.",
    );
    let data = r#"{"home":"Reds","away":"Blues","score":"3:1"}"#;
    expect(
        stage.device(&[
            "sign",
            "request",
            "--type",
            "match.submit",
            "--data",
            data,
            "--out",
            "recorded.frame",
        ])?,
        "the signing",
    )?;
    for (answer, wanted) in [("first.frame", "201"), ("second.frame", "replayed")] {
        post(stage, "recorded.frame", answer)?;
        explained(stage, answer, "recorded.frame", wanted)?;
    }
    Ok(())
}

fn forge(stage: &Stage) -> Result<(), Failure> {
    title(
        "4. Attack: one bit changed",
        "Somebody on the way turns 3:1 into 3:0, or any other bit. Business code sees nothing of it.",
    );
    let before = stage.metric(SUBMITTED)?;
    let data = r#"{"home":"Reds","away":"Blues","score":"3:1"}"#;
    expect(
        stage.device(&[
            "sign",
            "request",
            "--type",
            "match.submit",
            "--data",
            data,
            "--out",
            "good.frame",
        ])?,
        "the signing",
    )?;
    let mut frame = fs::read(stage.dir.join("good.frame"))?;
    let last_digit = frame.len() - 3;
    frame[last_digit] ^= 1;
    fs::write(stage.dir.join("forged.frame"), frame)?;
    line("\n  (one bit of the payload flipped: 3:1 became 3:0, forged.frame)");
    post(stage, "forged.frame", "forged-answer.frame")?;
    explained(stage, "forged-answer.frame", "forged.frame", "payload_mismatch")?;
    let after = stage.metric(SUBMITTED)?;
    line(&format!("\n  Before: {before}\n  After:  {after}"));
    if before == after { Ok(()) } else { Err("business code saw the forged request".into()) }
}

fn record(stage: &mut Stage) -> Result<(), Failure> {
    title(
        "5. A record, and a power cut",
        "A record is evidence that outlasts the session. The server writes it to disk, then countersigns. Killed right \
         afterwards and started again, it still has it; the device notices the new server process (its epoch) and signs \
         once more by itself.",
    );
    let data = r#"{"match":1,"score":"3:1"}"#;
    let said = stage.device(&[
        "record",
        "submit",
        "--type",
        "match.result",
        "--data",
        data,
        "--save",
        "result.frame",
        "--json",
    ])?;
    let id = member(&said.text, "record_id").ok_or("the receipt names no record")?;
    expect(said, "the record")?;
    line("\n  $ kill -9 <server>; countersign serve --config countersign.toml");
    stage.kill_and_restart()?;
    expect(stage.device(&["record", "get", &id])?, "fetching the record after the restart")
}

fn push(stage: &Stage) -> Result<(), Failure> {
    title(
        "6. An event from the service to the device",
        "Signed, numbered, without gaps; over WebSocket, server-sent events or long polling.",
    );
    line("\n  $ countersign watch --count 1");
    let watching = stage.device_command(&["watch", "--count", "1"])?.spawn()?;
    let body = r#"{"everyone":true,"type":"score.changed","payload":{"home":3,"away":1}}"#;
    let secret: WebhookSecret = WEBHOOK_SECRET.parse()?;
    let url = format!("http://{}/push", stage.admin);
    for attempt in 0..100 {
        let headers = secret.sign(&format!("msg_demo_{attempt}"), clock::now(), body.as_bytes())?;
        let delivered = std::process::Command::new("curl")
            .args(["--silent", &url, "--data-binary", body])
            .args(["-H", &format!("Webhook-Id: {}", headers.id)])
            .args(["-H", &format!("Webhook-Timestamp: {}", headers.timestamp)])
            .args(["-H", &format!("Webhook-Signature: {}", headers.signature)])
            .output()?;
        if String::from_utf8_lossy(&delivered.stdout).contains(r#""streams":1"#) {
            break;
        }
        // The watch has not opened its stream yet.
        std::thread::sleep(Duration::from_millis(100));
    }
    let output = watching.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().for_each(|event| line(&format!("    {event}")));
    expect(Said { success: output.status.success(), text }, "the watch")
}

fn log_out(stage: &Stage) -> Result<(), Failure> {
    title(
        "7. Sessions, and revocation",
        "Each device is a session of its own. Revoking is durable before it is acknowledged, and effective at once; whoever \
         holds the key is told so, to everybody else the session looks unknown.",
    );
    expect(stage.device(&["sessions", "list"])?, "the list")?;
    let sign = ["sign", "request", "--type", "session.hello", "--out", "late.frame"];
    expect(stage.device(&sign)?, "the signing")?;
    expect(stage.device(&["sessions", "revoke-all"])?, "the revocation")?;
    post(stage, "late.frame", "late-answer.frame")?;
    explained(stage, "late-answer.frame", "late.frame", "session_revoked")
}

fn close(demo: &Demo, stage: &Stage, pitch: Option<league::Pitch>) -> Result<(), Failure> {
    title("Where to look", "");
    let dir = stage.dir.display();
    for (what, path) in [
        ("configuration", "countersign.toml"),
        ("what the server logged", "server.log"),
        ("database, keys", "server/"),
        ("the mail", "mailbox/new/"),
        ("the service's data", "service.json"),
        ("frames to inspect", "*.frame   (countersign inspect FILE)"),
        ("the devices' sessions", "device/"),
        ("the goal-line pair", "factory/   (master.log, slave.log)"),
    ] {
        line(&format!("    {what:<24} {dir}/{path}"));
    }
    line(
        "\n  The bytes are specified in docs/PROTOCOL.md; `countersign --help` lists the commands.",
    );
    let stays = demo.open || demo.stay || (!demo.no_stay && std::io::stdout().is_terminal());
    if stays {
        let event = (!demo.no_event).then(|| OpenDay::prepare(stage, !demo.open)).transpose()?;
        return open::hold(stage, pitch, event);
    }
    line("\n  With --stay everything runs on, and you can take part in a browser.");
    Ok(())
}

/// Sends a frame with curl and keeps the answer.
fn post(stage: &Stage, frame: &str, answer: &str) -> Result<(), Failure> {
    let (url, data) = (format!("{}/x", stage.url()), format!("@{frame}"));
    expect(stage.curl(&["--data-binary", &data, "--output", answer, &url])?, "curl")
}

/// Explains an answer, which is verified for the request it belongs to, and has to contain this.
fn explained(stage: &Stage, answer: &str, request: &str, wanted: &str) -> Result<(), Failure> {
    let said = stage.device(&["inspect", answer, "--request", request])?;
    match said.text.contains(wanted) {
        true => Ok(()),
        false => Err(format!("the answer should have been {wanted}").into()),
    }
}

pub(super) fn expect(said: Said, what: &str) -> Result<(), Failure> {
    if said.success { Ok(()) } else { Err(format!("{what} failed").into()) }
}

fn member(json: &str, name: &str) -> Option<String> {
    let (_, after) = json.split_once(&format!("\"{name}\""))?;
    let (_, value) = after.split_once('"')?;
    Some(value.split_once('"')?.0.to_owned())
}

pub(super) fn title(title: &str, text: &str) {
    line(&format!("\n{title}\n{}", "─".repeat(title.chars().count())));
    let mut width = 0;
    let mut paragraph = String::new();
    for word in text.split_whitespace() {
        if width + word.len() > 96 {
            paragraph.push('\n');
            width = 0;
        }
        paragraph.push_str(word);
        paragraph.push(' ');
        width += word.len() + 1;
    }
    if !text.is_empty() {
        line(paragraph.trim_end());
    }
}
