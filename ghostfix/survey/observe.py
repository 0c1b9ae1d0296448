"""Observing: watching a service for a few seconds, to see whether it holds and who starts it again."""

from collections.abc import Callable

from ghostfix.model.machine import System
from ghostfix.model.observation import Observation, Respawn
from ghostfix.model.service import Service
from ghostfix.survey.service_watch import Event, ServiceWatch, Transition

_INTERVAL = 0.5
"""Seconds between two looks while nothing happens."""


def observe(
    system: System,
    service: Service,
    seconds: float,
    progress: Callable[[float], None] = lambda _: None,
) -> Observation:
    """Keeps watch over the service's instances for so long; changes nothing.

    ``progress`` is told the seconds that have passed. The end of an instance is seen when it comes, and its
    successor within milliseconds; only one that nobody preceded can come and go unseen, between two looks.
    What an instance leaves behind is no respawn.
    """
    started = system.monotonic()
    lookout = system.process_watch()
    vigil = ServiceWatch(system, lookout, service)
    events: list[Event] = []
    while (passed := system.monotonic() - started) < seconds:
        lookout.wait(min(vigil.pause or _INTERVAL, seconds - passed))
        events.extend(vigil.look())
        progress(system.monotonic() - started)
    events.extend(vigil.look(at_everybody=True))
    return Observation(
        seconds=seconds,
        respawns=tuple(
            Respawn(process=event.process, ancestors=event.ancestors, seen_at=event.at)
            for event in events
            if event.change is Transition.STARTED
        ),
        ended=tuple(event.process.id for event in events if event.change is Transition.ENDED),
    )
