"""HTML from strangers: safe to show, or as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox.html import html_to_text, sanitised
from mailbox.quoting import visible_text

REMOTE = [
    '<img src="https://spy.example/pixel.png">',
    '<img srcset="https://spy.example/1x.png 1x">',
    '<p style="background:url(https://spy.example/p.png)">hi</p>',
    '<td background="https://spy.example/p.png">hi</td>',
    '<link rel="stylesheet" href="https://spy.example/s.css">',
    "<style>@import 'https://spy.example/s.css'; p { background: url(https://spy.example/p.png) }</style>hi",
    '<iframe src="https://spy.example/"></iframe>',
    '<video poster="https://spy.example/p.png"><source src="https://spy.example/v.mp4"></video>',
    '<object data="https://spy.example/o"></object><embed src="https://spy.example/e">',
    '<svg><image href="https://spy.example/i"/></svg>',
    '<form action="https://spy.example/"><input type="image" src="https://spy.example/i"></form>',
    '<meta http-equiv="refresh" content="0;url=https://spy.example/">',
    '<base href="https://spy.example/">',
    '<body background="https://spy.example/p.png">hi</body>',
    '<div><!--[if mso]><img src="https://spy.example/i"><![endif]--></div>',
]


@pytest.mark.parametrize("html", REMOTE)
def test_nothing_remote_is_ever_loaded(html):
    assert "spy.example" not in sanitised(html)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">hi</p>',
        '<a href="javascript:alert(1)">hi</a>',
        '<a href="data:text/html,alert(1)">hi</a>',
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_runs(html):
    cleaned = sanitised(html)

    assert "alert" not in cleaned or "&lt;" in cleaned
    assert "<img" not in cleaned


def test_words_links_and_tables_are_kept():
    html = '<h1>Hi</h1><p>See <a href="https://a.example/x" target="_blank">this</a></p><table><tr><td colspan="2">1</td></tr></table>'

    cleaned = sanitised(html)

    assert 'href="https://a.example/x"' in cleaned
    assert 'rel="noopener noreferrer nofollow"' in cleaned
    assert '<td colspan="2">1</td>' in cleaned
    assert "target" not in cleaned


@pytest.mark.parametrize(
    "html", ["<div>" * 200 + "deep", "<div></x>" * 30_000 + "many", "<p>long</p>" * 40_000, "<b><p>" * 6_000]
)
def test_what_is_too_much_for_the_sanitiser_is_shown_as_text(html):
    assert sanitised(html).startswith("<pre>")


def test_html_becomes_text_with_its_quotes_marked():
    html = (
        "<html><head><title>T</title><style>p { color: red }</style></head><body><p>Half&nbsp;of it,<br>Olga &amp; co.</p>"
        '<div class="gmail_quote">On Wed, Apr 30, 2025 at 9:00 AM Olga &lt;olga@acme.example&gt; wrote:<br>'
        '<blockquote class="gmail_quote">Is it full?</blockquote></div><script>var x = "<p>";</script></body></html>'
    )

    text = html_to_text(html)

    assert "Half of it,\nOlga & co." in text.replace("\u00a0", " ")
    assert ">> Is it full?" in text
    assert "color" not in text
    assert "var x" not in text


@pytest.mark.parametrize(
    "quote",
    [
        '<blockquote type="cite">old words</blockquote>',
        '<div class="yahoo_quoted">old words</div>',
        '<div id="divRplyFwdMsg">From: Olga</div><div>old words</div>',
        '<div id="appendonsend"></div><hr><div>old words</div>',
        "<hr><p><b>From:</b> Olga<br><b>Sent:</b> Wednesday<br><b>To:</b> Bert<br><b>Subject:</b> x</p><p>old words</p>",
        '<div class="moz-cite-prefix">On 30.04.25 09:00, Olga wrote:<br></div><blockquote>old words</blockquote>',
        '<div class="protonmail_quote">On Wednesday, April 30th, 2025, Olga wrote:<blockquote>old words</blockquote></div>',
    ],
)
def test_the_quotes_of_html_programs_are_left_out(quote):
    assert visible_text(html_to_text(f"<div>Half of it.</div>{quote}")) == "Half of it."


@given(st.text(alphabet="<>/!-abdivpscrtle=\"' &;#x\n", max_size=2_000))
def test_any_html_is_cleaned_and_read(html):
    assert "<script" not in sanitised(html)
    assert isinstance(html_to_text(html), str)
