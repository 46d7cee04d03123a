"""Hosts and ports as people write them are read, or refused."""

import pytest

from collector.domain.places import host_and_port, is_loopback, written


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8501", "127.0.0.1", 8501),
        ("[::1]:80", "::1", 80),
        ("monitor.example.com:1", "monitor.example.com", 1),
    ],
)
def test_a_place_is_read_and_written_back_as_it_was(text: str, host: str, port: int) -> None:
    assert (host, port) == host_and_port(text)
    assert text == written(host, port)


@pytest.mark.parametrize(
    "text", ["", "8501", "host", "host:", ":1", "::1:80", "host:65536", "a b:1", "host:-1", "h:1:2"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        host_and_port(text)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_this_machine_is_known_by_its_loopback_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]
)
def test_nothing_else_is_this_machine(host: str) -> None:
    assert not is_loopback(host)
