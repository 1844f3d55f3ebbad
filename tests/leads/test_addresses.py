"""E-mail cells as people fill them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leads.addresses import NO_ADDRESS, ROLE, SEVERAL, Address, BadAddress, address, looks_like_email


@pytest.mark.parametrize(
    "cell",
    [
        "jane@acme.example",
        "  JANE@Acme.Example\t",
        "mailto:jane@acme.example",
        "MAILTO: jane@acme.example?subject=Hi",
        "Jane Doe <jane@acme.example>",
        '"Doe, Jane" <jane@acme.example>',
        "<jane@acme.example>",
        "jane@acme.example.",
        "jane@acme.example,",
        "jane@acme.example;",
        "'jane@acme.example'",
        "(jane@acme.example)",
        "jane @ acme.example",
        "".join(chr(ord(c) + 0xFEE0) for c in "jane@acme.example"),
        "jane@acme.example\u200b",
        "\u00a0jane@acme.example",
        "E-Mail: jane@acme.example",
        "smtp:jane@acme.example",
        "jane@acme.example (work)",
    ],
)
def test_the_address_is_found_in_what_surrounds_it(cell):
    assert address(cell) == Address("jane@acme.example")


@pytest.mark.parametrize(
    "cell",
    [
        "jane@acme.example, joe@acme.example",
        "jane@acme.example;joe@acme.example",
        "jane@acme.example joe@acme.example",
        "jane@acme.example / joe@acme.example",
        "Jane <jane@acme.example>, Joe <joe@acme.example>",
        "jane@acme.example | broken@",
    ],
)
def test_of_several_addresses_the_first_is_used_with_a_note(cell):
    assert address(cell) == Address("jane@acme.example", SEVERAL)


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0", '""', ";", "-"[:0]])
def test_an_empty_cell_is_refused(cell):
    with pytest.raises(BadAddress) as refusal:
        address(cell)

    assert str(refusal.value) == NO_ADDRESS


@pytest.mark.parametrize(
    "cell",
    ["n/a", "jane", "jane@", "@acme.example", "jane@acme", "jane@@acme.example", "jane..doe@acme.example",
     "jane@-acme.example", "jane@acme..example", "jane@10.0.0.1", f"{'j' * 65}@acme.example",
     "jane@acme.example\u0000evil", "jane@" + "a" * 64 + ".example", "x" * 5000, "jane@acme.123"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(cell):
    with pytest.raises(BadAddress) as refusal:
        address(cell)

    assert cell not in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_a_domain_beyond_ascii_is_in_its_ascii_form():
    assert address("Jürgen <jürgen@müller.example>").email == "jürgen@xn--mller-kva.example"


@pytest.mark.parametrize("local", ["info", "Sales", "no-reply", "kontakt"])
def test_a_shared_mailbox_is_noted(local):
    assert address(f"{local}@acme.example") == Address(f"{local.lower()}@acme.example", ROLE, is_role=True)


@example("0@0.A")
@example("0@0.1a")
@given(st.text(max_size=60) | st.text("ab@.<>,; :\"'é\uff20", max_size=20))
def test_any_cell_is_an_address_or_a_sentence(cell):
    try:
        found = address(cell)
    except BadAddress:
        return

    assert address(found.email).email == found.email
    assert looks_like_email(found.email)
