"""The load generator, a process of its own: `python -m tests.bench.load` reads a job from stdin and writes what it saw to stdout.

Closed loop (so many callers, each asks again when it was answered) for throughput; open loop (requests come when they come,
whether the service keeps up or not) for latency. Open-loop latency counts from the instant a request was due if it had to wait
for a free connection, so that a service that stalls cannot hide it.
"""

import asyncio
import itertools
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

from tests.bench.figures import quantile
from tests.bench.wire import Connection, request_bytes

BODIES_PREPARED = 4000


@dataclass(frozen=True, slots=True)
class Job:
    """What to ask of whom, how hard, how long."""

    port: int
    path: str
    bodies: list[str]
    """Asked in turn."""
    connections: int
    seconds: float
    rate: float | None = None
    """Requests per second of the open loop, at random instants; None: closed loop."""
    keys: str | None = None
    """Prefix of the idempotency keys, one per request; None: none are sent."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a job. Latencies in milliseconds."""

    answered: int
    seconds: float
    statuses: dict[str, int]
    p50: float
    p90: float
    p99: float
    worst: float
    generator_load: float
    """Share of one core that the generator itself needed: near 1 it would be the limit, not the service."""
    sample: str = ""
    """The last answer that was not a success."""

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds

    @property
    def all_good(self) -> bool:
        """Whether every answer was 200."""
        return set(self.statuses) <= {"200"}


async def run(job: Job) -> Seen:
    """Carry the job out in this process."""
    connections = [await Connection.open(job.port) for _ in range(job.connections)]
    work = _Work(job)
    cpu, began = time.process_time(), time.perf_counter()
    if job.rate is None:
        await asyncio.gather(*(work.closed(connection, began + job.seconds) for connection in connections))
    else:
        await work.open(connections, began + job.seconds, job.rate)
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    times = sorted(work.latencies)
    return Seen(
        answered=len(times),
        seconds=seconds,
        statuses=dict(work.statuses),
        p50=quantile(times, 0.5),
        p90=quantile(times, 0.9),
        p99=quantile(times, 0.99),
        worst=quantile(times, 1.0),
        generator_load=(time.process_time() - cpu) / seconds,
        sample=work.sample,
    )


@dataclass(slots=True)
class _Work:
    job: Job
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    sample: str = ""
    _requests: "itertools.cycle[bytes] | None" = None
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def next_request(self) -> bytes:
        """The next request as bytes: prepared ahead, unless it carries a key of its own."""
        job = self.job
        if job.keys is not None:
            n = next(self._count)
            body = job.bodies[n % len(job.bodies)].encode()
            return request_bytes("POST", job.path, body, f"idempotency-key: {job.keys}-{n}\r\n")
        if self._requests is None:
            self._requests = itertools.cycle([request_bytes("POST", job.path, body.encode()) for body in job.bodies[:BODIES_PREPARED]])
        return next(self._requests)

    async def ask(self, connection: Connection, since: float | None = None) -> None:
        """One request, measured from `since` or from now."""
        request = self.next_request()
        began = time.perf_counter() if since is None else since
        answer = await connection.ask(request)
        self.latencies.append((time.perf_counter() - began) * 1000)
        self.statuses[str(answer.status)] += 1
        if answer.status != 200:
            self.sample = answer.body.decode(errors="replace")[:500]

    async def closed(self, connection: Connection, until: float) -> None:
        """Ask again and again."""
        while time.perf_counter() < until:
            await self.ask(connection)

    async def open(self, connections: list[Connection], until: float, rate: float) -> None:
        """Ask at random instants, `rate` a second on average."""
        chance = random.Random(self.job.seed)
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            idle.put_nowait(connection)
        due = time.perf_counter()
        async with asyncio.TaskGroup() as asking:
            while (due := due + chance.expovariate(rate)) < until:
                if (wait := due - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                waited = idle.empty()
                connection = await idle.get()
                asking.create_task(self._then_idle(connection, idle, due if waited else None))

    async def _then_idle(self, connection: Connection, idle: "asyncio.Queue[Connection]", since: float | None) -> None:
        await self.ask(connection, since)
        idle.put_nowait(connection)


async def generate(job: Job) -> Seen:
    """Carry the job out in a process of its own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate(json.dumps(asdict(job)).encode())
    if child.returncode != 0:
        message = f"the load generator failed with {child.returncode}"
        raise RuntimeError(message)
    found: dict[str, Any] = json.loads(output)
    return Seen(**found)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(run(Job(**json.load(sys.stdin)))))))
