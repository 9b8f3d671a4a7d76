"""Where webhooks may go: public addresses, judged when they are asked for and again when they are connected to."""

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.webhooks.addresses import is_public
from app.webhooks.sending import Message, send
from tests.app.conftest import tiny_dataset
from tests.app.webhooks.receiver import SECRET, receiving

FORBIDDEN = (
    "https://127.0.0.1/",
    "https://localhost/",
    "https://a.localhost:8443/",
    "https://10.1.2.3/",
    "https://192.168.0.1/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
)
UNUSABLE = (
    "http://example.com/",
    "https:///path",
    "https://user:word@example.com/",
    "https://example.com:99999/",
    "https://[::1",
)
MALFORMED = ("ftp://example.com/", "https://exa mple.com/", "https://bücher.example/", "example.com", "https://a\tb/")


def refusal(client: TestClient, webhook: Any) -> dict[str, Any]:
    """Return the first fault of a job whose webhook is refused."""
    answer = client.post("/v1/jobs", json={**tiny_dataset(), "webhook": webhook})
    assert answer.status_code == 422, answer.text
    fault: dict[str, Any] = answer.json()["errors"][0]
    return fault


@pytest.mark.parametrize("url", FORBIDDEN)
def test_private_addresses_are_refused(client: TestClient, url: str) -> None:
    """A webhook to a private, loopback or link-local address is refused, without a word of what it resolved to."""
    fault = refusal(client, {"url": url, "secret": SECRET})
    assert (fault["code"], fault["pointer"]) == ("TARGET_FORBIDDEN", "/webhook/url")
    assert client.get("/v1/jobs").json()["total_size"] == 0


@pytest.mark.parametrize("url", UNUSABLE + MALFORMED)
def test_what_is_no_address_is_refused(client: TestClient, url: str) -> None:
    """Only https addresses without a user are taken."""
    fault = refusal(client, {"url": url, "secret": SECRET})
    code = "TARGET_FORBIDDEN" if url in UNUSABLE else ("INVALID_VALUE", "BAD_TEXT")
    assert fault["code"] in code
    assert fault["pointer"] == "/webhook/url"


@pytest.mark.parametrize(
    ("webhook", "pointer"),
    [
        ({"url": "https://203.0.113.77/"}, "/webhook/url"),
        ({"url": "https://8.8.8.8/"}, "/webhook/secret"),
        ({"url": "https://8.8.8.8/", "secret": "whsec_c2hvcnQ="}, "/webhook/secret"),
        ({"url": "https://8.8.8.8/", "secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "/webhook/secret"),
        ({"url": "https://8.8.8.8/", "secret": SECRET, "events": []}, "/webhook/events"),
        ({"url": "https://8.8.8.8/", "secret": SECRET, "events": ["job.started"]}, "/webhook/events/0"),
        ({"url": "https://8.8.8.8/", "secret": SECRET, "ulr": "x"}, "/webhook/ulr"),
    ],
)
def test_faults_are_named(client: TestClient, webhook: dict[str, Any], pointer: str) -> None:
    """A missing or weak secret, an unknown event or a misspelt field is refused at its place."""
    assert refusal(client, webhook)["pointer"] == pointer


def test_a_name_is_judged_again_when_it_is_connected_to() -> None:
    """A name that leads to this machine by the time of sending is not connected to: nobody gets a byte."""
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        message = Message(id="msg_1", url=url, secret=SECRET, content=b"{}")
        refused = send(message, timestamp=1, timeout_s=5, private_too=False)
        assert receiver.got == []
        taken = send(message, timestamp=1, timeout_s=5, private_too=True)
    assert refused.error == "the address may not be used for webhooks"
    assert taken.is_delivered


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    """Addresses of the internet may be used, IPv6 forms of IPv4 ones too."""
    assert is_public(ipaddress.ip_address(address))


def test_the_services_own_secret_must_be_usable(tmp_path: Path) -> None:
    """A service with a secret that cannot sign does not start, and its settings do not print one that can."""
    with pytest.raises(ValueError, match="whsec_"):
        Settings(data_dir=tmp_path, webhook_secret="whsec_short")
    assert SECRET not in repr(Settings(data_dir=tmp_path, webhook_secret=SECRET))
