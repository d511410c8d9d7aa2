//! The words that tell the browser, the operating system and the device. How they are looked up:
//! [`Row`].

use super::names::Browser::{self, Chrome, Edge, Firefox, InApp, Opera, Safari, Samsung};
use super::names::Device::{self, Console, Desktop, Mobile, Tablet, Tv};
use super::names::Os::{self, Android, ChromeOs, Ios, Linux, MacOs, Windows};
use super::words::Row;

/// A browser built on another says the other's name as well, behind its own.
#[rustfmt::skip]
pub(super) const BROWSERS: &[Row<Browser>] = &[
    (InApp, &[
        "fban/", "fbav/", "fb_iab", "metaiab", "instagram", "barcelona ", // Threads
        "musical_ly", "bytedancewebview", "trill_", // TikTok
        "snapchat/", "linkedinapp", "twitter for", "twitterandroid", "[pinterest/", "reddit/",
        "micromessenger", " line/", "kakaotalk ", "naver(", "telegram-android", "gsa/",
    ]),
    (Edge, &["edg/", "edga/", "edgios/", "edge/", "edgw/"]),
    (Opera, &["opr/", "opera/", "opera mini", "opt/", "opx/", "opios/"]),
    (Samsung, &["samsungbrowser/"]),
    (Browser::Other, &[
        "yabrowser/", "yasearchbrowser/", "ucbrowser", "vivaldi", "duckduckgo/", "ddg/",
        "huaweibrowser/", "miuibrowser/", "heytapbrowser/", "vivobrowser/", "qqbrowser/", "whale/",
        "silk/", "msie ", "trident/", "electron/", "konqueror", "seamonkey/", "palemoon/",
        "puffin/", "maxthon", "coc_coc", "alohabrowser/", "ecosia", "epiphany/", "falkon/",
        "oculusbrowser", "phoenix/",
    ]),
    (InApp, &["; wv)", "version/4.0 chrome/"]),
    (Firefox, &["firefox/", "fxios/", "focus/"]),
    (Chrome, &["chrome/", "crios/", "chromium/"]),
    (Safari, &["safari/"]),
    (InApp, &["(khtml, like gecko) mobile/"]),
];

#[rustfmt::skip]
pub(super) const SYSTEMS: &[Row<Os>] = &[
    // They claim to be "like Android", "like iPhone", "Linux", "Windows NT".
    (Os::Other, &[
        "; xbox", "windows phone", "tizen", "webos", "web0s", "kaios", "openharmony", "apple tv",
        "appletv", "bsd", "playstation", "nintendo",
    ]),
    (Android, &["android", "andr0id", "; adr ", "silk/", "oculusbrowser"]),
    (Ios, &["iphone", "ipad", "ipod"]),
    (ChromeOs, &["cros "]),
    (Windows, &["windows"]),
    (MacOs, &["macintosh", "mac os x", "macos"]),
    (Linux, &["linux", "x11", "ubuntu"]),
];

#[rustfmt::skip]
pub(super) const DEVICES: &[Row<Device>] = &[
    (Console, &["playstation", "; xbox", "nintendo"]),
    (Device::Other, &["oculusbrowser", "tesla/"]),
    (Tv, &[
        "smart-tv", "smarttv", "smart tv", "googletv", "google tv", "android tv", "androidtv",
        "apple tv", "appletv", "hbbtv", "web0s", "webos.tv", "netcast", "bravia", "roku", "crkey",
        "viera", "nettv", " tv safari", "safari/537.36 tv", "tvbox", "tv box",
        "; aft", // Fire TV
        "andr0id", // so written by televisions on which the real name would start an app
    ]),
    (Tablet, &["ipad"]),
    (Mobile, &["iphone", "ipod"]),
    (Desktop, &["tablet pc 2"]), // Windows 7 with a pen
    (Tablet, &["tablet", "kindle", "playbook"]),
    (Mobile, &[
        "mobi", "^instagram", "^dalvik/", "crios/", "fxios/", "edgios/", "opera mini", "windows phone",
        "kaios", "blackberry", "symbian", "midp",
    ]),
    // Android says "Mobile" on a telephone.
    (Tablet, &["android", "silk/"]),
    (Desktop, &["windows", "macintosh", "mac os x", "linux", "x11", "cros ", "bsd", "(pc;"]),
];
