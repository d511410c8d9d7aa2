//! QR codes: what is drawn is read again, as a camera would.

use std::io::Cursor;

use image::{ImageFormat, Rgba, RgbaImage};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{App, answer, link_path};

const ADDRESS: &str = "https://go.example.org/print?via=qr";

async fn png(app: &App, link: &Value, query: &str) -> Vec<u8> {
    picture(app, link, &format!("qr.png{query}"), "image/png").await
}

async fn picture(app: &App, link: &Value, path: &str, content_type: &str) -> Vec<u8> {
    let path = format!("{}/{path}", link_path(&link["id"]));
    let response = app
        .request(Method::GET, &path)
        .bearer_auth(&app.key)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert_eq!(response.headers()["content-type"], content_type);
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    response.bytes().await.unwrap().to_vec()
}

fn read(png: &[u8]) -> Option<String> {
    let image = image::load_from_memory_with_format(png, ImageFormat::Png)
        .unwrap()
        .into_luma8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        image.get_pixel(x as u32, y as u32).0[0]
    });
    let grids = prepared.detect_grids();
    let (_, text) = grids.first()?.decode().ok()?;
    Some(text)
}

/// Reads the modules from the shapes.
fn read_svg(svg: &str) -> String {
    let attribute = |name: &str| {
        let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let whole: usize = attribute("viewBox")
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let path = attribute("d");
    let dark: Vec<(usize, usize)> = path
        .split_terminator("h1v1h-1z")
        .map(|module| {
            let (x, y) = module.strip_prefix('M').unwrap().split_once(' ').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect();
    let margin = dark.iter().map(|(x, _)| *x).min().unwrap();
    let grid = rqrr::SimpleGrid::from_func(whole - 2 * margin, |x, y| {
        dark.contains(&(x + margin, y + margin))
    });
    rqrr::Grid::new(grid).decode().unwrap().1
}

pub fn square(colour: [u8; 4], side: u32) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    let image = RgbaImage::from_pixel(side, side, Rgba(colour));
    image.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

async fn put_logo(app: &App, content_type: &str, body: Vec<u8>) -> u16 {
    let request = app
        .request(Method::PUT, "/api/v1/qr-logo")
        .bearer_auth(&app.key);
    answer(request.header("content-type", content_type).body(body))
        .await
        .status
}

#[tokio::test]
async fn a_code_in_any_style_leads_to_the_link_and_says_that_it_was_scanned() {
    let app = App::start().await;
    let link = app.link("print").await;
    for query in [
        "",
        "?size=64&margin=0&level=l",
        "?size=2048&margin=20",
        "?level=q",
        "?level=h&size=201",
        "?colour=1a2b6c&background=%23ffe8d0",
    ] {
        let drawn = png(&app, &link, query).await;
        assert_eq!(read(&drawn).as_deref(), Some(ADDRESS), "{query}");
    }
    let drawn = png(&app, &link, "?size=300&colour=800000").await;
    let image = image::load_from_memory(&drawn).unwrap().into_rgb8();
    assert_eq!((image.width(), image.height()), (300, 300));
    let colours: std::collections::BTreeSet<_> = image.pixels().map(|pixel| pixel.0).collect();
    assert_eq!(
        colours.into_iter().collect::<Vec<_>>(),
        [[128, 0, 0], [255, 255, 255]]
    );

    for query in ["", "?margin=0&level=h&colour=000080"] {
        let svg = picture(&app, &link, &format!("qr.svg{query}"), "image/svg+xml").await;
        let svg = String::from_utf8(svg).unwrap();
        assert_eq!(read_svg(&svg), ADDRESS, "{query}");
    }
}

#[tokio::test]
async fn a_logo_in_the_middle_does_not_hide_too_much() {
    let app = App::start().await;
    let link = app.link("print").await;
    let path = format!("{}/qr.png?logo=true", link_path(&link["id"]));
    let refused = app.get(&path).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["code"]),
        (422, &json!("no_logo"))
    );
    assert_eq!(app.get("/api/v1/qr-logo").await.status, 404);
    for colour in [
        [255, 0, 0, 255],
        [0, 0, 0, 255],
        [255, 255, 255, 255],
        [0, 0, 0, 0],
    ] {
        for side in [1, 90, 700] {
            assert_eq!(put_logo(&app, "image/png", square(colour, side)).await, 204);
            for query in ["?logo=true", "?logo=true&size=160&level=h"] {
                let drawn = png(&app, &link, query).await;
                assert_eq!(
                    read(&drawn).as_deref(),
                    Some(ADDRESS),
                    "{colour:?} {side} {query}"
                );
            }
        }
    }
    put_logo(&app, "image/png", square([255, 0, 0, 255], 90)).await;
    let drawn = image::load_from_memory(&png(&app, &link, "?logo=true").await).unwrap();
    assert_eq!(drawn.into_rgb8().get_pixel(256, 256).0, [255, 0, 0]);
    let svg = picture(&app, &link, "qr.svg?logo=true", "image/svg+xml").await;
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("href=\"data:image/png;base64,iVBOR"), "{svg}");
    let seen = without_modules_below_logo(&svg);
    assert!(seen.len() < svg.len(), "the logo covers nothing");
    assert_eq!(read_svg(&seen), ADDRESS);

    let delete = app.call(Method::DELETE, "/api/v1/qr-logo", None).await;
    assert_eq!(delete.status, 204);
    assert_eq!(
        app.call(Method::DELETE, "/api/v1/qr-logo", None)
            .await
            .status,
        404
    );
}

/// What a camera sees: the modules under the logo are light.
fn without_modules_below_logo(svg: &str) -> String {
    let number = |tag: &str, name: &str| -> f64 {
        let (_, rest) = tag.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let (_, frame) = svg.rsplit_once("<rect").unwrap();
    let (left, top) = (number(frame, "x"), number(frame, "y"));
    let (right, bottom) = (left + number(frame, "width"), top + number(frame, "height"));
    let (before, rest) = svg.split_once(" d=\"").unwrap();
    let (path, after) = rest.split_once('"').unwrap();
    let modules = path.split_inclusive('z').filter(|module| {
        let (x, rest) = module[1..].split_once(' ').unwrap();
        let (y, _) = rest.split_once('h').unwrap();
        let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
        x + 1.0 <= left || x >= right || y + 1.0 <= top || y >= bottom
    });
    let modules: String = modules.collect();
    format!("{before} d=\"{modules}\"{after}")
}

#[tokio::test]
async fn a_code_leads_to_the_domain_of_its_link() {
    let app = App::start().await;
    sqlx::query(
        "insert into domains (domain, workspace_id, created_at, updated_at, revision)
         select 'print.example.com', id, now(), now(), 0 from workspaces",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    // The same code on both: one address in place of the other would lead elsewhere.
    app.link("print").await;
    let body = json!({
        "original_url": "https://example.com/b", "code": "print", "domain": "print.example.com",
    });
    let link = app.create_link(body).await.body;
    let address = "https://print.example.com/print?via=qr";
    let drawn = png(&app, &link, "").await;
    assert_eq!(read(&drawn).as_deref(), Some(address));
    let svg = picture(&app, &link, "qr.svg", "image/svg+xml").await;
    assert_eq!(read_svg(&String::from_utf8(svg).unwrap()), address);
    for (host, address) in [("print.example.com", address), ("go.example.org", ADDRESS)] {
        let request = app
            .request(Method::GET, "/print.qr")
            .header("x-forwarded-host", host);
        let drawn = request.send().await.unwrap().bytes().await.unwrap();
        assert_eq!(read(&drawn).as_deref(), Some(address), "{host}");
    }
}

#[tokio::test]
async fn what_no_camera_could_read_is_refused() {
    let app = App::start().await;
    let link = app.link("print").await;
    for (query, field, code) in [
        ("size=63", "size", "out_of_range"),
        ("size=2049", "size", "out_of_range"),
        ("margin=21", "margin", "out_of_range"),
        ("margin=-1", "margin", "out_of_range"),
        ("size=64&margin=20", "size", "too_small"),
        ("colour=red", "colour", "invalid_colour"),
        ("background=ffff", "background", "invalid_colour"),
        ("colour=ffffff&background=000000", "colour", "too_light"),
        ("colour=000000&background=000000", "colour", "too_light"),
        ("colour=999999", "colour", "too_little_contrast"),
        ("logo=true&level=q", "level", "too_low_for_logo"),
        ("level=x", "level", "invalid_parameter"),
        ("text=other", "text", "unknown_parameter"),
    ] {
        let path = format!("{}/qr.png?{query}", link_path(&link["id"]));
        let refused = app.get(&path).await;
        assert_eq!(refused.status, 422, "{query}");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{query}"
        );
    }
    let mut bomb = square([0; 4], 8);
    // The width that the header claims.
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    for (content_type, body, status) in [
        ("image/jpeg", square([0; 4], 8), 415),
        ("image/png", b"GIF89a".to_vec(), 422),
        ("image/png", Vec::new(), 422),
        ("image/png", bomb, 422),
        ("image/png", vec![0; 65 * 1024], 413),
    ] {
        assert_eq!(put_logo(&app, content_type, body).await, status);
    }
}

#[tokio::test]
async fn visitors_get_the_code_at_the_short_address() {
    let app = App::start().await;
    let link = app.link("print").await;
    app.patch_link(&link["id"], json!({ "password": "secret" }))
        .await;
    let get = async |path: &str| {
        let response = app.visitor(Method::GET, path).send().await.unwrap();
        (
            response.status().as_u16(),
            response.bytes().await.unwrap().to_vec(),
        )
    };
    let (status, drawn) = get("/print.qr").await;
    assert_eq!((status, read(&drawn).as_deref()), (200, Some(ADDRESS)));
    let (status, drawn) = get("/print.qr?size=200").await;
    assert_eq!((status, read(&drawn).as_deref()), (200, Some(ADDRESS)));
    assert_eq!(get("/none.qr").await.0, 404);
    assert_eq!(get("/print.qr?size=1").await.0, 422);
    assert_eq!(get("/print.qr?size=x").await.0, 422);
    assert_eq!(get("/print.qr?size=1024").await.0, 200);
    assert_eq!(get("/print.qr?size=1025").await.0, 422, "for owners only");
    assert_eq!(get("/print.qr?logo=true").await.0, 422);
    app.delete_link(&link["id"]).await;
    assert_eq!(get("/print.qr").await.0, 410);
    let foreign = app.foreign_key().await;
    let path = format!("{}/qr.svg", link_path(&link["id"]));
    assert_eq!(
        answer(app.request(Method::GET, &path).bearer_auth(&foreign))
            .await
            .status,
        404
    );
}
