"""Each check finds what it is for, where it is, and leaves an ordinary mail alone."""

# ruff: noqa: RUF001 - the letters of other alphabets are meant

import json
import time

import pytest

from campaigns.answers import AuditAnswer, DraftAnswer
from campaigns.checks import Kind, Rules, Where, check, placed
from campaigns.facts import Claim, Draft, Facts

LEAD = {
    "first_name": "James",
    "last_name": "Butt",
    "company": "Benton & Söhne GmbH",
    "title": "Head of Weaving",
    "city": "New Orleans",
    "employees": "1,200",
}
BRIEF = (
    "We mend industrial looms within 24 hours.",
    "Customers such as Tejidos Rojas keep a loom for 12.5 years.",
    "There is no obligation in our first visit.",
)
FACTS = Facts(
    lead=LEAD,
    brief=BRIEF,
    sender={"name": "Olga Petrova", "company": "Acme Looms", "email": "olga@acme.example"},
    links=("https://acme.example/looms", "https://www.acme.example"),
)
FILLER = "Would it be useful to talk about this in the coming weeks, or is somebody else the right person?"


def written(*sentences):
    """A draft of (text, sources…) tuples, with a filler that states no fact."""
    parts = [{"text": text, "sources": list(sources)} for text, *sources in (*sentences, (FILLER,))]
    paragraphs = [{"sentences": parts}]
    answer = {"subject": "A question about looms", "paragraphs": paragraphs}
    return DraftAnswer.model_validate_json(json.dumps(answer)).draft()


def edited(body, subject="A question about looms"):
    """A draft that a person has typed: no claims."""
    return Draft(subject, f"{body}\n\n{FILLER}" if body else FILLER)


def found(draft, facts=FACTS, **rules):
    return [
        (one.kind, (draft.body if one.where is Where.BODY else draft.subject)[one.start : one.end])
        for one in check(draft, facts, Rules(**rules))
    ]


GOOD = (
    ("Hello James,", "lead.first_name"),
    (
        "I am writing to you as Head of Weaving at Benton & Söhne in New Orleans.",
        "lead.title",
        "lead.company",
        "lead.city",
    ),
    ("We mend industrial looms within 24 hours.", "brief.1"),
    ("Tejidos Rojas keeps a loom for 12.5 years.", "brief.2"),
    ("With 1200 people you surely run many of them.", "lead.employees"),
    ("I'd be glad to call you for 15 minutes on Monday.",),
    ("You can read more at https://acme.example/looms.", "brief.1"),
    ("Kind regards, Olga Petrova", "sender.name"),
)


def test_an_ordinary_mail_has_no_finding():
    assert found(written(*GOOD)) == []


def test_a_german_mail_has_no_finding():
    facts = Facts(
        lead={"last_name": "Müller", "company": "Weberei Krause GmbH", "city": "Aachen"},
        brief=("Wir reparieren Webstühle innerhalb von 24 Stunden.",),
        sender={"name": "Olga Petrova"},
    )
    draft = written(
        ("Sehr geehrte Frau Müller,", "lead.last_name"),
        ("ich schreibe Ihnen, weil die Weberei Krause in Aachen arbeitet.", "lead.company", "lead.city"),
        (
            "Wir reparieren Webstühle innerhalb von 24 Stunden, auch am Wochenende ist das Telefon besetzt.",
            "brief.1",
        ),
        ("Passt Ihnen ein Gespräch in der nächsten Woche?",),
        ("Mit freundlichen Grüßen, Olga Petrova", "sender.name"),
    )

    assert found(draft, facts) == []


@pytest.mark.parametrize(
    "leftover",
    [
        *(
            "{{first_name}}",
            "{{ company }}",
            "{first_name}",
            "${name}",
            "#{name}",
            "[Name]",
            "[Your Company]",
            "%NAME%",
        ),
        *(
            "%FIRST_NAME%",
            "%(name)s",
            "<<name>>",
            "<First Name>",
            "*|FNAME|*",
            "##name##",
            "__NAME__",
            "{% if x %}",
        ),
        *(
            "$first_name",
            "lead.company",
            "brief.2",
            "sender.name",
            "{{",
            "first_name",
            "[object Object]",
            "XXX",
            "____",
        ),
        *("N/A", "［Name］", "｛name｝"),
    ],
)
def test_a_placeholder_is_found_where_it_stands(leftover):
    hits = [text for kind, text in found(edited(f"I write about {leftover} today.")) if kind is Kind.VARIABLE]

    assert hits
    assert all(hit in leftover for hit in hits)


@pytest.mark.parametrize(
    "greeting",
    ["Hi ,", "Hello ,", "Dear ,", "Dear,", "Hi  !", "Hello None,", "Hi undefined,", "Hi null!", "Dear Mr. ,",
     "Sehr geehrter Herr ,", "Bonjour ,", "Hallo ,"],
)  # fmt: skip
def test_a_greeting_without_a_name_is_found(greeting):
    assert Kind.VARIABLE in [kind for kind, _ in found(edited(greeting))]


@pytest.mark.parametrize("greeting", ["Hello,", "Hi James,", "Guten Tag,", "Good morning,", "Hello James!"])
def test_a_greeting_that_needs_no_name_is_left_alone(greeting):
    assert found(edited(greeting)) == []


@pytest.mark.parametrize(
    "link",
    [
        *(
            "https://evil.example/x",
            "http://evil.example",
            "HTTPS://EVIL.EXAMPLE",
            "www.evil.example",
            "evil.com",
        ),
        *(
            "evil.co.uk/path?x=1",
            "acme.example.evil.com",
            "https://acme.example@evil.com/",
            "acme.example/other",
        ),
        *(
            "https://acme.example/looms?utm=1",
            "bit.ly/3xYz",
            "https://t.co/abc",
            "xn--cme-8cd.example",
            "аcme.example",
        ),
        *(
            "аcme.example/looms",
            "evil。com",
            "ｅｖｉｌ.com",
            "evil[.]com",
            "evil dot com",
            "evil (dot) com",
            "evil .com",
        ),
        *(
            "javascript:alert(1)",
            "mailto:x@evil.com",
            "tel:+15550100",
            "data:text/html,x",
            "ftp://evil.example",
        ),
        *("192.168.0.1", "http://127.0.0.1/x", "hxxp://evil.example", "münchen.de", "пример.рф", "EVIL.COM"),
        *("evil.io", "evil.unknowntld/path", "tg:resolve", "//evil.com/x"),
    ],
)
def test_a_link_that_the_brief_does_not_list_is_found(link):
    kinds = [kind for kind, _ in found(edited(f"Please see {link} for more about it."))]

    assert Kind.LINK in kinds or Kind.ADDRESS in kinds


@pytest.mark.parametrize(
    "link",
    [
        *(
            "https://acme.example/looms",
            "https://acme.example/looms.",
            "(https://acme.example/looms)",
            "acme.example",
        ),
        *(
            "www.acme.example",
            "http://acme.example/looms/",
            "https://ACME.example/looms",
            "“acme.example/looms”",
        ),
    ],
)
def test_a_link_that_the_brief_lists_is_left_alone(link):
    assert found(edited(f"There is more at {link} about it.")) == []


@pytest.mark.parametrize(
    "text", ["e.g. a loom", "i.e. a loom", "at 3 p.m. or so", "No. 5", "z.B. so", "version 2.0", "Ph.D."]
)
def test_an_abbreviation_is_no_link(text):
    assert [kind for kind, _ in found(edited(f"It may be {text} that helps."))] == []


def test_a_link_is_marked_without_the_sentence_around_it():
    assert (Kind.LINK, "evil.com/x") in found(edited("See (evil.com/x)."))


@pytest.mark.parametrize(
    "address", ["bob@rival.example", "bob at rival dot com", "bob [at] rival.com", "BOB@RIVAL.EXAMPLE"]
)
def test_another_persons_address_is_found_and_ours_is_not(address):
    assert Kind.ADDRESS in [kind for kind, _ in found(edited(f"Write to {address} instead."))]
    assert found(edited("Write to olga@acme.example instead.")) == []


@pytest.mark.parametrize(
    ("sentence", "kind", "words"),
    [
        (("We mend looms in 12 hours.", "brief.1"), Kind.UNSUPPORTED, "12"),
        (("You have 1,201 people.", "lead.employees"), Kind.UNSUPPORTED, "1,201"),
        (("It saves 40% of the cost.", "brief.1"), Kind.UNSUPPORTED, "40"),
        (("It saves thousands.", "brief.1"), Kind.UNSUPPORTED, "thousands"),
        (("It lasts 125 years.", "brief.2"), Kind.UNSUPPORTED, "125"),
        (("I saw that Google works with you.", "lead.company"), Kind.UNSUPPORTED, "Google"),
        (("Microsoft uses our looms.", "brief.1"), Kind.UNSUPPORTED, "Microsoft"),
        (("Northern Mills has grown.", "brief.1"), Kind.UNSUPPORTED, "Northern"),
        (("You are in Baton Rouge, I read.", "lead.city"), Kind.UNSUPPORTED, "Baton"),
        (("Hello Jim,", "lead.first_name"), Kind.UNSUPPORTED, "Jim"),
        (("Hello James,",), Kind.SOURCE, "James"),
        (("I saw you in New Orleans.", "lead.company"), Kind.SOURCE, "Orleans"),
        (("You have 40 looms.", "lead.looms"), Kind.SOURCE, "You have 40 looms."),
        (("You mend looms.", "brief.9"), Kind.SOURCE, "You mend looms."),
        (("You mend looms.", "a hunch"), Kind.SOURCE, "You mend looms."),
        (("Our iPhone app helps.", "brief.1"), Kind.UNSUPPORTED, "iPhone"),
    ],
)
def test_a_sentence_that_says_more_than_its_sources_is_found(sentence, kind, words):
    assert (kind, words) in found(written(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        *(
            "Your looms stood still for weeks last winter.",
            "You already lost a large customer by it.",
            "I heard that you are about to close a plant.",
            "The company recently hired a new head of weaving.",
            "Your head office said that looms break too often.",
            "You've struggled with repairs for years.",
            "I know that your team spends its evenings on repairs.",
        ),
        *(
            "Ich weiß, dass Sie Probleme mit den Maschinen haben: Sie haben lange gewartet.",
            "Vous avez perdu un client.",
            "Ustedes tienen un problema.",
        ),
    ],
)
def test_what_is_said_about_the_reader_needs_a_source(sentence):
    """Guards against an auditor that is fooled: neither a name nor a number gives such a sentence away."""
    said = (Kind.SOURCE, sentence)

    assert said in found(written((sentence,)))
    assert said not in found(written((sentence, "brief.1")))


@pytest.mark.parametrize(
    "sentence",
    [
        *(
            "If you are the wrong person, a short no is just as welcome.",
            "I'd be glad to show it to you next week.",
            "Let me know whether you have a moment.",
            "I look forward to your answer.",
            "Please tell me when you have time.",
            "You can answer in one line.",
            "Would you say that your looms are old?",
            "I wrote to you a few days ago and would not want it to get lost.",
            "I hope you are well.",
        ),
        *("Wenn Sie Interesse haben, antworten Sie kurz.", "Si vous avez un moment, je vous appelle."),
    ],
)
def test_a_wish_or_a_question_needs_none(sentence):
    assert found(written((sentence,))) == []


def test_german_names_are_found_although_every_noun_has_a_capital():
    draft = written(
        ("Wir haben mit der Deutschen Bahn über die Wartung der Maschinen gesprochen.", "brief.1")
    )

    assert (Kind.UNSUPPORTED, "Bahn") in found(draft)
    assert "Wartung" not in [text for _, text in found(draft)]


def test_a_part_without_a_sentence_is_found():
    draft = Draft("A question about looms", f"{FILLER} Google loves us.", (Claim(0, len(FILLER), ()),))

    assert (Kind.SOURCE, " Google loves us.") in found(draft)


def test_what_a_person_typed_is_not_asked_for_sources():
    assert found(edited("I met Ada in Paris, where 40 looms stand.")) == []


@pytest.mark.parametrize("subject", ["Looms at Google", "40 looms for you"])
def test_a_subject_says_only_what_some_fact_says(subject):
    draft = written(*GOOD)

    assert Kind.UNSUPPORTED in [kind for kind, _ in found(Draft(subject, draft.body, draft.claims))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We guarantee success.", Kind.FORBIDDEN),
        ("It is risk-free.", Kind.FORBIDDEN),
        ("You have won a prize.", Kind.FORBIDDEN),
        ("Please send me your password.", Kind.FORBIDDEN),
        ("As discussed, here it is.", Kind.FORBIDDEN),
        ("As an AI language model I write this.", Kind.FORBIDDEN),
        ("Here is the email you asked for.", Kind.FORBIDDEN),
        ("Subject: looms", Kind.FORBIDDEN),
        ("THIS IS GREAT", Kind.TONE),
        ("Wow!! Looms!", Kind.TONE),
        ("A loom 🚀 for you", Kind.TONE),
        ("**Bold** looms", Kind.TONE),
        ("a\u200bb", Kind.HIDDEN),
        ("a\u202eb", Kind.HIDDEN),
        ("a\U000e0041b", Kind.HIDDEN),
        ("a\x07b", Kind.HIDDEN),
        ("a\u00adb", Kind.HIDDEN),
        ("a\u200db", Kind.HIDDEN),
        ("pаypal", Kind.HIDDEN),
        ("our key is sk-proj-abcdefgh12345678", Kind.SECRET),
        ("our key is AKIAIOSFODNN7EXAMPLE", Kind.SECRET),
        ("-----BEGIN PRIVATE KEY-----", Kind.SECRET),
        ("card 4111 1111 1111 1111", Kind.SECRET),
        ("DE89 3704 0044 0532 0130 00", Kind.SECRET),
    ],
)
def test_what_does_not_belong_into_a_mail_is_found(text, kind):
    assert kind in [one for one, _ in found(edited(f"Well, {text} and so on."))]


def test_joiners_are_spelling_in_persian():
    draft = edited("می\u200cخواهم درباره دستگاه‌های شما بپرسم و امیدوارم که وقت داشته باشید")

    assert Kind.HIDDEN not in [kind for kind, _ in found(draft)]


def test_what_the_brief_says_itself_may_be_said():
    assert found(written(("There is no obligation in our first visit.", "brief.3"))) == []


def test_a_workspace_forbids_words_of_its_own():
    assert found(edited("It is a Game-Changer for you."), forbidden=("game-changer",)) == [
        (Kind.FORBIDDEN, "Game-Changer")
    ]


@pytest.mark.parametrize("subject", ["Re: looms", "FWD: looms", "AW: looms", "re : looms"])
def test_a_subject_that_pretends_to_be_an_answer_is_found(subject):
    assert Kind.FORBIDDEN in [kind for kind, _ in found(edited("", subject))]


@pytest.mark.parametrize("subject", ["", " ", "x" * 79])
def test_a_subject_has_its_bounds(subject):
    assert Kind.LENGTH in [kind for kind, _ in found(edited("", subject))]


def test_a_body_has_its_bounds():
    assert Kind.LENGTH in [kind for kind, _ in found(Draft("Looms", "Hello you."))]
    assert Kind.LENGTH in [kind for kind, _ in found(Draft("Looms", "loom " * 221))]
    assert Kind.LENGTH in [kind for kind, _ in found(Draft("Looms", ""))]


def test_findings_come_in_the_order_of_the_text_and_once():
    findings = check(edited("See evil.com and [Name] and evil.com."), FACTS)

    assert findings == sorted(set(findings))
    assert [one.start for one in findings] == [4, 17, 28]
    assert all(one.sentence.endswith(".") for one in findings)


def test_the_auditors_quotes_get_their_places():
    draft = Draft("A question", "We love you. Buy it.")
    quotes = [("tone", "love you"), ("forbidden", "A question"), ("injection", "nowhere to be found")]
    findings = [{"kind": kind, "quote": quote, "explanation": "It is so."} for kind, quote in quotes]
    answer = AuditAnswer.model_validate_json(json.dumps({"verdict": "findings", "findings": findings}))

    assert [(one.where, one.start, one.end, one.kind) for one in placed(answer, draft)] == [
        (Where.BODY, 0, 20, Kind.INJECTION),
        (Where.BODY, 3, 11, Kind.TONE),
        (Where.SUBJECT, 0, 10, Kind.FORBIDDEN),
    ]


HOSTILE = (
    *("a." * 5_000, "[" * 10_000, "<a " * 3_300, "! " * 5_000, "A&" * 5_000, "9," * 5_000, "\n" * 10_000),
    *(
        "x@" * 5_000,
        "{" * 10_000,
        "please " * 1_400,
        "a b " * 2_500,
        "Ab " * 3_300,
        "a.b-" * 2_500,
        "1" * 10_000,
    ),
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:4]))
def test_a_hostile_text_costs_no_time(text):
    facts = Facts(lead={"note": text}, brief=(text,))
    started = time.perf_counter()

    check(Draft(text[:200], text, (Claim(0, len(text), ("lead.company",)),)), facts)

    assert time.perf_counter() - started < 3
