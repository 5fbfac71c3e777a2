"""A privacy policy as it stands in a file or in a folder of policy files."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import BadPolicy, Invalid
from gateway.model import PrivacyPolicy, join_findings
from gateway.policy import build, load_files
from gateway.policy.findings import Findings
from gateway.policy.privacy_file import read_privacy


def policy_at(path: Path) -> PrivacyPolicy:
    """The privacy policy of a folder, checked with its whole bundle, or of one privacy.yaml with the files beside it.

    Raises BadPolicy that lists what is wrong with it, Invalid when it cannot be read.
    """
    if path.is_dir():
        return build(load_files(path)).privacy
    found = Findings()
    beside = {other.name: _text(other) for other in sorted(path.parent.glob("*.y*ml")) if other != path}
    read = read_privacy(_text(path), found, beside)
    if read is None or found.errors:
        errors = [finding for finding in found.sorted() if finding.severity == "error"]
        raise BadPolicy(f"the policy has errors:\n{join_findings(errors)}\n", hint=f"mend {path}")
    return read.policy


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadPolicy(f"{path} is not UTF-8 text", hint="save it as UTF-8") from None
