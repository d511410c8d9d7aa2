//! Every setting of every service. `docs/configuration.md` is generated from [`ALL`].

/// One environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Name of the variable. `NAME_FILE` may hold the path of a file with the value instead.
    pub name: &'static str,
    /// Value when absent; `None` when there is no sensible one.
    pub default: Option<&'static str>,
    /// Who reads it.
    pub used_by: &'static str,
    /// What it decides, its unit, and what hurts when it is too high or too low.
    pub meaning: &'static str,
    /// Whether the value must never be shown.
    pub is_secret: bool,
}

macro_rules! settings {
    ($($ident:ident = $name:literal, $default:expr, $secret:literal, $used_by:literal, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $ident: Setting = Setting {
                name: $name,
                default: $default,
                used_by: $used_by,
                meaning: $meaning,
                is_secret: $secret,
            };
        )*

        /// All of them, in the order of the documentation.
        pub const ALL: &[Setting] = &[$($ident),*];
    };
}

settings! {
    DATABASE_URL = "DATABASE_URL", None, true, "control-plane, pipeline, cli",
        "PostgreSQL with links, users and keys: `postgres://user:password@host:port/database`. With `linkpulse up` a private server is started when it is absent.";
    ANALYTICS_DATABASE_URL = "ANALYTICS_DATABASE_URL", None, true, "control-plane, pipeline, cli",
        "PostgreSQL or TimescaleDB with clicks and rollups. The same as `DATABASE_URL` when absent.";
    REDIS_URL = "REDIS_URL", None, true, "proxy, control-plane, pipeline",
        "Redis 7 or Valkey: `redis://:password@host:port/0`, or a cluster of them: `redis-cluster://:password@host:port?node=host:port&node=host:port`, with some of its nodes (`rediss…` for TLS). It must run with `maxmemory-policy noeviction`: an evicted stream is a lost click. With `linkpulse up` a private server is started when it is absent.";
    REDIS_KEY_PREFIX = "LINKPULSE_REDIS_KEY_PREFIX", Some("lp"), false, "proxy, control-plane, pipeline",
        "What every Redis name begins with. The same for all services of an installation.";
    PUBLIC_URL = "LINKPULSE_PUBLIC_URL", Some("http://localhost:8080"), false, "proxy, control-plane",
        "Where visitors reach the proxy. Its host is the default domain of links.";
    INTERNAL_SECRET = "LINKPULSE_INTERNAL_SECRET", None, true, "proxy, control-plane",
        "Shared secret of `/internal/…`, at least 32 characters.";
    PROXY_LISTEN = "LINKPULSE_PROXY_LISTEN", Some("127.0.0.1:8080"), false, "proxy",
        "Address for visitors.";
    PROXY_TLS_LISTEN = "LINKPULSE_PROXY_TLS_LISTEN", None, false, "proxy",
        "Address for visitors who speak TLS. Needs `LINKPULSE_TLS_CERTIFICATE` and `LINKPULSE_TLS_KEY`; without all three there is no such port.";
    TLS_CERTIFICATE = "LINKPULSE_TLS_CERTIFICATE", None, false, "proxy",
        "Path of a PEM file with the certificate and its chain. It and the key are read again when they change; what is no pair is reported in the log, and the last one stays.";
    TLS_KEY = "LINKPULSE_TLS_KEY", None, false, "proxy",
        "Path of a PEM file with the certificate's private key.";
    TRUSTED_PROXIES = "LINKPULSE_TRUSTED_PROXIES", None, false, "proxy",
        "Proxies in front of this one that are believed about a visitor's address and scheme: networks separated by commas (`10.0.0.0/8,fd00::/8`), or their number, where nobody can come round them. Nobody when absent. Too wide, and visitors can take any address; too narrow, and all of them share the load balancer's. Trusted proxies are not bound by `LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS`.";
    CLIENT_ADDRESS_HEADER = "LINKPULSE_CLIENT_ADDRESS_HEADER", Some("x-forwarded-for"), false, "proxy",
        "The header in which trusted proxies put the visitor's address, for example `cf-connecting-ip`, `true-client-ip` or `x-real-ip`. A list is read from the right, past trusted addresses. Name one that the first of your proxies sets or appends to, never one that it passes on.";
    PROXY_PROTOCOL = "LINKPULSE_PROXY_PROTOCOL", Some("off"), false, "proxy",
        "`required` where a load balancer passes connections on and says with the PROXY protocol (version 1 or 2) whose they are, on both ports. Then whoever is no trusted proxy, or sends no header, is closed.";
    PROXY_ADMIN_LISTEN = "LINKPULSE_PROXY_ADMIN_LISTEN", Some("127.0.0.1:9080"), false, "proxy",
        "Address for health checks and metrics. Never public.";
    DATA_DIR = "LINKPULSE_DATA_DIR", Some("linkpulse-data"), false, "proxy",
        "Folder for what the proxy keeps over a restart: the links that were in memory (`cache.snap`). Each proxy needs its own, on a disk that stays. With `linkpulse up` it is in the state folder.";
    CONTROL_PLANE_URL = "LINKPULSE_CONTROL_PLANE_URL", Some("http://127.0.0.1:8081"), false, "proxy",
        "Where the proxy sends what is not a redirect.";
    CONTROL_PLANE_INTERNAL_URL = "LINKPULSE_CONTROL_PLANE_INTERNAL_URL", Some("http://127.0.0.1:9081"), false, "proxy",
        "The control plane's admin listener, where the proxy resolves codes that Redis does not know.";
    CACHE_CAPACITY = "LINKPULSE_CACHE_CAPACITY", Some("1000000"), false, "proxy",
        "Links kept in memory. Too low and every miss costs a round trip to Redis; each link takes memory, half a kilobyte as a rule of thumb.";
    SPOOL_QUOTA_MIB = "LINKPULSE_SPOOL_QUOTA_MIB", Some("4096"), false, "proxy",
        "Mebibytes of clicks that a proxy keeps in `LINKPULSE_DATA_DIR` until the pipeline has committed them; some 300 bytes a click. When an outage fills nine tenths of it, only the numbers of each link and minute are kept (`linkpulse_clicks_tallied_total`); when it is full, only how many hits there were, and when (`linkpulse_clicks_dropped_total`). Redirects go on.";
    SPOOL_SEGMENT_MIB = "LINKPULSE_SPOOL_SEGMENT_MIB", Some("16"), false, "proxy",
        "Mebibytes of one file of the spool. A proxy has one more of them open than the machine has processors, and two lying ready.";
    SPOOL_SYNC = "LINKPULSE_SPOOL_SYNC", Some("1s"), false, "proxy",
        "What the end of a *machine* (not of a process, which costs nothing) may cost: a period of clicks, or with `never` what the system has not written yet (half a minute). With `always` each redirect waits for the disk.";
    CLICK_WINDOW_BLOCKS = "LINKPULSE_CLICK_WINDOW_BLOCKS", Some("4096"), false, "proxy",
        "Blocks of clicks (32 KiB at most) that a proxy puts into Redis before earlier ones are committed. It bounds what an outage of the pipeline costs Redis; the rest waits in the spool.";
    CLICK_PARTITIONS = "LINKPULSE_CLICK_PARTITIONS", Some("1"), false, "proxy, pipeline",
        "Streams that clicks are divided into, 1 to 256, the same for all proxies and pipelines: a Redis Cluster spreads them over its nodes, and a pipeline reads them side by side, each with a connection to Redis and one to the database. To raise it, restart pipelines first, then proxies. To lower it, proxies first, and pipelines when `linkpulse_stream_unread_entries` would stay 0: clicks in a stream that no pipeline reads wait there.";
    MAX_CONNECTIONS = "LINKPULSE_MAX_CONNECTIONS", Some("16384"), false, "proxy",
        "Connections of visitors at the same time; more are closed at once. The proxy raises its limit of open files as far as it may, and takes fewer connections where that is not enough (a warning in the log).";
    MAX_CONNECTIONS_PER_ADDRESS = "LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", Some("1024"), false, "proxy",
        "Connections of one IPv4 address or IPv6 network (/64). Where visitors come through a load balancer, name it in `LINKPULSE_TRUSTED_PROXIES`: it is not bound by this.";
    MISSES_PER_MINUTE = "LINKPULSE_MISSES_PER_MINUTE", Some("600"), false, "proxy",
        "Links that one IPv4 address or IPv6 network (/64) may make a proxy look up in a minute; more get 429. Links in memory are never limited. Too high helps those who try codes; too low hurts offices, and everybody behind a load balancer that is not named in `LINKPULSE_TRUSTED_PROXIES`.";
    GEO_DATABASE = "LINKPULSE_GEO_DATABASE", None, false, "proxy",
        "File in MaxMind's format that tells countries and cities of addresses: GeoLite2, GeoIP2, DB-IP, ip-location-db. Several (one for IPv4, one for IPv6) are separated by commas, and asked in this order. Read into memory, and again when it changes. Without it, or while it cannot be read, places are unknown and all else works.";
    RESPECT_DO_NOT_TRACK = "LINKPULSE_RESPECT_DO_NOT_TRACK", Some("true"), false, "proxy",
        "Whether visits with `DNT: 1` or `Sec-GPC: 1` are counted without visitor hash, city and referrer path.";
    MAX_STALE = "LINKPULSE_MAX_STALE", Some("24h"), false, "proxy",
        "How long a proxy that hears nothing of changes goes on answering links from memory; strict links have 10 s, whatever this says. Too short, and a long outage of everything else stops redirects; too long, and a proxy that is cut off leads visitors to targets that were changed long ago.";
    PROXY_NAME = "LINKPULSE_PROXY_NAME", None, false, "proxy",
        "What people call this proxy, where edits are waited for (`?wait=2s`). Unique among proxies that run, and the same after a restart: a proxy takes the place of one of its name that fell silent. Host name and port when absent.";
    SHUTDOWN_GRACE = "LINKPULSE_SHUTDOWN_GRACE", Some("10s"), false, "proxy, control-plane, pipeline",
        "How long a stopping service finishes what it has accepted. Must be shorter than the orchestrator's patience (30 s on Kubernetes and ECS), or unfinished work is killed.";
    CONTROL_PLANE_LISTEN = "LINKPULSE_CONTROL_PLANE_LISTEN", Some("127.0.0.1:8081"), false, "control-plane",
        "Address of the REST API and the console. Only the proxy needs to reach it.";
    CONTROL_PLANE_ADMIN_LISTEN = "LINKPULSE_CONTROL_PLANE_ADMIN_LISTEN", Some("127.0.0.1:9081"), false, "control-plane",
        "Address for health checks, metrics and `/internal/…`. Never public.";
    DATABASE_CONNECTIONS = "LINKPULSE_DATABASE_CONNECTIONS", Some("10"), false, "control-plane",
        "Connections to each database per process. The sum over all processes must stay below the server's `max_connections`.";
    REQUEST_TIMEOUT = "LINKPULSE_REQUEST_TIMEOUT", Some("15s"), false, "control-plane",
        "How long a request to the API may take, besides the time for its body and for `?wait`. Too short, and bulk requests are given up that would have been done; too long, and clients hang when the database does. Must be shorter than a minute, after which proxies give up.";
    BLOCKLIST = "LINKPULSE_BLOCKLIST", None, false, "control-plane",
        "File with hosts that no link may lead to, nor to any host below them: one a line, or as in `/etc/hosts`. Read again when it changes; links that lead there by then are taken down within seconds. Without it, every public host is allowed.";
    REFUSE_SHORTENERS = "LINKPULSE_REFUSE_SHORTENERS", Some("true"), false, "control-plane",
        "Whether targets at other well-known link shorteners, such as `bit.ly`, are refused: nobody sees where those lead, and they can lead elsewhere tomorrow. Links that are there already stay as they are.";
    SESSION_LIFETIME = "LINKPULSE_SESSION_LIFETIME", Some("14days"), false, "control-plane",
        "How long a sign-in to the console lasts.";
    API_REQUESTS_PER_MINUTE = "LINKPULSE_API_REQUESTS_PER_MINUTE", Some("30000"), false, "control-plane",
        "Requests to the API that one key or one user has in a minute, all at once or spread; 1 to 1000000. A key may have a limit of its own. Counted in Redis for all control planes together, and by each one alone while Redis is away. Too low, and programs that make many links get 429; too high, and one of them can keep the others waiting.";
    DNS_SERVER = "LINKPULSE_DNS_SERVER", None, false, "control-plane",
        "Address and port of the name server that is asked whose a domain is, and where webhooks and the targets of links are: `192.0.2.53:53`. Those that the machine asks when absent.";
    UNFURL = "LINKPULSE_UNFURL", Some("true"), false, "control-plane",
        "Whether the pages that links lead to are read, once, for their title, description, picture and icon. Their servers see one request from this installation. The same for all control planes: with `false`, links that wait to be read are forgotten.";
    OUTBOUND_NETWORKS = "LINKPULSE_OUTBOUND_NETWORKS", None, false, "control-plane",
        "Networks that are not public, and which may be asked all the same, for webhooks and for the titles of pages, separated by commas: `10.20.0.0/16,fd00:1::/64`. None when absent. Whatever is reachable there, users of this installation can make it receive requests, and read the titles of its pages.";
    PIPELINE_ADMIN_LISTEN = "LINKPULSE_PIPELINE_ADMIN_LISTEN", Some("127.0.0.1:9082"), false, "pipeline",
        "Address for health checks and metrics. Never public.";
    PIPELINE_CONSUMER = "LINKPULSE_PIPELINE_CONSUMER", None, false, "pipeline",
        "This worker's name in the consumer group, unique among workers. Made from host name and process id when absent.";
    PIPELINE_BATCH_BLOCKS = "LINKPULSE_PIPELINE_BATCH_BLOCKS", Some("64"), false, "pipeline",
        "Blocks in one database transaction. Higher means more clicks a second, and more to repeat after a failure.";
    PIPELINE_CLAIM_IDLE = "LINKPULSE_PIPELINE_CLAIM_IDLE", Some("30s"), false, "pipeline",
        "How long a block may stay with a silent worker before another takes it over. Must exceed the longest transaction, or workers repeat each other's work (harmless, but wasteful).";
    ANALYTICS_ENGINE = "LINKPULSE_ANALYTICS_ENGINE", Some("auto"), false, "cli",
        "`auto`, `postgres` or `timescaledb`: what `linkpulse migrate` lays the click table on, the first time. `auto` takes TimescaleDB where the server has it loaded.";
    LOG = "LINKPULSE_LOG", Some("info"), false, "proxy, control-plane, pipeline, cli",
        "Log filter: a level, or `target=level` pairs separated by commas.";
}

/// The table of `docs/configuration.md`.
pub fn markdown() -> String {
    let mut table = String::from("| Variable | Default | Read by | Meaning |\n|---|---|---|---|\n");
    for setting in ALL {
        let default = setting
            .default
            .map_or("–".to_owned(), |value| format!("`{value}`"));
        let Setting {
            name,
            used_by,
            meaning,
            ..
        } = setting;
        table.push_str(&format!(
            "| `{name}` | {default} | {used_by} | {meaning} |\n"
        ));
    }
    table
}
