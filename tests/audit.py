"""Are vulnerabilities known of what is installed? `python tests/audit.py` asks pip-audit.

It exits with 1 if there are. Where nobody can be asked, as without a network, it says so, with 0.
"""

import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]


def verdict(out: str, err: str) -> tuple[int, str]:
    """Return the exit status and what to tell, from pip-audit's report and messages."""
    try:
        found = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        last = (err.strip() or "no answer").splitlines()[-1]
        return 0, f"pip-audit: NOT DONE, as without a network ({last})"
    asked = [package for package in found if "vulns" in package]
    known = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version'}"
        for package in asked
        for vulnerability in package["vulns"]
    ]
    counted = f"{len(asked)} of {len(found)} packages were found in the advisories"
    if known:
        return 1, "\n".join([f"pip-audit: {counted}; vulnerable are", *known])
    if len(asked) < len(found) / 2:
        return 0, f"pip-audit: NOT DONE, as without a network ({counted})"
    return 0, f"pip-audit: {counted}; no vulnerability is known"


if __name__ == "__main__":
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    status, told = verdict(done.stdout, done.stderr)
    print(told)  # noqa: T201
    sys.exit(status)
