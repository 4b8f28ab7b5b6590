//! How values look in columns. What cannot be read back becomes "damaged", never a default.

use countersign::Timestamp;
use countersign_store::Channel;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

/// Milliseconds; SQLite's integers are signed, so times beyond year 292 million are cut off there.
pub(crate) struct At(pub(crate) Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(signed(self.0.as_millis())))
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = value.as_i64()?;
        let millis = u64::try_from(millis).map_err(|_| FromSqlError::OutOfRange(millis))?;
        Ok(Self(Timestamp::from_millis(millis)))
    }
}

/// A word.
pub(crate) struct ByChannel(pub(crate) Channel);

impl ToSql for ByChannel {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self.0 {
            Channel::Email => "email",
            Channel::Sms => "sms",
        }))
    }
}

impl FromSql for ByChannel {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "email" => Ok(Self(Channel::Email)),
            "sms" => Ok(Self(Channel::Sms)),
            other => Err(FromSqlError::Other(
                format!("the channel is {other:?} and should be email or sms").into(),
            )),
        }
    }
}

/// A JSON array of strings.
pub(crate) struct Scopes(pub(crate) Vec<String>);

impl ToSql for Scopes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0);
        text.map(ToSqlOutput::from).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
    }
}

impl FromSql for Scopes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let scopes = serde_json::from_str(value.as_str()?);
        scopes.map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// For sequence numbers that a caller chose: beyond the largest there is nothing anyway.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
