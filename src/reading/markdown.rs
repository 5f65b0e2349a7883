//! Markdown that a colleague or the operator wrote, as HTML that is safe to show, and as plain words. May import: nothing.
//!
//! HTML in the text is shown as text and never as HTML; what comes of the rest goes through an allow-list all the same.

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::collections::HashSet;
use std::sync::LazyLock;

/// How deep quotes and lists are drawn; what lies deeper is drawn as if it lay there.
const DEEPEST: usize = 32;

/// Most characters that HTML has to name. What parses it looks back at each of them: far more than any page has would take
/// minutes.
const MOST_NAMED: usize = 10_000;

/// The elements that Markdown makes. Pictures are not among them: nothing is fetched.
const ELEMENTS: [&str; 24] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(ELEMENTS))
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        // A page of the desk may lead to another, and to a ticket: to nothing else without a scheme.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("a", "href") => is_address(value).then(|| value.into()),
            ("ol", "start") => value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
});

/// What comes of a text, without its heading of the first rank where that is the page's title already: others of the first
/// rank are drawn as of the second.
pub fn to_html(text: &str) -> String {
    let mut depth = 0;
    let shallow = events(text).filter(move |event| match event {
        Event::Start(_) => {
            depth += 1;
            depth <= DEEPEST
        }
        Event::End(_) => {
            depth -= 1;
            depth < DEEPEST
        }
        _ => true,
    });
    let events = shallow.map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
            level: below_title(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below_title(level))),
        // A block of HTML becomes a paragraph of its text.
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::TaskListMarker(done) => Event::Text(CowStr::Borrowed(if done { "☑ " } else { "☐ " })),
        event => event,
    });
    let mut drawn = String::with_capacity(text.len() * 2);
    html::push_html(&mut drawn, events);
    if drawn.matches('&').count() > MOST_NAMED {
        return as_written(text);
    }
    CLEANER.clean(&drawn).to_string()
}

/// The text itself, escaped.
fn as_written(text: &str) -> String {
    let block = Tag::CodeBlock(CodeBlockKind::Indented);
    let (start, end) = (Event::Start(block), Event::End(TagEnd::CodeBlock));
    let mut drawn = String::with_capacity(text.len() * 2);
    html::push_html(&mut drawn, [start, Event::Text(text.into()), end].into_iter());
    drawn
}

/// The words of a text, without the marks of Markdown.
pub fn to_plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for event in events(text) {
        match event {
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => {
                plain.push_str(&words);
            }
            // Items on one line are told apart.
            Event::Start(Tag::Item) if !plain.trim().is_empty() => plain.push_str(" · "),
            Event::SoftBreak | Event::HardBreak | Event::End(_) if !ends_a_word_within(&event) => {
                plain.push(' ')
            }
            _ => {}
        }
    }
    plain
}

/// `**re**fus` is one word.
fn ends_a_word_within(event: &Event<'_>) -> bool {
    matches!(event, Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link))
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS)
}

/// The page's title is the only heading of the first rank.
fn below_title(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        level => level,
    }
}

/// `https://…`, `http://…`, `mailto:…`, a place on the page, or a page of the desk.
fn is_address(address: &str) -> bool {
    let address = address.trim();
    if address.starts_with('#') || address.starts_with("/docs/") || address.starts_with("/admin/support") {
        return true;
    }
    let scheme = address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    address.contains(':') && ["http", "https", "mailto"].contains(&scheme.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_says_is_drawn() {
        insta::assert_snapshot!(to_html("# Un\n\nUn *mot*, **deux** ~~trois~~ `x<y`.\n\n3. a\n4. b\n\n- [x] fait\n\n> cité\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n[là](/docs/kb/x) <https://ici.example> [ticket](/admin/support/tickets/4)\n"), @r#"
        <h2>Un</h2>
        <p>Un <em>mot</em>, <strong>deux</strong> <del>trois</del> <code>x&lt;y</code>.</p>
        <ol start="3">
        <li>a</li>
        <li>b</li>
        </ol>
        <ul>
        <li>☑ fait</li>
        </ul>
        <blockquote>
        <p>cité</p>
        </blockquote>
        <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>
        <tr><td>1</td><td>2</td></tr>
        </tbody></table>
        <p><a href="/docs/kb/x" rel="noopener noreferrer">là</a> <a href="https://ici.example" rel="noopener noreferrer">https://ici.example</a> <a href="/admin/support/tickets/4" rel="noopener noreferrer">ticket</a></p>
        "#);
    }

    #[test]
    fn nothing_of_a_page_runs_or_loads() {
        let hostile = [
            "<script>alert(1)</script>",
            "Un <b onclick=\"alert(1)\">mot</b> <img src=x onerror=alert(1)>",
            "<svg><animate onbegin=alert(1) attributeName=x></svg>",
            "<svg/onload=alert(1)>",
            "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d](vbscript:x)",
            "[a](&#106;avascript:alert(1)) [b](java\tscript:alert(1)) <javascript:alert(1)>",
            "[a](//evil.example) [b](/\\evil.example) [c](/admin/sign-out) [d](evil.example)",
            "![pixel](https://evil.example/p.png) ![x](javascript:alert(1))",
            "[a](https://ok.example \"x\" onmouseover=alert(1))",
            "<style>*{display:none}</style><link rel=stylesheet href=//evil><base href=//evil>",
            "<iframe src=//evil></iframe><object data=x></object><form action=//evil><input name=csrf></form>",
            "<details open ontoggle=alert(1)>x</details>",
            "<!-- --!><img src=x onerror=alert(1)> -->",
            "`</code><script>alert(1)</script>`",
            "```\n</pre><script>alert(1)</script>\n```",
            "```x\" onclick=\"alert(1)\ncode\n```",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "# T {#x onclick=alert(1)}",
        ];
        for text in hostile {
            let html = to_html(text);
            let tags: Vec<&str> = html
                .split('<')
                .skip(1)
                .map(|tag| tag.trim_start_matches('/').split(['>', ' ', '/']).next().unwrap_or_default())
                .collect();
            assert!(tags.iter().all(|tag| ELEMENTS.contains(tag)), "{text}\n{html}");
            for tag in html.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag) {
                let attributes = tag.split(' ').skip(1).filter_map(|one| one.split_once('='));
                for (name, value) in attributes {
                    assert!(["href", "rel", "start"].contains(&name), "{text}\n{html}");
                    let value = value.trim_matches('"');
                    assert!(
                        name != "href" || is_address(value) && !value.starts_with("//"),
                        "{text}\n{html}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_page_of_brackets_alone_is_drawn_like_any_other() {
        for mark in [">", "- ", "[", "*", "`", "<", "![", "1. ", "|", "&", "~~"] {
            let html = to_html(&mark.repeat(100_000));
            assert!(html.matches("<blockquote>").count() <= DEEPEST, "{mark}");
        }
        let many = to_html(&"<b>&".repeat(10_000));
        assert!(many.starts_with("<pre><code>&lt;b&gt;&amp;") && !many.contains("<b>"));
    }

    #[test]
    fn the_words_of_a_page_are_its_text_without_marks() {
        assert_eq!(
            to_plain("# Un **re**fus\n\n- a [b](https://c.example)\n- `d`\ne")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            "Un refus · a b · d e"
        );
    }
}
