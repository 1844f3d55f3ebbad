"""The pure half stays pure: no Django, and no boto3 until AWS is asked."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keychain.crypto

HOME = Path(keychain.crypto.__path__[0])
ALLOWED = {"boto3", "botocore", "cryptography", "keychain.crypto", "paitho.lib"}


def package_of(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2] if parts[0] in ("keychain", "paitho") else parts[:1])


def imported(file: Path) -> set[str]:
    """The packages that a module names, inside functions too, without the standard library's."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return {package_of(name) for name in names} - sys.stdlib_module_names


@pytest.mark.parametrize("file", sorted(HOME.rglob("*.py")), ids=lambda file: str(file.relative_to(HOME)))
def test_a_module_imports_only_what_is_below_it(file):
    assert imported(file) <= ALLOWED


def test_boto3_waits_until_aws_is_asked():
    program = (
        "import sys; from keychain.crypto.kms import AwsKms; AwsKms('arn', 'eu-central-1');"
        "print('boto3' in sys.modules)"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout == "False\n"
