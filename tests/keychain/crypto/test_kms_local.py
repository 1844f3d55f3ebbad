"""The master key file: private, made once, never guessed."""

import stat
import subprocess
import sys

import pytest

from keychain.crypto.kms import Context, KmsRefused, KmsUnavailable, LocalKms, kms_from_url
from paitho.lib.ids import uuid7

CONTEXT = Context(uuid7(), "data", 1)


def test_the_file_is_made_on_first_start_for_its_owner_only(tmp_path):
    file = tmp_path / "state" / "master.key"

    LocalKms(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in file.parent.iterdir()] == ["master.key"]


def test_a_second_start_finds_the_same_key(tmp_path):
    _, wrapped = LocalKms(tmp_path / "master.key").generate(CONTEXT)

    assert LocalKms(str(tmp_path / "master.key")).unwrap(wrapped, CONTEXT)


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    """Guards the atomic first start: the file appears whole, and the first one stays."""
    program = "import sys; from keychain.crypto.kms import LocalKms; print(LocalKms(sys.argv[1]).name)"
    start = [sys.executable, "-c", program, str(tmp_path / "master.key")]
    running = [subprocess.Popen(start, stdout=subprocess.PIPE, text=True) for _ in range(6)]

    names = {process.communicate(timeout=60)[0] for process in running}

    assert len(names) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["master.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777, 0o601])
def test_a_file_that_others_can_touch_is_refused_with_the_remedy(tmp_path, mode):
    file = tmp_path / "master.key"
    kms = LocalKms(file)
    file.chmod(mode)

    with pytest.raises(KmsRefused, match=f"chmod 600 {file}"):
        LocalKms(file)
    with pytest.raises(KmsRefused, match="chmod 600"):
        kms.generate(CONTEXT)


@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(32), b"paitho-master-key-1 00\n"])
def test_another_file_is_not_taken_for_a_master_key(tmp_path, content):
    file = tmp_path / "master.key"
    file.write_bytes(content)
    file.chmod(0o600)

    with pytest.raises(KmsRefused, match="not a master key file"):
        LocalKms(file)
    assert file.read_bytes() == content


def test_a_place_that_cannot_hold_a_file_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(KmsUnavailable, match="master key"):
        LocalKms(tmp_path / "file" / "master.key")
    with pytest.raises(KmsUnavailable, match="cannot be read"):
        LocalKms(tmp_path)


def test_a_lost_file_is_not_made_anew_while_running(tmp_path):
    file = tmp_path / "master.key"
    kms = LocalKms(file)
    file.unlink()

    with pytest.raises(KmsUnavailable, match="cannot be read"):
        kms.generate(CONTEXT)
    assert not file.exists()


def test_an_exchanged_file_wraps_nothing_under_the_old_name(tmp_path):
    file = tmp_path / "master.key"
    kms = LocalKms(file)
    file.unlink()
    LocalKms(file)

    with pytest.raises(KmsRefused, match="no longer"):
        kms.generate(CONTEXT)


def test_a_wrap_of_another_master_key_says_so(tmp_path):
    _, wrapped = LocalKms(tmp_path / "old.key").generate(CONTEXT)

    with pytest.raises(KmsRefused, match="another master key"):
        LocalKms(tmp_path / "new.key").unwrap(wrapped, CONTEXT)


def test_the_name_is_a_fingerprint_and_not_the_key(tmp_path):
    file = tmp_path / "master.key"
    name = LocalKms(file).name

    assert name.startswith("local:")
    assert len(name) == len("local:") + 16
    assert name.removeprefix("local:") not in file.read_text()


def test_a_url_names_it(tmp_path):
    url = f"local:{tmp_path}/master.key"

    assert kms_from_url(url) is kms_from_url(url)
    assert kms_from_url(url).name == LocalKms(tmp_path / "master.key").name
