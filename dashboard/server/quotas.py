"""What visitors of a server may do, and how much of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fastnet.web.hosts import bracketed, is_local

if TYPE_CHECKING:
    from fastnet.web.serving import Serving


class Role(StrEnum):
    """What the visitors of a server are to it."""

    OWNERS = "owners"  # whoever can open the page sits at this computer: all may train, and delete what was saved
    MAKERS = "makers"  # all may train and measure, and each deletes what they saved
    READERS = "readers"  # they read and learn: nobody trains, measures, computes audits, saves or deletes


FOR_READERS = "this server is for reading and looking"  # begins the sentence that refuses all else


def role_of(serving: "Serving", is_public: bool) -> Role:
    """Who the visitors are of a server that is reached so."""
    if is_public:
        return Role.READERS
    is_reached_from_elsewhere = serving.allow_origins or serving.trusted_proxies or serving.prefix
    is_here = is_local(bracketed(serving.address)) and not is_reached_from_elsewhere
    return Role.OWNERS if is_here else Role.MAKERS


@dataclass(frozen=True)
class Quotas:
    """How much of the server there is for one visitor, or for all."""

    training_minutes: float = 30.0  # that one training may hold its place, pauses and all
    pause_minutes: float = 5.0  # after which a paused training goes on
    benchmark_minutes: float = 10.0
    audit_minutes: float = 30.0  # that the computation of one may take
    models_megabytes: float = 1000.0  # of all models that were saved
    models_each: int = 10  # that one visitor may have saved
    models_each_address: int = 30  # that may be saved from one address; a class of students has one
    models: int = 100  # that may be saved, by all
    sessions: int = 200  # at once
