//! The words that tell who sends a request. How they are looked up: [`Row`].

use super::names::AgentKind::{self, Bot, Person, PreviewFetch, Scanner};
use super::words::Row;

#[rustfmt::skip]
pub(super) const KINDS: &[Row<AgentKind>] = &[
    // Somebody whose telephone or app has a name that holds a word of the rows below.
    (Person, &[
        "cubot", "camscanner",
        "fban/", "fbav/", "fb_iab/", "instagram ", // they tell the network's name, too
    ]),
    (PreviewFetch, &[
        "facebookexternalhit", // Facebook, Instagram, iMessage, LINE, KakaoTalk
        "meta-externalhit", "meta-externalfetcher", "facebot",
        "^whatsapp", // WhatsApp, Signal
        "twitterbot", "telegrambot", "discordbot", "linkedinbot", "redditbot", "^viber",
        "slackbot", "slack-imgproxy",
        "skypeuripreview", // Skype, Teams
        "pinterestbot", "pinterest.com/bot", "^pinterest/0.",
        "snap url preview",
        "google-pagerenderer", "googlemessages", "google web preview",
        "bluesky", "mastodon", "pleroma", "akkoma", "misskey", "summalybot", "friendica", "^lemmy",
        "synapse (bot", // Matrix
        "mattermost-bot", "groupmebot", "keybasebot", "steamchaturllookup", "gg peekbot",
        "dingtalkbot-linkservice", "vkshare", "vkrobot", "odklbot", "quora-bot", "flipboardproxy",
        "^tumblr/", "^notion/", "evernoterichlink", "discourse forum onebox",
        "embedly", "iframely", "opengraph.io",
        "link preview", "linkpreview", "link-preview", "urlpreview", "unfurl",
    ]),
    (Scanner, &[
        "nikto", "sqlmap", "nessus", "openvas", "acunetix", "wpscan", "wpsec", "nuclei", "zgrab",
        "projectdiscovery", "masscan", "nmap", "dirbuster", "gobuster", "feroxbuster",
        "fuzz faster", "zmeu", "whatweb", "netsparker", "invicti", "qualys", "tenable",
        "detectify", "probely", "assetnote", "foregenix", "hardenize", "sucuri", "ssl labs",
        "securityheaders", "censys", "palo alto networks", "shodan", "leakix", "l9explore",
        "l9tcpid", "l9scan", "internetmeasurement", "internet-measurement", "netcraft",
        "binaryedge", "bitsight", "securityscorecard", "watchtowr", "cloudflare-radar",
        "cloudflare-ssldetector", "scanner", "scanning", "vulnerab", "pentest",
        // Those that try the links of a mail or of a chat before anybody may.
        "barracuda", "proofpoint", "mimecast", "fortiguard", "bluecoat drtr", "safedns",
        "virustotal", "urlscan.io", "google-safety",
    ]),
    // Programs in a browser's clothes. The others need no row: they do not say "Mozilla".
    (Bot, &[
        "headless", "phantomjs", "puppeteer", "playwright", "selenium", "cypress/", "powershell",
        "lighthouse", "pagespeed", "page speed", "ptst/", "gtmetrix", "synthetic", "site24x7",
        "statuscake", "catchpoint", "gomezagent", "dmbrowser", "pingdom", "siteimprove",
        "observatory", "diagnostics", "inspect", "monitor", "checker", "linkcheck", "validator",
        "google-", "-google", "googleother", "google favicon", "google search", "slurp", "nutch",
        "-user/", // ChatGPT-User, Claude-User, Perplexity-User
        "ms-office", // asks before it opens the browser, which then asks again
        "wechatdevtools",
        "bot/", "bot;", "bot,", "bot)", "bot-", "bot.", "bot+", "bot (", "bot$", "bots", "robot",
        "crawl", "spider", "scrap", "scan/", "fetcher", "preview", "archive", "proxy", "feed",
        "rss/", "parser", "transcoder", " agent)", "-agent", "agent/",
        "http", "www.", ".com/", ".com)", "; +", "(unknown; linux x",
    ]),
    (Person, &["compatible; msie", "konqueror"]),
    (Bot, &["compatible;", "compatible)"]),
    // What every browser says. `Agent::parse` has a second look at these.
    (Person, &[
        "mozilla/", "applewebkit", "gecko/", "ucbrowser", "^opera/", "^lynx/", "^w3m/", "^links (",
        "^elinks/",
    ]),
];
