"""Known weaknesses of what is locked: fails if there is one, and says how much could not be looked up.

The advisories come from the network; where they cannot be had, that is said and nothing fails.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = "pip-audit==2.10.1"


def main() -> int:
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "tool", "run", "--quiet", TOOL, "--requirement", ROOT / "requirements" / "run.txt"]
    command += ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603  # our own words
        packages = json.loads(asked.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        print(f"audit: not done, the tool or its data cannot be had here ({type(error).__name__})")  # noqa: T201  # a script
        return 0
    weak = [(one["name"], one["version"], found["id"]) for one in packages for found in one.get("vulns", ())]
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    for name, version, advisory in weak:
        print(f"audit: {name} {version}: {advisory}")  # noqa: T201  # a script
    print(  # noqa: T201  # a script
        f"audit: {len(packages) - len(unknown)} packages looked up, {len(weak)} weaknesses, {len(unknown)} not to be had here"
    )
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
