//! What must not happen.

use crate::{assert_clean, log_in, phone};
use countersign_web_e2e::Server;
use serde_json::Value;

const MARKUP: &str = "<img src=x onerror=globalThis.hit=1><script>globalThis.hit=1</script>";

#[test]
fn text_that_looks_like_markup_is_text() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.press("nav a[href='#/players']");
    tab.fill("#q", MARKUP);
    tab.press("form[data-form=search] button");
    tab.until_text("onerror");
    tab.press("nav a[href='#/profile']");
    tab.until("!!document.querySelector('#name')");
    tab.eval("document.querySelector('#name').maxLength = 200");
    tab.fill("#name", MARKUP);
    tab.press("form[data-form=profile] button");
    tab.until("!!document.querySelector('.bar.bad')");
    tab.eval(&format!("location.hash = '#/player/' + {}", Value::from(MARKUP)));
    tab.until("!!document.querySelector('.place')");
    assert_eq!(tab.eval("globalThis.hit"), Value::Null);
    assert_eq!(tab.eval("document.querySelectorAll('img, #app script').length"), 0);
    assert_clean(&tab);
}

#[test]
fn the_page_may_run_its_one_script_and_make_no_markup_from_text() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/"));
    tab.until("!!document.querySelector('#address')");
    let policy = tab.eval("fetch('/').then((it) => it.headers.get('content-security-policy'))");
    let policy = policy.as_str().unwrap();
    for rule in
        ["default-src 'none'", "require-trusted-types-for 'script'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    let headers = "fetch('/').then((it) => ['cross-origin-opener-policy', 'cross-origin-resource-policy', \
                   'x-content-type-options', 'set-cookie', 'referrer-policy'].map((name) => it.headers.get(name)))";
    let expected =
        serde_json::json!(["same-origin", "same-origin", "nosniff", null, "no-referrer"]);
    assert_eq!(tab.eval(headers), expected);
    assert_eq!(tab.eval("document.cookie"), "");
    assert_clean(&tab);
    // From here on the policy has something to block.
    let refused = |script: &str| {
        let told = "return 'done'; } catch (error) { return error.name; }";
        tab.eval(&format!("(async () => {{ try {{ await ({script}); {told} }})()"))
    };
    assert_eq!(refused("document.body.innerHTML = '<b>x</b>'"), "TypeError");
    assert_eq!(refused("trustedTypes.createPolicy('other', {})"), "TypeError");
    assert_eq!(refused("navigator.serviceWorker.register('/other.js')"), "TypeError");
    assert!(!tab.complaints().is_empty());
}

#[test]
fn only_the_page_of_the_pitch_may_reach_devices_and_only_those_of_the_league() {
    let domain = "league.device_domain=glt.example.org";
    let server = Server::start(&[domain, r#"server.page_connects=["http://192.168.4.1"]"#]);
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/"));
    let connects = |path: &str| {
        let policy = tab.eval(&format!(
            "fetch('{path}').then((it) => it.headers.get('content-security-policy'))"
        ));
        let rules = policy.as_str().unwrap().split("; ").map(str::to_owned).collect::<Vec<_>>();
        rules.into_iter().find(|it| it.starts_with("connect-src")).unwrap()
    };
    assert_eq!(connects("/"), "connect-src 'self'");
    let devices =
        "http://10.77.77.1 ws://10.77.77.1 https://*.glt.example.org wss://*.glt.example.org";
    assert_eq!(connects("/pitch"), format!("connect-src 'self' {devices} http://192.168.4.1"));
    assert_clean(&tab);
}

#[test]
fn the_app_can_be_installed_and_its_files_are_kept_for_good() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/"));
    tab.until("!!navigator.serviceWorker.controller");
    let manifest = tab.call("Page.getAppManifest", serde_json::json!({}));
    assert_eq!(manifest["errors"], Value::Array(Vec::new()));
    let found = tab.call("Page.getInstallabilityErrors", serde_json::json!({}));
    let errors = found["installabilityErrors"].as_array().unwrap();
    // A profile that is only for this test counts as one that leaves no traces.
    let errors: Vec<_> = errors.iter().filter(|it| it["errorId"] != "in-incognito").collect();
    assert!(errors.is_empty(), "{errors:?}");
    let caching = tab.eval(
        "Promise.all([...document.querySelectorAll('script[src], link[href]')].map((it) => \
         fetch(it.src || it.href, { cache: 'reload' }).then((it) => it.headers.get('cache-control'))))",
    );
    let caching = caching.as_array().unwrap();
    assert!(caching.len() >= 5, "{caching:?}");
    assert!(caching.iter().all(|it| it.as_str().unwrap().contains("immutable")), "{caching:?}");
    assert_clean(&tab);
}

#[test]
fn an_answer_that_somebody_else_made_is_not_shown() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.until_text("Not ranked yet");
    // Someone between the app and its server turns one bit of each answer.
    tab.eval(
        "const honest = fetch; globalThis.fetch = async (request) => { const answer = await honest(request); \
         if (!answer.url.endsWith('/x')) return answer; const bytes = new Uint8Array(await answer.arrayBuffer()); \
         bytes[bytes.length - 1] ^= 1; return new Response(bytes, { headers: answer.headers }); }",
    );
    tab.press("nav a[href='#/devices']");
    tab.until_text("Somebody else than the server answered.");
    assert!(!tab.text().contains("This device"));
    tab.reload();
    tab.until_text("This device");
    assert_clean(&tab);
}
