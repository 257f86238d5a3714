"""Commands that install: the package is on no index."""

import importlib.metadata
import json
import re
import shlex
from contextlib import suppress
from pathlib import Path

PACKAGE = "gluon-style"


def install_extra(extra):
    """The command that installs what an extra names."""
    with suppress(importlib.metadata.PackageNotFoundError):
        lines = importlib.metadata.requires(PACKAGE) or []
        found = [each.partition(";")[0].strip() for each in lines if is_of(each, extra)]
        if found:
            return f"python -m pip install {shlex.join(found)}"
    return f"python -m pip install {shlex.quote(f'{source()}[{extra}]')}"


def is_of(requirement, extra):
    """True if an extra has a requirement, but for MXNet, which is installed by itself."""
    of_extra = re.search(f"extra == ['\"]{extra}['\"]", requirement)
    return bool(of_extra) and not requirement.startswith("mxnet")


def source():
    """Where the package was installed from: an address, or the folder that it is in."""
    with suppress(importlib.metadata.PackageNotFoundError, TypeError, KeyError, ValueError):
        told = json.loads(importlib.metadata.distribution(PACKAGE).read_text("direct_url.json"))
        kind = f"{told['vcs_info']['vcs']}+" if "vcs_info" in told else ""
        return kind + told["url"]
    return str(Path(__file__).resolve().parents[2])
