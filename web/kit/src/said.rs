//! What others say, as JSON. Members that are not shown are not read.
//!
//! Read by hand from one generic value: code made for each type would be a tenth of everything that a browser loads.

use countersign_app::Failure;

pub use serde_json::Value;

/// Something that can be read from a JSON value; `None` if it is not there or of another type.
pub trait Read: Sized {
    /// Reads it.
    fn read(value: &Value) -> Option<Self>;

    /// Reads it from text.
    fn parse(text: &[u8]) -> Option<Self> {
        Self::read(&serde_json::from_slice(text).ok()?)
    }
}

impl Read for Value {
    fn read(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Read for u32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl Read for i64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Read for i32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

/// What is not there is empty.
impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::new()),
            Value::Array(items) => items.iter().map(T::read).collect(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
        }
    }
}

/// Types that are read from JSON objects, each member by its own name.
#[macro_export]
macro_rules! said {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name {
                $($(#[$about])* pub $field: $type,)*
            }

            impl $crate::said::Read for $name {
                fn read(value: &$crate::said::Value) -> Option<Self> {
                    Some(Self { $($field: $crate::said::Read::read(&value[stringify!($field)])?,)* })
                }
            }
        )*
    };
}

/// What an answer without a signature is worth: nobody was reached, unless it says to come back later. That much may be believed of
/// anybody.
pub fn unsigned(status: u16) -> Failure {
    let code = match status {
        429 => "rate_limited",
        503 => "overloaded",
        _ => return Failure::Unreachable(format!("status {status}")),
    };
    Failure::Refused { code: code.to_owned(), detail: String::new() }
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro's types are public")]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_too_much_to_do_is_not_taken_for_none() {
        for (status, code) in [(429, "rate_limited"), (503, "overloaded")] {
            let is =
                matches!(unsigned(status), Failure::Refused { code: said, .. } if said == code);
            assert!(is, "{status}");
        }
        for status in [200, 404, 500, 502] {
            assert!(matches!(unsigned(status), Failure::Unreachable(_)), "{status}");
        }
    }

    said! {
        /// A list.
        Rows {
            /// Its rows.
            rows: Vec<Row>,
        }

        /// A row.
        Row {
            /// A number that is there.
            rank: u32,
            /// One that may be negative.
            rating: i32,
            /// Text that may be missing.
            user: Option<String>,
        }
    }

    #[test]
    fn members_may_be_missing_only_where_the_type_says_so() {
        let row = Row::parse(br#"{"rank":1,"rating":-5,"user":null,"more":[]}"#);
        let expected = Row { rank: 1, rating: -5, user: None };
        assert_eq!(row, Some(expected));
        for wrong in [
            &br#"{"rank":1}"#[..],
            br#"{"rank":-1,"rating":0}"#,
            br#"{"rank":"1","rating":0}"#,
            br#"{"rank":4294967296,"rating":0}"#,
            br#"{"rank":1,"rating":0,"user":7}"#,
            b"[]",
            b"",
        ] {
            assert_eq!(Row::parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
        assert_eq!(Rows::parse(b"{}"), Some(Rows { rows: Vec::new() }));
        assert_eq!(Rows::parse(br#"{"rows":"x"}"#), None);
    }
}
