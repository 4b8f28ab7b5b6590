//! Goal-line pairs that a server knows, as a factory brings them.

use crate::Server;
use serde_json::Value;

const STATION: &str = "station@example.org";

/// Makes so many pairs and registers them: `GL-00001` and on. The server starts again meanwhile, to learn of the factory.
#[expect(clippy::expect_used, reason = "a factory that does not work fails the test")]
pub fn register_pairs(server: &mut Server, count: u32) {
    let keys = server.command(&["keys", "show", "--json", "--dir", "data/keys"], String::new);
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    let root = keys["roots"][0]["pk"].as_str().expect("a root key").to_owned();
    let url = server.url("");
    let realm = ["--app", "dev", "--audience", "localhost", "--server", &url, "--root", &root];
    let init = ["factory", "init", "factory", "--station", "bench 1"];
    server.command(&[&init[..], &realm].concat(), String::new);
    let settings = std::fs::read_to_string(server.path("factory/factory.toml")).expect("settings");
    let key = settings.lines().find_map(|line| line.strip_prefix("key = ")).expect("its key");
    server.kill();
    server.restart_with(&[&format!("league.factory_keys=[{key}]")]);
    let count = count.to_string();
    server.command(&["factory", "make", "--count", &count, "--dir", "factory"], String::new);
    let login = ["login", STATION, "--server", &url, "--root", &root, "--profile", "station"];
    server.command(&login, || server.code_for(STATION, 0) + "\n");
    server.operate(&["user", "grant", STATION, "factory"]);
    let register = ["factory", "register", "--dir", "factory", "--profile", "station"];
    server.command(&register, String::new);
}
