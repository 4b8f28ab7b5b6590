//! The configuration file with every setting. What is commented out shows the default.

pub(super) const TEXT: &str = r#"# Countersign. Every setting can also come from the environment (COUNTERSIGN__SERVER__LISTEN=…) or a flag
# (--set server.listen=…). `countersign config check` reads it as the server would.

[realm]
# Part of every signature: changing either invalidates every session.
app = "league"
audience = "league.example.org"

[server]
# listen = "127.0.0.1:8400"
# tls = { certificate = "/etc/countersign/chain.pem", key = "/etc/countersign/key.pem" }   # read again when they change
# trusted_proxies = ["127.0.0.1"]      # whose X-Forwarded-For is believed
# rest_prefix = "/api"                 # REST profile in gateway mode; "" turns it off
# public_prefix = ""                   # what a proxy in front cuts off paths
# page_connects = ["http://192.168.4.1"]   # what the app's pages may reach besides this server and the devices of the league
# public_pages = true                  # table, players, matches, published results without a login
# threads = 0                          # 0: one per core
# shutdown_seconds = 10

[admin]
# listen = "127.0.0.1:8401"            # metrics, health, POST /push; never public

[store]
# data = "countersign-data"            # database, keys, pepper
# engine = "sqlite"                    # or "memory": everything is lost at the end
# revoked_sessions_days = 90           # then a device is told "unauthenticated" instead of "revoked"; 0: kept for ever
# idempotency_days = 30                # then the same key is a new call; 0: kept for ever

[email]
# mode = "off"                         # starttls, tls, plain, dev
# host = "smtp.example.org"
# port = 587
# from = "League <login@league.example.org>"
# username = "league"
# password_file = "/etc/countersign/smtp-password"
# ca_file = "/etc/ssl/private-ca.pem"

[sms]
# mode = "off"                         # webhook, dev
# countries = ["FR", "CH"]             # empty: nothing is sent
# default_country = "FR"
# url = "https://sms.example.org/send" # Standard Webhooks, see docs/OPERATING.md
# secret_file = "/etc/countersign/sms-secret"
# per_country_hour = 50
# per_day = 500

[login]
# code = "base32"                      # 8 characters; or "digits": 6
# code_life_seconds = 600
# attempts = 5
# sms_attempts = 3
# resend_seconds = 60
# codes_per_hour = 3                   # per address
# codes_per_day = 10
# network_burst = 5                    # per /24 or /48; raise it where a hall shares one address
# network_per_minute = 1
# pow = "auto"                         # or "always"
# pow_bits = 18
# locale = "en"                        # or "fr"

[account]
# new_scopes = ["user"]
# sessions_max = 20
# step_up_seconds = 600                # how long after its login an operator's session may change something

[limits]
# frame_max = 65536                    # bytes of a request
# connections = 2000
# connections_per_ip = 32
# body_seconds = 10
# max_age_seconds = 60                 # freshness of requests
# max_ahead_seconds = 30
# replay_per_session = 2000
# replay_total = 2000000
# verify_queue = 1024
# verify_wait_ms = 100
# verify_threads = 0                   # 0: one per core
# refused_burst = 200                  # refused requests per network
# refused_per_second = 50
# session_cache = 100000
# session_cache_ms = 2000
# stream_events = 1000
# stream_seconds = 600
# streams = 100000

# Gateway mode: a service of your own behind Countersign.
# [upstream]
# url = "http://127.0.0.1:3000"
# timeout_ms = 10000
# answer_max = 1048576
# secret_file = "/etc/countersign/upstream-secret"   # whsec_…; calls are signed with it, and POST /push has to be
#
# [[upstream.route]]                   # none: every type becomes POST /{type}
# type = "notes.get"                   # or a prefix: "notes.*"
# method = "GET"
# path = "/notes/{id}"                 # {name}: member of the JSON payload; {type}: the message type
# scope = "user"
# timeout_ms = 5000
# idempotency_key = "/key"             # JSON pointer into the payload
#
# [[upstream.rest]]                    # what the REST profile lets through; none: nothing
# methods = ["GET", "POST"]
# path = "/notes*"
# scope = "user"

# Matches, ratings and goal-line devices: docs/league.md. Without this section there is no league.
# [league]
# rulesets = ["official"]              # built-in rules whose matches are rated: official, short
# factory_keys = []                    # public keys of factories, 64 hexadecimal digits each: `countersign factory show`
# device_domain = "glt.league.example.org"   # devices are <first 16 digits of their id>.<domain>; without it they have no names
# certificate_days = 90                # how long a device certificate is believed
# ticket_minutes = 30                  # how long a ticket for one lobby may be joined with
# travel_hours = 12                    # the same for a ticket for any lobby; at most 12
# player_matches_per_day = 6           # rated ones (UTC); more are played and not rated
# device_matches_per_day = 20
# pending_hours = 24                   # a flagged match waits for disputes before it counts

# Certificates for goal-line devices by ACME, see docs/OPERATING.md.
# [league.tls]
# directory = "https://acme-v02.api.letsencrypt.org/directory"
# contact = "mailto:tls@league.example.org"
# agree_to_terms = true                # you have read the authority's terms of service
# domain = "glt.league.example.org"    # the same as league.device_domain
# address = "10.77.77.1"               # of every device on its own Wi-Fi
# dns = "own"                          # or "hook"
# listen = "0.0.0.0:53"
# nameserver = "ns.league.example.org"
# hook_url = "https://dns.example.org/hook"
# hook_secret_file = "/etc/countersign/dns-secret"
# ca_file = "/etc/ssl/private-ca.pem"  # of a private authority
# profile = "tlsserver"
# per_week = 40

[log]
# filter = "info"                      # one line per request: "info,countersign::access=debug"
# format = "text"                      # or "json"
# otlp = "http://127.0.0.1:4318"       # traces to a collector; needs a build with `--features otlp`
"#;

#[cfg(test)]
mod tests {
    use countersign_server::config::Config;

    /// Every commented setting, switched on, is known to the parser.
    #[test]
    fn every_setting_of_the_example_exists() {
        let text: String = super::TEXT.lines().map(|line| uncomment(line) + "\n").collect();
        let file =
            std::env::temp_dir().join(format!("countersign-example-{}.toml", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let loaded = Config::load(Some(&file), [], &[]);
        std::fs::remove_file(&file).unwrap();
        let config = loaded.unwrap();
        assert_eq!(config.upstream.unwrap().route.len(), 1);
        assert_eq!(config.league.unwrap().caps().player, 6);
    }

    fn uncomment(line: &str) -> String {
        match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.starts_with('[') => rest.to_owned(),
            _ => line.to_owned(),
        }
    }
}
