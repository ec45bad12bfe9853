"""`make run`: the whole system on this machine, in the foreground, until Ctrl-C.

PORT=8000 AWS_PORT=4566 HANDLERS=inline|process LOCAL_HOME=.local python -m infra.local
"""

from __future__ import annotations

import os
import subprocess
import sys

from .lock import AlreadyRunning, BusyPort, hold
from .settings import SettingsError, isolate, read_settings


def main() -> int:
    """Answers the exit status: 0 after a clean end, 1 with one line that says why it could not run."""
    try:
        settings = read_settings()
        with hold(settings):
            isolate(settings)
            # Only now: ministack reads its environment when it is imported.
            from .launcher import Launcher

            return Launcher(settings).run()
    except (SettingsError, AlreadyRunning, BusyPort) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(
            f"packaging failed: {error.args[1][0]} ended with {error.returncode}; its message is above", file=sys.stderr
        )
        return 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Waiting executions are threads that sleep for weeks; everything is saved.
    os._exit(status)
