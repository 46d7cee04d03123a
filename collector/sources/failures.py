"""The two kinds of failure, told apart where we ourselves do something about the difference."""

from collector.domain.types import NeedsHuman, TryLater


class Refused(NeedsHuman):
    """401 or 403: a right is missing."""


class OtherTenant(Refused):
    """401: the token is of another tenant than the subscription, so no role would help."""


class Unreachable(TryLater):
    """No answer came: the name, the way or the server is not there."""


class Untrusted(NeedsHuman):
    """Somebody else's certificate: a proxy that looks inside, or not Azure at all."""


class Rejected(NeedsHuman):
    """The service read the question and will not answer it (4xx); `code` and `said` are its own words."""

    def __init__(self, message: str, status: int, code: str, said: str, grant: str | None = None) -> None:
        super().__init__(message, grant)
        self.status = status
        self.code = code
        self.said = said


class Faulty(TryLater):
    """The service is there, and failed at this question: a 500, or a 200 whose body is not what was promised."""


class WebPage(Faulty):
    """HTML where JSON was promised: a proxy or a firewall answered in Azure's place."""
