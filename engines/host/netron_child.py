"""The process that serves one model to Netron's page: ``python netron_child.py MODEL ADDRESS_FILE``.

It lives until its standard input ends, so it never outlives whoever started it. Only the standard library
and ``netron`` are imported; run it by its path.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HOST = "127.0.0.1"


def main(model: str, address_file: str) -> None:
    """Serve ``model`` on a free loopback port, write the address, wait for the end of the input."""
    from netron import server

    class OwnHostOnly(server._HTTPRequestHandler):  # type: ignore[misc]
        """Netron answers whatever ``Host`` a request names; a page elsewhere could then read the model."""

        def do_GET(self) -> None:
            host, port = self.server.server_address[:2]
            if self.headers.get("Host") == f"{host}:{port}":
                super().do_GET()
            else:
                self._write(403, None, None)

    server._HTTPRequestHandler = OwnHostOnly
    host, port = server.start(model, address=(HOST, 0), browse=False)
    written = Path(f"{address_file}.part")
    written.write_text(f"http://{host}:{port}/", encoding="utf-8")
    written.replace(address_file)
    sys.stdin.read()
    server.stop((host, port))
    shutil.rmtree(Path(address_file).parent, ignore_errors=True)  # whoever made the folder is gone


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
