"""Observation: a service watched for a few seconds, to see whether it holds and what starts it again."""

from collections.abc import Callable

from ghostfix.model.machine import System
from ghostfix.model.observation import Observation, Respawn
from ghostfix.model.service import Service
from ghostfix.survey.service_watch import Event, ServiceWatch, Transition

_INTERVAL = 0.5
"""Seconds between two polls while nothing happens."""


def observe(
    system: System,
    service: Service,
    seconds: float,
    progress: Callable[[float], None] = lambda _: None,
) -> Observation:
    """Keeps watch over the service's instances for so long; changes nothing.

    ``progress`` gets the seconds that have passed. The end of an instance is seen when it comes, and its
    successor within milliseconds; only one without a predecessor can start and end unseen, between two polls.
    What an instance leaves behind is no respawn.
    """
    started = system.monotonic()
    process_watch = system.process_watch()
    service_watch = ServiceWatch(system, process_watch, service)
    events: list[Event] = []
    while (passed := system.monotonic() - started) < seconds:
        process_watch.wait(min(service_watch.pause or _INTERVAL, seconds - passed))
        events.extend(service_watch.poll())
        progress(system.monotonic() - started)
    events.extend(service_watch.poll(all_processes=True))
    return Observation(
        seconds=seconds,
        respawns=tuple(
            Respawn(process=event.process, ancestors=event.ancestors, seen_at=event.at)
            for event in events
            if event.change is Transition.STARTED
        ),
        ended=tuple(event.process.id for event in events if event.change is Transition.ENDED),
    )
