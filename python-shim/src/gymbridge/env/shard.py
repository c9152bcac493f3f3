"""A session's part in a worker: its token and lease, the stream that drives it, and each request executed once."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from time import perf_counter_ns

from gymbridge.codec.plain_steps import Step
from gymbridge.codec.steps import Data
from gymbridge.env.session import Session
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, resource_exhausted
from gymbridge.http2.call import Call
from gymbridge.memory.server_end import Kept, ServerEnd
from gymbridge.v1 import environment_pb2 as pb

# Responses kept for repetition: a client may have so many requests on the way.
WINDOW = 16


class Shard:
    """Some lanes and who may drive them. Executes requests in the thread that runs environments."""

    def __init__(self, session: Session, lease_seconds: float, step_timeout: float) -> None:
        self.session = session
        self.step_timeout = step_timeout or float("inf")
        self.token = secrets.token_urlsafe(24)
        self.call: Call | None = None
        # What the stream's client shares with us, if it asked for that.
        self.memory: ServerEnd | None = None
        self.released = False
        self._lease_seconds = lease_seconds
        self._renewed = perf_counter_ns()
        self._epoch = 0
        self._last_sequence = 0
        # The number that was executed just now, for `reply` to keep its response; 0: a repetition or a refusal.
        self._answered = 0
        self._responses: OrderedDict[int, bytes | Kept] = OrderedDict()

    def is_named_by(self, token: str) -> bool:
        """Whether this is the shard's token."""
        return hmac.compare_digest(self.token.encode(), token.encode())

    def renew(self, now: int) -> None:
        """Begins the lease anew, at that time on perf_counter_ns."""
        self._renewed = now

    @property
    def expires_in(self) -> float:
        """Seconds left of the lease."""
        return self._lease_seconds - (perf_counter_ns() - self._renewed) / 1e9

    def attach(self, call: Call) -> pb.InteractResponse:
        """Gives the shard to a stream; the one that had it ends with ABORTED."""
        self.drop_memory()
        fenced, self.call = self.call, call
        if fenced is not None:
            fenced.finish(10, "another stream has attached to this shard")
        self._epoch += 1
        attached = pb.AttachResponse(epoch=self._epoch, last_sequence=self._last_sequence, window=WINDOW)
        return pb.InteractResponse(attached=attached)

    def detach(self, call: Call) -> None:
        """The stream is gone; the lanes wait for another one until the lease ends."""
        if self.call is call:
            self.drop_memory()
            self.call = None

    def drop_memory(self) -> None:
        """Ends the shared memory, if there is some; what is kept for repetition is taken out of it."""
        memory, self.memory = self.memory, None
        if memory is not None:
            memory.copy(self._responses)
            memory.close()

    def end(self) -> None:
        """Ends the stream with OK, if there is one."""
        self.drop_memory()
        call, self.call = self.call, None
        if call is not None:
            call.finish()

    def answer(self, request: Step | pb.InteractRequest, arrived: int, waited: int) -> list[Data]:
        """The parts of the response to a numbered request: executes it if it is the next, repeats it if it was before.

        `reply` wants them next. The other arguments are for Session.answer.
        """
        responses = self._responses
        while responses and next(iter(responses)) <= request.acknowledged:
            responses.popitem(last=False)
        sequence = request.sequence
        self._answered = 0
        if sequence != self._last_sequence + 1:
            known = responses.get(sequence)
            if known is None:
                return [_refusal(sequence, self._out_of_order(sequence))]
            if isinstance(known, tuple):
                assert self.memory is not None
                known = self.memory.read(known)
            return [known]
        if len(responses) >= WINDOW:
            message = f"{len(responses)} responses are not acknowledged, {WINDOW} may be; acknowledge some first"
            return [_refusal(sequence, resource_exhausted(message))]
        self._last_sequence = self._answered = sequence
        return self.session.answer(request, arrived, waited)

    def reply_at_once(self, call: Call, response: pb.InteractResponse, in_memory: bool) -> None:
        """Sends a response to a request without a number."""
        data: bytes = response.SerializeToString()
        if not in_memory or self.memory is None or self.memory.send([data], self._responses) is None:
            call.send(data)

    def reply(self, call: Call, parts: list[Data], in_memory: bool) -> None:
        """Sends what `answer` gave, through the memory if it came that way and there is room, and keeps it.

        Where another stream attached meanwhile, its client asks for it again.
        """
        response: bytes | Kept | None = None
        if self.call is call:
            if in_memory and self.memory is not None:
                response = self.memory.send(parts, self._responses)
            if response is None:
                response = b"".join(parts)
                call.send(response)
        if self._answered:
            self._responses[self._answered] = b"".join(parts) if response is None else response

    def _out_of_order(self, sequence: int) -> RequestError:
        expected = self._last_sequence + 1
        if sequence > expected:
            return failed_precondition(f"got sequence {sequence}, expected {expected}: a request is missing")
        return invalid_argument(f"got sequence {sequence}, expected {expected}; its response is forgotten")


def _refusal(sequence: int, error: RequestError) -> bytes:
    response: bytes = pb.InteractResponse(sequence=sequence, error=error.to_status()).SerializeToString()
    return response
