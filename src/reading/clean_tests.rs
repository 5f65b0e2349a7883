//! The classes of attack that mails have carried, and the looks that must survive them.

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

fn cleaned(html: &str) -> String {
    clean(html, HashMap::new(), false).unwrap().html
}

#[test]
fn no_known_way_to_run_a_script_is_left() {
    for attack in [
        "<script>pwned()</script>",
        "<scr<script>ipt>pwned()</scr</script>ipt>",
        "<img src=x onerror=pwned()>",
        "<img src=\"x` `<script>pwned()</script>\"` `>",
        "<svg onload=pwned()>",
        "<svg><animate attributeName=href values=\"javascript:pwned()\" /><a id=x><text x=20 y=20>x</text></a></svg>",
        "<svg><set attributeName=onmouseover to=pwned()></svg>",
        "<svg><style><img src=x onerror=pwned()></style></svg>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=pwned()>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=pwned()&gt;\">",
        "<math><annotation-xml encoding=\"text/html\"><script>pwned()</script></annotation-xml></math>",
        "<style>@import 'https://evil.example/x.css'; *{background:url(https://evil.example)}</style>",
        "<link rel=stylesheet href=https://evil.example/x.css>",
        "<a href=\"javascript:pwned()\">x</a>",
        "<a href=\" &#14; java\nscript&colon;pwned()\">x</a>",
        "<a href=\"JaVaScRiPt:pwned()\">x</a>",
        "<a href=\"vbscript:pwned()\">x</a>",
        "<a href=\"data:text/html;base64,PHNjcmlwdD5wd25lZCgpPC9zY3JpcHQ+\">x</a>",
        "<a href=\"/admin/support/tickets/1\">x</a>",
        "<a href=\"//evil.example/\">x</a>",
        "<img src=\"data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9cHduZWQoKT4=\">",
        "<img src=\"data:text/html,<script>pwned()</script>\">",
        "<img src=javascript:pwned()>",
        "<img srcset=\"https://evil.example/a.png 1x\">",
        "<picture><source srcset=https://evil.example/a.webp><img src=x></picture>",
        "<video poster=https://evil.example/a.png src=x autoplay onloadstart=pwned()>",
        "<body background=https://evil.example/a.png onload=pwned()>",
        "<table background=https://evil.example/a.png>",
        "<form action=https://evil.example><button formaction=javascript:pwned()>x</button><input autofocus onfocus=pwned()></form>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
        "<base href=https://evil.example/>",
        "<iframe srcdoc=\"<script>pwned()</script>\"></iframe>",
        "<object data=https://evil.example/x.swf></object><embed src=https://evil.example/x.swf>",
        "<!--[if gte IE 4]><script>pwned()</script><![endif]-->",
        "<!--><script>pwned()</script>-->",
        "<!--a--!><script>pwned()</script>",
        "<noscript><p title=\"</noscript><img src=x onerror=pwned()>\"></noscript>",
        "<textarea><img title=\"</textarea><script>pwned()</script>\"></textarea>",
        "<template><script>pwned()</script></template>",
        "<xmp><img alt=\"</xmp><script>pwned()</script>\"></xmp>",
        "<table><td><table><td><script>pwned()</script></table><svg><g/onload=pwned()></table>",
        "<p style=\"background:url(https://evil.example/a.png)\">x</p>",
        "<p style=\"background:\\75rl(https://evil.example/a.png)\">x</p>",
        "<p style=\"background:u/**/rl(https://evil.example/a.png)\">x</p>",
        "<p style=\"width:expression(pwned())\">x</p>",
        "<p style=\"position:fixed;inset:0;z-index:9;opacity:0;display:none\">x</p>",
        "<p style=\"background-image:image-set('https://evil.example/a.png' 1x)\">x</p>",
        "<details open ontoggle=pwned()>x</details>",
        "<a href=https://a.example id=x name=y class=z target=_top rel=opener>x</a>",
    ] {
        let html = cleaned(attack);
        for sign in [
            "<script",
            "<svg",
            "<math",
            "<style",
            "<link",
            "<meta",
            "<base",
            "<iframe",
            "<object",
            "<embed",
            "<form",
            "<input",
            "<button",
            "<video",
            "<details",
            "<!--",
            "javascript",
            "vbscript",
            "srcset",
            "url(",
            "expression",
            "position",
            "opacity",
            "display",
            "evil.example",
            "data:text",
            "svg+xml",
            "_top",
            "opener\"",
            " id=",
            " class=",
            " name=",
        ] {
            // Words that were never a tag may stay as words.
            let markup: String =
                html.split('<').skip(1).filter_map(|tag| tag.split('>').next()).collect::<Vec<_>>().join("<");
            let markup = format!("<{}", markup.to_lowercase());
            let inside_alt = attack.contains("alt=") || attack.contains("title=");
            assert!(inside_alt || !markup.contains(sign), "{attack}\n{sign}: {html}");
        }
        assert_eq!(events(&html), 0, "{attack}\n{html}");
    }
}

/// How many attributes of the elements in `html` are handlers of events, as a browser would find them.
fn events(html: &str) -> usize {
    let mut reader = super::super::markup::Reader::of(html);
    let mut found = 0;
    while let Some(piece) = reader.next() {
        if let super::super::markup::Piece::Open(tag) = piece {
            found += ["onerror", "onload", "onclick", "onfocus", "ontoggle", "onmouseover", "onloadstart"]
                .into_iter()
                .filter(|event| tag.attribute(event).is_some())
                .count();
            assert!(ELEMENTS.contains(&tag.name.as_str()), "{}: {html}", tag.name);
        }
    }
    found
}

#[test]
fn cleaning_again_changes_nothing() {
    for html in [
        "<table><tr><td bgcolor=\"#fff\"><p style='color:red'>a <b>b<i>c</b>d</i></td></tr></table>",
        "<a href='https://a.example/?b=1&amp;c=2'>x</a><ul><li>y</ul><h1>z</h1><pre>\n  a\n</pre>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=pwned()&gt;\">",
        "<p><font color=red>a<p>b</font><div>c<hr>d</div>&lt;script&gt;",
    ] {
        let once = cleaned(html);
        assert_eq!(cleaned(&once), once, "{html}");
    }
}

#[test]
fn looks_that_cannot_harm_stay() {
    for (html, kept) in [
        (
            "<p style=\"color: #1f497d; font-size: 11.0pt\">x</p>",
            "<p style=\"color:#1f497d;font-size:11.0pt;\">x</p>",
        ),
        ("<td>x", "x"),
        ("<font color=red>x</font>", "<font color=\"red\">x</font>"),
        (
            "<p style=\"font-size:1px;margin:-9em;background:rgb(1, 2, 3)\">x</p>",
            "<p style=\"background:rgb(1, 2, 3);\">x</p>",
        ),
        ("<img src=x alt=\"a < b\" width=10 height=\"1e9\">", "<img alt=\"a < b\" width=\"10\">"),
    ] {
        assert_eq!(cleaned(html).replace("&lt;", "<"), kept, "{html}");
    }
    assert_eq!(
        cleaned("<a href=\"https://a.example/x\">x</a> <a href=mailto:a@b.example>y</a>"),
        "<a href=\"https://a.example/x\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">x</a> \
         <a href=\"mailto:a@b.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">y</a>"
    );
}

#[test]
fn pictures_from_elsewhere_are_left_out_until_they_are_asked_for() {
    let html = "<img src=\"http://a.example/1.png\"><img src=//a.example/2.png><IMG SRC=' https://a.example/3.png '><img src=ftp://a.example/4.png>";
    let held = clean(html, HashMap::new(), false).unwrap();
    assert_eq!((held.left_out, held.html.matches(BLANK).count()), (3, 3));
    assert!(!held.html.contains("a.example"), "{}", held.html);
    let asked = clean(html, HashMap::new(), true).unwrap();
    assert_eq!(
        (asked.left_out, asked.html.matches("\"https://a.example/").count()),
        (0, 3),
        "{}",
        asked.html
    );
}

#[test]
fn pictures_of_the_mail_are_shown_in_place_as_often_as_there_is_room() {
    let small = data_url(PNG).unwrap();
    let large = format!("{small}{}", "A".repeat(5 << 20));
    let pictures = HashMap::from([("logo 1@x".to_owned(), small.clone()), ("big@x".to_owned(), large)]);
    let html =
        "<img src=\"cid:LOGO%201@x\"><img src=cid:big@x><img src=cid:big@x alt=encore><img src=cid:other@x>";
    let shown = clean(html, pictures, false).unwrap().html;
    assert_eq!(shown.matches("src=").count(), 2, "a second big one has no room");
    assert!(shown.contains(&format!("<img src=\"{small}\">")) && shown.contains("<img alt=\"encore\">"));
    let enclosed = format!("<img src=\"{small}\">");
    assert_eq!(cleaned(&enclosed), enclosed);
    assert_eq!(data_url(b"<svg onload=pwned()>"), None);
}

#[test]
fn the_pictures_of_a_page_are_found_without_reading_it() {
    let found = pictures(
        "<p><img alt='' src='cid:A%40b'><IMG src=https://a.example/x><imgx src=cid:no><img src=cid:c>",
    );
    assert!(found.remote);
    assert_eq!(found.parts, HashSet::from(["a@b".to_owned(), "c".to_owned()]));
    assert_eq!(pictures("<img <img <img"), Pictures::default());
    for piece in ["<", "<img ", "<img src=cid:", "<img src=cid:a>"] {
        pictures(&piece.repeat(200_000));
    }
}

#[test]
fn what_would_take_the_parser_long_is_not_given_to_it() {
    assert_eq!(clean(&"x".repeat(LONGEST + 1), HashMap::new(), false), Err(Unshown::TooLarge));
    for element in ["<div>", "<b>", "<table><tr><td>", "<font color=x>"] {
        assert_eq!(clean(&element.repeat(10_000), HashMap::new(), false), Err(Unshown::TooDeep), "{element}");
    }
}
