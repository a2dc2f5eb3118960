"""A window whose engine runs inside its process, driven from start to close; prints what was seen as JSON.

It has a process of its own, since what it imports no other test may have in its own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

from app.session import Session, save_session
from app.window import the_application
from tests.e2e.person import Person


def main() -> None:
    """Train in the process of the window, and close it."""
    home, engine = Path(sys.argv[1]), sys.argv[2]
    save_session(Session(engine=engine, in_process=True, room="start"))
    app = the_application()
    person = Person(app, home)
    seen: dict[str, Any] = {"before": engine in sys.modules}
    person.open()
    person.start_from("digits-mlp")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 120, "the engine")
    seen["badge"] = person.shell.header.badge.text
    seen["badge_shown"] = person.shell.header.badge.isVisible()
    menu = person.shell.header.engine.menu()
    seen["others"] = {
        action.data(): [action.isEnabled(), action.property("reason")]
        for action in menu.actions()
        if action.data() and action.isCheckable()
    }
    run = person.train(120)
    seen["engine"] = person.shell.header.engine.key
    person.wait_idle()
    seen["record"] = person.record(run)
    seen["inside"] = engine in sys.modules
    seen["own_process"] = seen["record"]["pid"] == os.getpid()
    person.shell.debug_requested.emit(True)
    seen["debug"] = person.message()
    person.put_away_message()
    person.close()
    # A thread of Qt's that has ended leaves its Python shadow behind.
    seen["threads"] = [one.name for one in threading.enumerate() if type(one) is threading.Thread]
    seen["children"] = [one.pid for one in psutil.Process().children(recursive=True)]
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
