"""make_venv.py DIRECTORY REQUIREMENTS: makes a virtual environment with these packages, if it isn't there yet.

A virtual environment can't be moved, so it is made in its place: under a lock that the kernel drops when its holders
end, and with a stamp that is written last. One without the stamp is half-made and is made again.
"""

import fcntl
import shutil
import subprocess
import sys
import venv
from pathlib import Path

directory, requirements = Path(sys.argv[1]), sys.argv[2]
stamp = directory / ".complete"
directory.parent.mkdir(parents=True, exist_ok=True)
with open(f"{directory}.lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not stamp.exists():
        shutil.rmtree(directory, ignore_errors=True)
        venv.create(directory, with_pip=True)
        command = [directory / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--requirement", requirements]
        # pip holds the lock too: should this script be killed, nobody else writes here before pip has ended.
        subprocess.run(command, check=True, pass_fds=[lock.fileno()])
        stamp.touch()
