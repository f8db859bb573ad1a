"""Which word of a person leads a plan from which state to which; pure."""

from dataclasses import dataclass
from enum import StrEnum

from workers.reassignment.policy.order import PlanState


class Word(StrEnum):
    """What a person says to a plan."""

    APPLY = "apply"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the plan goes, or the sentence that says why not; `state` None changes nothing and is no refusal."""

    state: PlanState | None = None
    refusal: str | None = None


#: Said a second time, a word finds its work done.
_DONE = frozenset(
    {
        (Word.APPLY, PlanState.APPLYING),
        (Word.APPLY, PlanState.APPLIED),
        (Word.PAUSE, PlanState.PAUSED),
        (Word.RESUME, PlanState.APPLYING),
        (Word.RESUME, PlanState.UNDOING),
        (Word.CANCEL, PlanState.CANCELLED),
        (Word.UNDO, PlanState.UNDOING),
        (Word.UNDO, PlanState.UNDONE),
    }
)
_NEXT = {
    (Word.APPLY, PlanState.PLANNED): PlanState.APPLYING,
    (Word.PAUSE, PlanState.APPLYING): PlanState.PAUSED,
    (Word.PAUSE, PlanState.UNDOING): PlanState.PAUSED,
    (Word.RESUME, PlanState.PAUSED): PlanState.APPLYING,
    (Word.CANCEL, PlanState.PLANNED): PlanState.CANCELLED,
    (Word.CANCEL, PlanState.APPLYING): PlanState.CANCELLED,
    (Word.CANCEL, PlanState.PAUSED): PlanState.CANCELLED,
    (Word.UNDO, PlanState.PAUSED): PlanState.UNDOING,
    (Word.UNDO, PlanState.APPLIED): PlanState.UNDOING,
    (Word.UNDO, PlanState.CANCELLED): PlanState.UNDOING,
}
_MENDS = {
    PlanState.PLANNING: "it is still being planned: wait, or plan again if that was broken off",
    PlanState.PLANNED: "nothing of it has moved yet: `apply` moves it, `cancel` drops it",
    PlanState.APPLYING: "it is moving: `pause` or `cancel` it first",
    PlanState.PAUSED: "it rests: `resume`, `cancel` or `undo` it",
    PlanState.APPLIED: "all of it has moved: `undo` brings it back",
    PlanState.CANCELLED: "it was cancelled: `undo` brings back what had moved, or plan again",
    PlanState.UNDOING: "it is on its way back: `pause` stops that",
    PlanState.UNDONE: "it was undone: plan again",
}


def answer(word: Word, state: PlanState, *, expired: bool, going_back: bool) -> Answer:
    """Say what a word does to a plan in a state; `going_back`: somebody has begun to undo it."""
    if (word, state) in _DONE:
        return Answer()
    following = _NEXT.get((word, state))
    if word is Word.APPLY and following and expired:
        return Answer(refusal="it has expired, leads and reps are others by now: plan again")
    if state is PlanState.PAUSED and going_back:
        if word in {Word.RESUME, Word.UNDO}:
            return Answer(PlanState.UNDOING)
        return Answer(refusal="it is half way back: `resume` it")
    return Answer(following) if following else Answer(refusal=_MENDS[state])
