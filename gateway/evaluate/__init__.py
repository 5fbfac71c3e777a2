"""Measuring the rooms by annotated sets: how much personal data is found, what leaks, what it costs.

`Task.of` makes a set ready, `measure` runs a detector over it, `Report` tells. Nothing here shows a text unless asked.
"""

from gateway.evaluate.engines import Engine
from gateway.evaluate.labels import Means, read_map
from gateway.evaluate.policy import policy_at
from gateway.evaluate.privacy import Report, Task, gateway_engine, measure
from gateway.evaluate.rows import Annotated, Mark, read
from gateway.evaluate.samples import samples

__all__ = [
    "Annotated",
    "Engine",
    "Mark",
    "Means",
    "Report",
    "Task",
    "gateway_engine",
    "measure",
    "policy_at",
    "read",
    "read_map",
    "samples",
]
