"""The inventory names every stored table and column; a model that is not in it fails here."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

from keychain.fields import SealedField
from tenants.keys import MONTHLY
from tenants.routers import is_directory_app
from trust import inventory
from trust.inventory import Form

ADVICE = "Declare it in trust/inventory: six, product or ours."


def models(*, of_the_directory: bool) -> dict[str, type[Model]]:
    found = apps.get_models(include_auto_created=True)
    return {
        model._meta.db_table: model
        for model in found
        if is_directory_app(model._meta.app_label) is of_the_directory and model._meta.managed
    }


def differences(declared: dict[str, inventory.Table], stored: dict[str, set[str]]) -> list[str]:
    """In words, what is declared and not stored, or stored and not declared."""
    said = [f"{name} is not declared. {ADVICE}" for name in stored.keys() - declared.keys()]
    said += [f"{name} is declared and not stored." for name in declared.keys() - stored.keys()]
    for name in stored.keys() & declared.keys():
        columns = set(declared[name].forms)
        said += [f"{name}.{column} is not declared. {ADVICE}" for column in stored[name] - columns]
        said += [f"{name}.{column} is declared and not stored." for column in columns - stored[name]]
    return sorted(said)


def columns_of(model: type[Model]) -> set[str]:
    return {str(field.column) for field in model._meta.local_concrete_fields}


def test_every_model_of_a_workspace_is_declared_column_by_column() -> None:
    stored = {name: columns_of(model) for name, model in models(of_the_directory=False).items()}
    stored["audit_log"].add("xid")  # the database's own, which seals batches

    assert differences(inventory.workspace(), stored) == []


def test_every_model_of_the_directory_is_declared_column_by_column() -> None:
    stored = {name: columns_of(model) for name, model in models(of_the_directory=True).items()}
    stored["django_migrations"] = {"id", "app", "name", "applied"}

    assert differences(inventory.directory(), stored) == []


def test_what_is_declared_sealed_is_a_sealed_field_and_no_other_is() -> None:
    tables = inventory.workspace()
    for name, model in models(of_the_directory=False).items():
        for field in model._meta.local_concrete_fields:
            form = tables[name].forms[str(field.column)]
            if isinstance(field, SealedField):
                monthly = field.purpose in MONTHLY
                assert form is (Form.MONTHLY if monthly else Form.SEALED), f"{name}.{field.column}"
            elif name != "mfa_authenticator":  # allauth's own field; its adapter seals what is inside
                assert form not in {Form.SEALED, Form.MONTHLY}, f"{name}.{field.column}"


def test_a_column_is_declared_once() -> None:
    for table in [*inventory.workspace().values(), *inventory.directory().values()]:
        listed = [column for column, _ in table.columns()]
        assert len(listed) == len(set(listed)), table.name


def test_the_live_database_holds_what_is_declared_and_nothing_else(world, superuser) -> None:
    rows = superuser.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns"
        " WHERE table_schema IN ('public', %s)",
        [world.acme.schema],
    ).fetchall()
    stored: dict[str, dict[str, set[str]]] = {"public": {}, world.acme.schema: {}}
    for schema, table, column in rows:
        stored[schema].setdefault(inventory.family(table), set()).add(column)

    assert differences(inventory.workspace(), stored[world.acme.schema]) == []
    assert differences(inventory.directory(), stored["public"]) == []


def test_an_undeclared_column_is_named_with_what_to_do() -> None:
    declared = {"leads": inventory.Table("leads", "people", "always", clear="id")}

    said = differences(declared, {"leads": {"id", "shoe_size"}, "shoes": {"id"}})

    assert said == [f"leads.shoe_size is not declared. {ADVICE}", f"shoes is not declared. {ADVICE}"]


def test_the_six_categories_come_first() -> None:
    assert [category.key for category in inventory.SIX] == [
        "leads",
        "provider_keys",
        "mail_credentials",
        "mail",
        "model_logs",
        "audit",
    ]
