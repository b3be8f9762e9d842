"""How a guest can end other than by having said all that it has to say."""

from .results import Source


class Ending(Exception):
    """STAGE did not come to its end; what it owed is charged to `source`."""

    source = Source.HUNG

    def __init__(self, stage, text):
        super().__init__(f"{stage}: {text}")
        self.stage = stage

    def short(self):
        return str(self).splitlines()[0]


class Silent(Ending):
    """Nothing was heard: no crash, no refusal, nothing that says why."""


class TooLong(Ending):
    """It was heard of, but does not end."""


class Lost(Ending):
    """The emulated host is gone, or does not answer."""


class Ended(Ending):
    """The guest's life is over, or did not begin, and something says why."""

    source = Source.ENDED


class Crash(Ending):
    """The guest's kernel panicked."""

    source = Source.CRASH


class HostCrash(Crash):
    """Xen itself, or dom0's kernel, panicked."""
