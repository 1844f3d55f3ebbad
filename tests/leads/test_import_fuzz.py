"""Whatever bytes are uploaded: a sentence, or an import in which each record is counted as what it became."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leads.actions.imports import import_slice, mapping_of, sheet_of, start
from leads.actions.trials import dry_run
from leads.imports import reject_lines
from leads.mapping import CUSTOM, Mapping, MappingError
from leads.models import Import, ImportReject, ImportState, Lead
from leads.profile import Policy
from leads.sheet import CsvRefused
from leads.vocabulary import Target
from tenants.binding import bound
from tests.leads.made import an_upload, by
from tests.world import empty_everything, olga

pytestmark = pytest.mark.slow

SCRAPS = [
    b"email", b"name", b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r\n", b"\r", b" ", b"ann@looms.test",
    b"BOB@looms.test", b"<cem@looms.test>", b"x@y", b"@", b"=cmd()", b"'=1+1", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\x00", "Zoë".encode(), "Zoë".encode("cp1252"), b"\x80\x81", b"a" * 40_000, "\u202e".encode(), b"NULL",
    b"email,name\nd@looms.test,D\n", b"email;name\ne@looms.test;E;F\n", b"sep=;\n",
]  # fmt: skip
SOUND = b"email,name\nf@looms.test,F\n"
PIECES = st.lists(st.sampled_from(SCRAPS), max_size=40).map(b"".join)
WIDE = st.text(max_size=200).map(lambda text: f"email;note\nf@looms.test;F\n{text}")
FILES = st.one_of(
    PIECES,
    PIECES.map(SOUND.__add__),
    st.binary(max_size=300).map(SOUND.__add__),
    WIDE.map(lambda text: text.encode("utf-16", "surrogatepass")),
)


def chosen(job: Import) -> Mapping:
    """The mapping as suggested; where no column was taken for the address, a person chooses the first."""
    try:
        return mapping_of(job)
    except MappingError:
        first, *others = [column.name for column in sheet_of(job).columns]
        return Mapping(((first, Target.EMAIL), *((name, CUSTOM) for name in others)))


@given(FILES, st.sampled_from(list(Policy)))
@example(b'email,name\nf@looms.test,"F\n' + b"g@looms.test,G\n" * 5, Policy.FILL)
@example(b"email,name\n" + b"f@looms.test,F,too,many\n" * 3, Policy.SKIP)
@example(b"emailemail,name\nd@looms.test,D\nemail,name\nd@looms.test,D\n", Policy.SKIP)
@example(b"email,name\nno,A\nf@looms.test,F\n", Policy.SKIP)
@example(b"email,email,email\nf@looms.test,g@looms.test,\n", Policy.OVERWRITE)
@example(b"f@looms.test\ng@looms.test\n", Policy.SKIP)
@example(b"email,name\nemail,name\nf@looms.test,F\nemail,name\n", Policy.SKIP)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_bytes_are_refused_in_a_sentence_or_taken_in_to_the_last_record(world, superuser, data, policy):
    """No traceback; every row is a lead or in the rejects file with a reason; the counts add up.

    And the dry run had said so before: each of its numbers is that of the import.
    """
    empty_everything(superuser)
    person = olga(world)
    with bound(world.acme):
        try:
            job = an_upload(person, data)
        except CsvRefused as refusal:
            said = str(refusal)
        else:
            said = ""
        if said:
            assert said.endswith(".")
            assert not Import.objects.exists()
            return
        mapping = chosen(job)
        tried = dry_run(job, mapping, policy)
        start(job, mapping, policy, by=by(person))
        while import_slice():
            continue
        job.refresh_from_db()
        reasons = list(ImportReject.objects.filter(job=job).values_list("reason", flat=True))
        lines = "".join(reject_lines(job))
        kept = Lead.objects.filter(source=job).count()

    assert job.state == ImportState.DONE
    assert tried.is_whole
    assert asdict(tried.counts) == {name: getattr(job, name) for name in asdict(tried.counts)}
    assert job.imported + job.updated + job.duplicates + job.suppressed + job.rejected == job.rows
    assert (kept, len(reasons)) == (job.imported, job.not_taken)
    assert all(reason.endswith(".") for reason in reasons)
    assert lines.startswith("\ufeff")
