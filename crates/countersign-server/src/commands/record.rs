//! Records: the server writes down what a device signed, and countersigns that it did.

use super::{Stop, parse};
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::reply::Reply;
use countersign::ResultCode;
use countersign::verify::{ReceivedRecord, RecordError};
use countersign_store::{NewRecord, RecordOutcome};
use serde::Deserialize;
use serde_json::json;

pub(super) async fn submit<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    let frame = &admitted.request.content;
    let session = &admitted.session;
    let verified = ReceivedRecord::decode(frame)
        .and_then(|record| record.verify(app.sealer.realm(), &session.device.key))
        .map_err(invalid)?;
    let received = app.now();
    let record = NewRecord {
        id: verified.header.id,
        user: session.user,
        session: session.device.id,
        signer: verified.header.signer,
        record_type: verified.header.record_type.as_str().to_owned(),
        digest: verified.digest,
        frame: frame.clone(),
        received,
    };
    let (seq, received) = match app.store.append_record(record).await? {
        RecordOutcome::Appended { seq } => (seq, received),
        RecordOutcome::AlreadyStored { seq, received } => (seq, received),
        RecordOutcome::IdTaken => return Ok(Reply::error(ResultCode::IDEMPOTENCY_MISMATCH)),
    };
    Ok(Reply::json(&json!({
        "record_id": verified.header.id.to_string(),
        "digest": verified.digest.to_string(),
        "received_ms": received.as_millis(),
        "seq": seq,
    })))
}

pub(super) async fn get<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    struct Get {
        record_id: String,
    }
    let Get { record_id } = parse(admitted, r#"expected {"record_id":"<hex>"}"#)?;
    let id =
        record_id.parse().map_err(|_| Reply::invalid("record_id has 32 hexadecimal digits"))?;
    match app.store.find_record(admitted.session.user, id).await? {
        Some(record) => Ok(Reply::bytes(record.frame)),
        None => Ok(Reply::error(ResultCode::NOT_FOUND)),
    }
}

fn invalid(error: RecordError) -> Reply {
    Reply::error_with(ResultCode::RECORD_INVALID, &[("check", error.check().into())])
}
