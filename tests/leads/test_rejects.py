"""The file of rows that were not imported."""

import csv
from io import StringIO

from leads.rejects import Reject, write_rejects
from leads.sheet import BadRow, Column, Row


def test_rejects_are_the_original_columns_with_row_and_reason():
    out = StringIO()

    count = write_rejects(
        out,
        [Column("email"), Column("name"), Column("Row")],
        [
            Reject(Row(5, ["jane@", '=HYPERLINK("x")', "+49 30"]), "There is no domain."),
            Reject.of(BadRow(7, '@x,"open', "A quote opens in this row and never closes.")),
        ],
    )

    assert count == 2
    assert list(csv.reader(StringIO(out.getvalue()))) == [
        ["email", "name", "Row", "row (2)", "reason"],
        ["jane@", '\'=HYPERLINK("x")', "'+49 30", "5", "There is no domain."],
        ["'@x,\"open", "", "", "7", "A quote opens in this row and never closes."],
    ]
