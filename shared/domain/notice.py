"""The words of notices: what is told, to whom, over which channel, and what became of it."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice tells."""

    REMINDER = "reminder"
    OVERDUE = "overdue"
    SHARK_TANK = "shark_tank"
    UNCLAIMED = "unclaimed"
    PRIORITY = "priority"
    EXCEPTION = "exception"
    REASSIGNED = "reassigned"
    VOCABULARY = "vocabulary"
    #: A lead came onto a nurture track; for the marketing system that the track names.
    NURTURE = "nurture"
    #: A nurtured lead did something that its track wants to be told of.
    SIGNAL = "signal"
    #: The policy has changed, or something it counts on has; for those who answer for it.
    POLICY = "policy"


class Addressee(StrEnum):
    """Who a notice's recipient is, and so where its address is looked up when it is sent."""

    #: The recipient is a rep id: Slack's id of the rep, else the rep's e-mail.
    REP = "rep"
    #: The recipient is the id of a rep whose manager is told: manager_channel, else manager_email.
    MANAGER = "manager"
    #: The recipient is the address itself, a queue's alert: `#channel`, a Slack id or an e-mail.
    QUEUE = "queue"
    #: The recipient is the address itself, of somebody who answers for the policy or a queue.
    OPS = "ops"
    #: The recipient is what a nurture track says under `send`: `webhook:NAME`.
    TRACK = "track"


class Channel(StrEnum):
    """Over what a notice is told; `none`: nothing was configured that could carry it, and nothing left."""

    SLACK = "slack"
    WEBHOOK = "webhook"
    NONE = "none"


class NoticeOutcome(StrEnum):
    """What became of a notice; one that has no outcome yet is waiting, or is on its way."""

    SENT = "sent"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"
