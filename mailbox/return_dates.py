"""When somebody is back, from what their auto-reply says: many languages, many ways to write a date."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from mailbox.phrases import plain, sections, words

MAX_TEXT = 4_000
LONGEST = 400  # days away: more is a misread date

_MONTH = {
    name: int(title[6:]) for title, names in sections("dates") if title.startswith("month") for name in names
}
_WEEKDAY = {
    name: int(title[8:])
    for title, names in sections("dates")
    if title.startswith("weekday")
    for name in names
}


def _cue(section: str) -> re.Pattern[str]:
    """Any of the words of a section; the longer ones first, so that "until the" is not read as "until"."""
    cues = sorted(words("dates", section), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, cues))})(?!\w)")


_CUE_BACK = _cue("back")
_CUE_UNTIL = _cue("until")
_CUE_AFTER = _cue("until, after the date")
_EAST = re.compile(r"(?:(\d{4})\s?[年년]\s?)?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]")

_SKIP = (
    r"[\s,.:]{0,4}(?:(?:on|the|of|le|el|la|den|dem|del|de|dia|am|il|op|w|we|od|in|office|work|my|at|pa|um|em|no)"
    r"[\s,]{1,3}){0,4}"
)
_DAY_NAME = r"(?:[a-z\u0430-\u044f-]{2,14}[.,]{0,2}\s{1,2}(?:the\s|den\s|dem\s|le\s|el\s|il\s)?)?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|º|°|ª|\.|:e|e)?"
_YEAR = r"(?:[\s,.]{1,3}(?:de\s|del\s|of\s)?(\d{4}|'?\d{2})(?![\d:.]\d|\d|\s?(?:h|uhr|am|pm|:)))?"
_FORMS = (
    ("ymd", re.compile(rf"{_SKIP}{_DAY_NAME}(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})(?!\d)")),
    (
        "dmy",
        re.compile(
            rf"{_SKIP}{_DAY_NAME}(\d{{1,2}})([-/.])\s?(\d{{1,2}})(?:\2\s?(\d{{4}}|\d{{2}})(?!\d)|\.?(?!\d))"
        ),
    ),
    (
        "d month y",
        re.compile(
            rf"{_SKIP}{_DAY_NAME}{_DAY}[\s-]{{0,3}}(?:of\s|de\s|d')?([a-z\u0430-\u044f]{{3,14}})\.?{_YEAR}"
        ),
    ),
    (
        "month d y",
        re.compile(
            rf"{_SKIP}{_DAY_NAME}([a-z\u0430-\u044f]{{3,14}})\.?[\s-]{{1,2}}(?:the\s)?{_DAY}(?!\d){_YEAR}"
        ),
    ),
)
_WEEKDAY_ALONE = re.compile(
    rf"{_SKIP}(?:next\s|nachsten\s|prochain\s|kommenden\s|proximo\s|prossimo\s)?([a-z\u0430-\u044f-]{{4,14}})"
)


def return_date(text: str, sent: date | None) -> date | None:
    """The day that a text names as the one of return, or as the last one away.

    A date without a year, or a weekday, is the next one after `sent`. Without `sent` it is not guessed.
    """
    said = plain(text[:MAX_TEXT])
    for cue in (_CUE_BACK, _CUE_UNTIL):
        dates = (found for match in cue.finditer(said) if (found := _date_at(said, match.end(), sent)))
        found = next(dates, None)
        if found:
            return found
    return _before_cue(said, sent) or _eastern(said, sent)


def _before_cue(said: str, sent: date | None) -> date | None:
    """Languages that say "until" after the date."""
    for cue in _CUE_AFTER.finditer(said):
        start = max(0, cue.start() - 24)
        for at in range(start, cue.start()):
            found = (
                _date_at(said, at, sent) if said[at].isdigit() and not said[at - 1 : at].isdigit() else None
            )
            if found:
                return found
    return None


def _date_at(said: str, at: int, sent: date | None) -> date | None:
    for name, form in _FORMS:
        match = form.match(said, at)
        found = _read(name, match, sent) if match else None
        if found:
            return found
    weekday = _WEEKDAY_ALONE.match(said, at)
    if weekday and sent and weekday[1] in _WEEKDAY:
        return sent + timedelta(days=(_WEEKDAY[weekday[1]] - sent.weekday() - 1) % 7 + 1)
    return None


def _read(form: str, match: re.Match[str], sent: date | None) -> date | None:
    if form == "ymd":
        return _date(match[1], match[2], match[3], sent)
    if form == "dmy":
        return _either_way(match, sent)
    name, day = (match[2], match[1]) if form.startswith("d") else (match[1], match[2])
    month = _MONTH.get(name)
    return _date(match[3], str(month), day, sent) if month else None


def _either_way(match: re.Match[str], sent: date | None) -> date | None:
    """Day first, except where only month first gives a date, or one that is nearer to the sending by far."""
    first, mark, second, year = match[1], match[2], match[3], match[4]
    day_first = _date(year, second, first, sent)
    month_first = _date(year, first, second, sent) if mark == "/" else None
    if day_first and month_first and sent:
        return min(
            day_first, month_first, key=lambda day: (day < sent, day - sent if day >= sent else sent - day)
        )
    return day_first or month_first


def _eastern(said: str, sent: date | None) -> date | None:
    dates = [_date(match[1], match[2], match[3], sent) for match in _EAST.finditer(said)]
    return max((day for day in dates if day), default=None)


def _date(year: str | None, month: str, day: str, sent: date | None) -> date | None:
    """That date if there is one and it is near enough to the sending to be meant."""
    for number in _years(year, sent):
        try:
            found = date(number, int(month), int(day))
        except ValueError:
            continue
        if sent is None or timedelta(days=-7) <= found - sent <= timedelta(days=LONGEST):
            return found
    return None


def _years(year: str | None, sent: date | None) -> Iterator[int]:
    if year:
        digits = int(year.strip("'"))
        yield digits + 2000 if digits < 100 else digits
    elif sent:
        yield from (sent.year, sent.year + 1)
