"""Cookies go where they came from, and nowhere else."""

from __future__ import annotations

import pytest

from goose_widget.cookies import Cookies


def jar(*set_cookies: str, url: str = "wss://hub.example.org/user/me/acp") -> Cookies:
    cookies = Cookies()
    cookies.keep(url, set_cookies)
    return cookies


@pytest.mark.parametrize("url", ["wss://hub.example.org/user/me/acp", "https://hub.example.org/user/me/health"])
def test_what_a_server_sets_comes_back_to_it(url: str) -> None:
    assert jar("route=2; Path=/; HttpOnly", "s=a b; Secure").header(url) in ("route=2; s=a b", "s=a b; route=2")


@pytest.mark.parametrize(
    ("set_cookie", "url"),
    [
        ("a=1; Path=/", "wss://other.example.org/acp"),
        ("a=1; Path=/", "wss://hub.example.org.evil.org/acp"),
        ("a=1; Path=/; Domain=other.org", "wss://other.org/acp"),  # not the server's to set
        ("a=1; Path=/; Domain=org", "wss://evil.org/acp"),
        ("a=1; Path=/; Secure", "ws://hub.example.org/user/me/acp"),
        ("a=1; Path=/user/me", "wss://hub.example.org/user/other/acp"),
        ("a=1; Path=/user/me", "wss://hub.example.org/user/mean"),
        ("a=1; Path=/; Max-Age=0", "wss://hub.example.org/user/me/acp"),
        ("a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "wss://hub.example.org/user/me/acp"),
    ],
)
def test_a_cookie_goes_nowhere_else(set_cookie: str, url: str) -> None:
    assert jar(set_cookie).header(url) == ""


def test_a_cookie_of_the_domain_goes_to_the_whole_of_it() -> None:
    assert jar("a=1; Path=/; Domain=example.org").header("wss://hub2.example.org/acp") == "a=1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_computer_may_set_cookies_too(host: str) -> None:
    cookies = jar("a=1", url=f"ws://{host}:1234/acp")
    assert cookies.header(f"http://{host}:1234/acp") == "a=1"
    assert cookies.header("ws://127.0.0.9:1234/acp") == ""


def test_a_cookie_can_be_changed_and_taken_back() -> None:
    cookies = jar("a=1; Path=/")
    cookies.keep("wss://hub.example.org/", ["a=2; Path=/"])
    assert cookies.header("wss://hub.example.org/acp") == "a=2"
    cookies.keep("wss://hub.example.org/", ["a=; Path=/; Max-Age=0"])
    assert cookies.header("wss://hub.example.org/acp") == ""


def test_a_cookie_of_the_users_goes_along_until_the_server_sets_another() -> None:
    url = "wss://hub.example.org/acp"
    assert Cookies().header(url, "a=mine; b=2") == "a=mine; b=2"
    assert jar("a=theirs; Path=/").header(url, "a=mine; b=2") == "b=2; a=theirs"


@pytest.mark.parametrize(
    "garbage", ["", "=", ";;;", "a", "a=1; Expires=never; Max-Age=x", "\x00=\x01", "a=" + "x" * 10**6]
)
def test_garbage_breaks_nothing(garbage: str) -> None:
    jar(garbage).header("wss://hub.example.org/acp")


def test_no_value_shows() -> None:
    cookies = jar("session=s3cret; Path=/")
    assert "s3cret" not in repr(cookies)
    assert cookies.values() == ["s3cret"]
