"""Which proxy is taken, by the environment."""

from __future__ import annotations

import pytest

from goose_widget import errors
from goose_widget.proxies import is_loopback, proxy_for


@pytest.fixture(autouse=True)
def environment(no_proxies: None) -> None:
    """Of no proxy but the test's own."""


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "127.255.0.1", "::1"])
def test_this_computer_is_known_by_all_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", None, "localhost.example.org", "128.0.0.1", "127.0.0.1.example.org", "::2"])
def test_nothing_else_is_taken_for_it(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_proxy_of_an_encrypted_server(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://p:3128")
    assert [proxy and proxy.address for proxy in map(proxy_for, ["wss://h/acp", "https://h"])] == ["http://p:3128"] * 2
    if variable != "ALL_PROXY":
        assert proxy_for("ws://h/acp") is None


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "all_proxy"])
def test_the_proxy_of_a_plain_server(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://p:3128")
    assert [proxy and proxy.address for proxy in map(proxy_for, ["ws://h/acp", "http://h"])] == ["http://p:3128"] * 2


@pytest.mark.parametrize("url", ["wss://localhost:1/acp", "ws://127.0.0.1/acp", "ws://127.0.0.2/acp", "wss://[::1]:1"])
def test_no_proxy_is_on_the_way_to_this_computer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://p:3128")
    assert proxy_for(url) is None


@pytest.mark.parametrize(
    ("excepted", "is_used"),
    [("h.example.org", False), ("example.org", False), ("*", False), ("other.org", True), ("h.example.org:99", True)],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_excepts_hosts(name: str, excepted: str, is_used: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:3128")
    monkeypatch.setenv(name, excepted)
    assert (proxy_for("wss://h.example.org:8/acp") is not None) == is_used


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("p", "http://p:80"),
        ("p:3128", "http://p:3128"),
        ("http://p/", "http://p:80"),
        ("http://me@p:3128", "http://me:@p:3128"),
        ("me:s%40cret@p:3128", "http://me:s%40cret@p:3128"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_may_be_written_in_many_ways(given: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    found = proxy_for("wss://h/acp")
    assert found is not None
    assert found.address == address
    assert "s%40cret" not in f"{found} {found!r}"


@pytest.mark.parametrize("given", ["socks5://me:s3cret@p:1080", "socks5h://p", "https://me:s3cret@p:443"])
def test_what_is_no_http_proxy_is_told_without_its_password(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    with pytest.raises(errors.BadProxy, match=r"p(:\d+)? can't be used: .*HTTP proxies") as refused:
        proxy_for("wss://h/acp")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("given", ["http://", "http://me:s3cret@p:port", "http://p q", "http://\u20ac"])
def test_what_is_no_address_is_told(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    with pytest.raises(errors.BadProxy, match="no valid address") as refused:
        proxy_for("wss://h/acp")
    assert "s3cret" not in str(refused.value)


def test_an_http_proxy_goes_before_a_socks_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKS_PROXY", "http://s:1080")
    with pytest.raises(errors.BadProxy, match="socks5"):
        proxy_for("wss://h/acp")
    monkeypatch.setenv("HTTPS_PROXY", "http://p:3128")
    assert str(proxy_for("wss://h/acp")) == "http://p:3128"
