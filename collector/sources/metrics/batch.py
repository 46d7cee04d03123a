"""`metrics:getBatch`: up to 50 accounts a call, through the SDK's MetricsClient and our own decoder.

The SDK's models cost sixty times as much and lose `errorCode` and the resource's id, so `cls` takes the body
as it came; address, token, retries and errors stay the SDK's.
"""

import threading
from typing import Any

from collector.sources.connection import Connection
from collector.sources.errors import Role, Scope
from collector.sources.metrics.answer import batch_answer
from collector.sources.metrics.call import NAMESPACE, Call, Outcomes
from collector.sources.metrics.decode import decoded_batch


class Batch:
    def __init__(self, connection: Connection, top: int, decoding: threading.Lock) -> None:
        self._azure = connection
        self._top = top
        self._decoding = decoding

    def outcomes(self, call: Call) -> Outcomes:
        """Raises what the whole call suffers from."""
        where = f"{call.location} in subscription {call.subscription_id}"
        scope = Scope(
            f"metrics of {len(call.accounts)} accounts in {where}",
            call.subscription_id,
            service=f"metrics of {call.location}",
            role=Role.MONITORING_READER,
        )
        with self._azure.asking(scope):
            body = self._body(call)
            # One answer is unpacked at a time: its points take many times the room of its text.
            with self._decoding:
                return decoded_batch(batch_answer(body), call, self._top)

    def _body(self, call: Call) -> bytes:
        taken: list[bytes] = []

        def take(answer: Any, _body: Any, _headers: Any) -> Any:
            taken.append(answer.http_response.read())
            return {"values": ()}

        self._azure.metrics(call.location).query_resources(
            resource_ids=[account.arm_id for account in call.accounts],
            metric_namespace=NAMESPACE,
            metric_names=call.metrics,
            timespan=(call.window.start, call.window.end),
            granularity=call.grain,
            aggregations=call.aggregations,
            max_results=self._top,
            filter=call.filter,
            stream=True,
            cls=take,
        )
        return taken[0]
