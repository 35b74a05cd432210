"""How long one record takes through `/validate`: `python tests/bench/validate_service.py [REQUESTS]`.

A conforming description is sent as Turtle to a real server again and again, over one connection, by one client.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import requests

RECORD = Path(__file__).parents[1] / "cases" / "shapes" / "full-description.ttl"


def main(number: int) -> None:
    """Prints the median and the 99th percentile, in milliseconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        environ = os.environ | {"THESIS_LD_DATA": folder, "THESIS_LD_PORT": str(port)}
        server = subprocess.Popen([sys.executable, "-m", "ld", "serve"], env=environ, stderr=subprocess.DEVNULL)
        try:
            taken = list(_times(f"http://127.0.0.1:{port}/validate", number))
        finally:
            server.terminate()
            server.wait()
    hundredths = quantiles(taken, n=100)
    print(f"{number} requests: p50 {hundredths[49]:.1f} ms, p99 {hundredths[98]:.1f} ms")


def _times(address: str, number: int) -> list[float]:
    with requests.Session() as session:
        session.headers.update({"Content-Type": "text/turtle", "Accept": "text/turtle"})
        record, taken = RECORD.read_bytes(), []
        for _ in range(200):  # until the server is there, and its worker ready
            try:
                if session.post(address, record, timeout=30).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        for _ in range(number):
            started = time.perf_counter()
            answer = session.post(address, record, timeout=30)
            taken.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200
            assert "true" in answer.text
        return taken


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
