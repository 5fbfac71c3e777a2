"""How commands end when they fail: two lines and an exit code, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable

from gateway.cli import show
from gateway.errors import GatewayError, Invalid

TRACEBACK = "GATEWAY_TRACEBACK"
USAGE = 2
FAILED = 1
STOPPED = 130


def guarded(main: Callable[[], object]) -> int:
    """Run the whole program; an error of ours becomes two lines and an exit code."""
    try:
        main()
    except GatewayError as error:
        show.failure(error)
        return USAGE if isinstance(error, Invalid) else FAILED
    except KeyboardInterrupt:
        show.say("stopped")
        return STOPPED
    except SystemExit as ended:
        # What Typer makes of Ctrl-C, without a word.
        if ended.code == STOPPED:
            show.say("stopped")
        raise
    except Exception as fault:
        if os.environ.get(TRACEBACK):
            raise
        if isinstance(fault, OSError) and fault.filename and fault.strerror:
            show.say(f"error: cannot use {os.fsdecode(fault.filename)}: {fault.strerror.lower()}")
            show.say("hint: give another path, or look at who owns this one and may use it")
            return USAGE
        # A traceback quotes values; it is for whoever asks for it.
        show.say(f"error: the gateway failed ({type(fault).__name__})")
        show.say(f"hint: run the command again with {TRACEBACK}=1 to see where, and report that")
        return FAILED
    return 0
