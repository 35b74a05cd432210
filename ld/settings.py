"""Settings: flags, else `THESIS_LD_*` variables, else defaults; read once at a door, passed on as one frozen value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ld.errors import SettingsError

PREFIX = "THESIS_LD_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its default."""

    data: Path = Path("data")
    """The data folder: ledger, snapshots and the pointer to the current one."""
    base: str = "http://localhost:8000/"
    """The base IRI that addresses are built on; may have a path, ends in a slash."""
    host: str = "127.0.0.1"
    """The address that `serve` listens on."""
    port: int = 8000
    """The port that `serve` listens on."""
    workers: int = 1
    """Worker processes of `serve`."""
    keep: int = 3
    """How many snapshots stay in the data folder."""
    shrink: float = 0.95
    """A build that would publish less than this share of the records before it refuses."""
    page_size: int = 100
    """Theses on one page of a person's or an organisation's description."""
    max_field: int = 1_000_000
    """Characters in the longest field a record may have; a record with a longer one is rejected."""
    validate_workers: int = 1
    """Validations that `/validate` runs at once, in each worker process of `serve`."""
    validate_bytes: int = 20_000_000
    """Bytes of data and shapes that `/validate` takes, as sent and unpacked."""
    validate_triples: int = 1_000_000
    """Triples that `/validate` takes."""
    validate_seconds: float = 20.0
    """Seconds after which `/validate` gives a validation up."""
    validate_memory: int = 1_000_000_000
    """Bytes of memory that one validation of `/validate` may take."""
    query_workers: int = 2
    """Queries that `/sparql` runs at once, in each worker process of `serve`."""
    query_seconds: float = 20.0
    """Seconds after which `/sparql` gives a query up."""
    query_memory: int = 1_000_000_000
    """Bytes of memory that one query of `/sparql` may take."""
    query_rows: int = 1_000_000
    """Rows, or triples, after which the result of a query is cut, and says so."""
    query_length: int = 100_000
    """Bytes in the longest query that `/sparql` takes."""
    query_answer: int = 500_000_000
    """Bytes in the longest answer of `/sparql`; until it is sent it is kept on disk, among the temporary files."""
    query_cache: int = 64_000_000
    """Bytes of answers of `/sparql` that are kept for whoever asks the same, in each worker process of `serve`."""
    query_waiting: int = 32
    """Queries that may wait for their turn, in each worker process of `serve`; any more are sent away (503)."""
    query_client: int = 8
    """Queries of one client that may run or wait, in each worker process of `serve`; any more are sent away (429)."""
    downloads: int = 32
    """Large answers that are sent at once, in each worker process of `serve`; one client has a quarter of them."""
    proxies: str = "127.0.0.1,::1"
    """Addresses and networks of reverse proxies, whose `X-Forwarded-For` is believed as to who the client is."""

    def __post_init__(self) -> None:
        if not _is_base(self.base):
            raise SettingsError(
                f"The base IRI {self.base!r} is not an http or https address without query or fragment. "
                "Give one like https://example.org/theses/."
            )
        if not self.base.endswith("/"):
            object.__setattr__(self, "base", self.base + "/")
        for name, (least, most) in _RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise SettingsError(
                    f"{getattr(self, name)!r} is out of range for {_named(name)}: {least:,} to {most:,}."
                )
        self.proxy_networks()

    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `proxies`."""
        try:
            return _networks(self.proxies)
        except ValueError as error:
            raise SettingsError(
                f"{error} for {_named('proxies')}. Give addresses or networks like 10.0.0.0/8, with commas between."
            ) from error


@lru_cache(maxsize=16)  # each request asks
def _networks(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip(), strict=False) for part in listed.split(",") if part.strip())


def _is_base(base: str) -> bool:
    if not isinstance(base, str) or not re.fullmatch(r"https?://[^\s/?#<>\"{}|\\^`]+(/[^\s?#<>\"{}|\\^`]*)?", base):
        return False
    try:
        return urlsplit(base).port != 0  # a port that is no number raises, and so does half an IPv6 address
    except ValueError:
        return False


_RANGES: dict[str, tuple[float, float]] = {
    "port": (1, 65_535),
    "workers": (1, 1_000),
    "keep": (1, 1_000_000),
    "shrink": (0, 1),
    "page_size": (1, 10_000),
    "max_field": (1, 1_000_000_000),
    "validate_workers": (1, 64),
    "validate_bytes": (1, 10_000_000_000),
    "validate_triples": (1, 1_000_000_000),
    "validate_seconds": (0.1, 3600),
    "validate_memory": (50_000_000, 1_000_000_000_000),
    "query_workers": (1, 64),
    "query_seconds": (0.1, 3600),
    "query_memory": (250_000_000, 1_000_000_000_000),
    "query_rows": (1, 1_000_000_000),
    "query_length": (1_000, 10_000_000),
    "query_answer": (100_000, 1_000_000_000_000),
    "query_cache": (0, 1_000_000_000_000),
    "query_waiting": (0, 1_000),
    "query_client": (1, 1_000),
    "downloads": (4, 1_000),
}
"""The least and the most that a setting may be."""


def read(environ: Mapping[str, str], **flags: Any) -> Settings:
    """The settings that flags (None where not given) and environment variables say.

    >>> read({"THESIS_LD_PORT": "9000"}, base=None, host="0.0.0.0").port
    9000
    """
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        given, variable = flags.get(setting.name), PREFIX + setting.name.upper()
        if given is None and variable in environ:
            given = environ[variable]
        if given is not None:
            values[setting.name] = _convert(type(setting.default), given, variable)
    return Settings(**values)


def _convert(kind: type, given: Any, variable: str) -> Any:
    try:
        return kind(given)  # Path's default is a PosixPath, whose type makes a path again
    except ValueError as error:
        what = {int: "a whole number", float: "a number"}.get(kind, "fit")
        raise SettingsError(f"{given!r} is not {what} for {_named(variable.removeprefix(PREFIX).lower())}.") from error


def _named(setting: str) -> str:
    """A setting as people give it.

    >>> _named("max_field")
    '--max-field (THESIS_LD_MAX_FIELD)'
    """
    return f"--{setting.replace('_', '-')} ({PREFIX}{setting.upper()})"
