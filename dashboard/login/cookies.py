"""The session cookie: who was let in, by which entry, until when; signed, so that it cannot be made up.

It lives in the browser only. A restart signs nobody out, several dashboards may share one secret, and a provider
that is down throws nobody out. What was signed out before its time is remembered until that time, in this process.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

_CLOCK_TOLERANCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Session:
    """`person` is a mail address or the provider's own id; `entry` the line of the list that let them in."""

    id: str
    person: str
    entry: str
    since: float
    until: float


class Sessions:
    """Opens, reads and ends sessions. `realm` ties a cookie to one provider and client."""

    def __init__(
        self, secret: str, realm: str, lifetime: timedelta, allow: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self._signer = URLSafeSerializer(
            secret,
            salt=f"aoai-monitor session {realm}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        self._lifetime = lifetime.total_seconds()
        self._allow = allow
        self._clock = clock
        self._ended: dict[str, float] = {}
        self._lock = threading.Lock()

    def open(self, person: str, entry: str) -> tuple[Session, str]:
        """A new session and the value of its cookie."""
        now = self._clock()
        session = Session(secrets.token_urlsafe(16), person, entry, now, now + self._lifetime)
        return session, self._signer.dumps(asdict(session))

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is forged, over, ended, or its entry is no longer on the list."""
        if not cookie:
            return None
        try:
            session = Session(**self._signer.loads(cookie))
            until = min(session.until, session.since + self._lifetime)
        except (BadSignature, TypeError):
            return None
        now = self._clock()
        if not session.since - _CLOCK_TOLERANCE_SECONDS <= now < until or session.entry not in self._allow:
            return None
        with self._lock:
            return None if session.id in self._ended else session

    def seconds_left(self, session: Session) -> float:
        return max(0.0, min(session.until, session.since + self._lifetime) - self._clock())

    def end(self, session: Session) -> None:
        """Sign out: the cookie, also a copy of it, opens nothing more."""
        now = self._clock()
        with self._lock:
            self._ended = {one: until for one, until in self._ended.items() if until > now}
            self._ended[session.id] = session.until
