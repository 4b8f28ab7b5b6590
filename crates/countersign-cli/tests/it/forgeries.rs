//! x

use crate::harness::*;
use countersign::ResultCode;

#[test]
fn smoke() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let opened = ana.call("session.list", b"{}");
    assert_eq!(opened.result, ResultCode::OK);
    assert_eq!(server.business_calls("session.list"), 1);
}
