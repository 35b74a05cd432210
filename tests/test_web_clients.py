"""Who a client is, as far as fairness goes: by its connection, and by the proxies that are believed."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from ld.settings import Settings
from ld.web import create_app
from ld.web.clients import LONGEST, NOBODY, client, name

LOCAL = [ip_network("127.0.0.1"), ip_network("::1")]
LAN = [*LOCAL, ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # nobody told us to believe it
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4,203.0.113.9,10.1.2.3", "203.0.113.9"),
        ("10.0.0.1", " 203.0.113.9 ,10.1.2.3 , 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", "10.1.2.3, 10.9.9.9", "10.1.2.3"),  # somebody within
        ("::1", "203.0.113.9:51234", "203.0.113.9"),
        ("::1", "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        ("::1", "2001:db8:1:2:ffff::4", "2001:db8:1:2::/64"),
        ("fd00::1", "2001:db8:1:3::4", "2001:db8:1:3::/64"),
        ("::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("2001:db8::1", "", "2001:db8::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"),  # a proxy that hides its clients
        ("127.0.0.1", "203.0.113.9, _hidden, 10.0.0.5", "10.0.0.5"),
        ("127.0.0.1", "203.0.113.9,", "127.0.0.1"),
        ("127.0.0.1", "é\x00, '; --", "127.0.0.1"),
        ("127.0.0.1", "1.2.3.4.5", "127.0.0.1"),
        ("127.0.0.1", "999.0.0.1", "127.0.0.1"),
        ("", "", NOBODY),
        ("", "203.0.113.9", NOBODY),
        ("unix:/run/site.sock", "203.0.113.9", NOBODY),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(peer: str, forwarded: str, client: str) -> None:
    assert name(peer, forwarded, LAN) == client


def test_whoever_has_one_address_of_a_64_has_all_of_it() -> None:
    assert name("2001:db8::1", "", LAN) == name("2001:db8::ffff:1", "", LAN) != name("2001:db8:0:1::1", "", LAN)


@given(given=st.text(max_size=300), peer=st.sampled_from(["127.0.0.1", "10.0.0.1", "::1", "203.0.113.9"]))
@example(given="203.0.113.9, " * 500, peer="127.0.0.1")
@example(given=",", peer="127.0.0.1")
def test_nothing_that_a_client_sends_makes_it_somebody_else(given: str, peer: str) -> None:
    honest = name(peer, "198.51.100.7", LAN)
    assert name(peer, f"{given}, 198.51.100.7", LAN) == honest
    assert name(peer, f"{given},[198.51.100.7]:80,10.0.0.7", LAN) == honest


@given(peer=st.text(max_size=60), forwarded=st.text(max_size=200))
@example(peer="\u0661.2.3.4", forwarded="")
@example(peer="1.2.3.4%1", forwarded="[]:")
def test_nothing_makes_it_fail(peer: str, forwarded: str) -> None:
    assert name(peer, forwarded, LAN)
    assert name("127.0.0.1", forwarded, LAN)


def test_a_header_of_any_length_costs_the_same_small_work() -> None:
    assert name("127.0.0.1", "10.0.0.1," * 1_000_000 + "203.0.113.9", LAN) == "203.0.113.9"
    proxies = ",10.0.0.10" * 100
    header = "203.0.113.9".ljust(LONGEST + 2 - len(proxies)) + proxies
    assert header[-LONGEST:].startswith("3.0.113.9 ")  # the end of an address is none
    assert name("127.0.0.1", header, LAN) == "10.0.0.10"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(data=tmp_path, proxies="127.0.0.1, 10.0.0.0/8"))


def test_the_request_at_hand_has_a_client_and_the_settings_say_whom_to_believe(app: Flask) -> None:
    for peer, forwarded, expected in (
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        ("10.1.1.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.1.1", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),  # two headers of one name are one list
        ("192.168.0.1", ["198.51.100.7"], "192.168.0.1"),
    ):
        headers = [("X-Forwarded-For", value) for value in forwarded]
        with app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": peer}):
            assert client() == expected
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": ""}):
        assert client() == NOBODY
