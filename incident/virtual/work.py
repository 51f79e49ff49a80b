"""What a virtual agency does with tasks, and with what lies on the ground."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from incident.boundaries.facts import Agree, Feature, Propose, Shape, Withdraw
from incident.boundaries.facts import Decline as DeclineFeature
from incident.boundaries.rules import RIVAL_KINDS, boundaries, live
from incident.kernel.slice import Act
from incident.scenario.facts import FeatureHabit, TaskHabit, Wait
from incident.tasks.facts import Accept, Begin, Cancel, Finish, Task, Verify
from incident.tasks.facts import Decline as DeclineTask
from incident.tasks.fold import tasks
from incident.virtual.mind import Mind

NO_UNITS: Final = "Nobody free to do it"
NOT_THERE: Final = "That place will not do for our vehicles"
ONE_FOR_ALL: Final = (
    "We have agreed to {}: one for all",
    "Ours are sent to {} already",
    "{} stands: say if that is to be given up first",
    "Two would divide us, and we are told {}",
)
"""Why not a second of what there can be one of; the name of the first goes in."""
SHOWN: Final = ("Done", "Done, rung back to confirm", "Seen to; those there have been told", "Done, as asked")
GIVES_UP: Final = Wait(180, 420)
"""How long until what another agency declined is done in another way."""


def works(mind: Mind) -> Iterator[Act]:
    """Takes on what it is asked to do, or says why not, and does it; looks at what it asked others to do."""
    if mind.habit.tasks is None or not mind.joined:
        return
    for task in tasks(mind.view).rows.values():
        if task.agency == mind.agency:
            yield from _step(mind, mind.habit.tasks, task)
        if task.raised_by == mind.agency:
            yield from _follow(mind, mind.habit.tasks, task)


def _step(mind: Mind, habit: TaskHabit, task: Task) -> Iterator[Act]:
    key = f"{task.called} {task.offered_at}"
    match task.state:
        case "raised":
            at = mind.after(mind.since(task.offered_at), habit.answers, f"answer {key}")
            no = mind.says_no(habit.declines, f"task {key}")
            reason = mind.word(habit.reasons, key, NO_UNITS)
            answer = DeclineTask(task.id, reason) if no else Accept(task.id)
            yield from mind.act(at, f"answer/{task.offer}", answer)
        case "accepted":
            at = mind.after(task.since, habit.begins, f"begin {key}")
            yield from mind.act(at, f"begin/{task.version}", Begin(task.id))
        case "in_progress":
            at = mind.after(task.since, habit.finishes, f"finish {key}")
            evidence = mind.word(habit.evidence or SHOWN, key, "")
            yield from mind.act(at, f"finish/{task.version}", Finish(task.id, evidence))


def _follow(mind: Mind, habit: TaskHabit, task: Task) -> Iterator[Act]:
    key = f"{task.called} {task.offered_at}"
    if task.state == "done":
        at = mind.after(task.since, habit.answers, f"verify {key}")
        yield from mind.act(at, f"verify/{task.version}", Verify(task.id))
    elif task.state == "declined":
        at = mind.after(task.since, GIVES_UP, f"give up {key}")
        yield from mind.act(at, f"cancel/{task.version}", Cancel(task.id, "Done in another way"))


def stands_on_the_ground(mind: Mind) -> Iterator[Act]:
    """Agrees to what others propose, or says why not; proposes a rendezvous point of its own, and takes it back."""
    if not mind.joined or mind.over:
        return
    if mind.habit.features is not None:
        said: set[str] = set()
        for feature in live(mind.view):
            if feature.owner != mind.agency and feature.kind not in said:
                answers = tuple(_answers(mind, mind.habit.features, feature))
                said.update({feature.kind} & set(RIVAL_KINDS) if answers else ())
                yield from answers
    yield from _rival(mind)


def _answers(mind: Mind, habit: FeatureHabit, feature: Feature) -> Iterator[Act]:
    """Yes or no; and no to the second of what there can be one of, until the first is gone."""
    key = f"{feature.called} {feature.moves}"
    answer, other = feature.answers.get(mind.agency), _other(mind, feature)
    no = mind.says_no(habit.declines, f"feature {key}")
    if answer is None:
        at = mind.after(mind.since(feature.placed_at), habit.answers, f"feature {key}")
        reason = mind.word(habit.reasons, key, NOT_THERE)
        if other is not None:
            reason = mind.word(ONE_FOR_ALL, key, ONE_FOR_ALL[0]).format(other.name)
        command = DeclineFeature(feature.id, reason) if no or other else Agree(feature.id)
        yield from mind.act(at, f"feature/{feature.asked}", command)
    elif not answer.agreed and answer.by.startswith("virtual/") and other is None and not no:
        since = max([answer.at, *(gone.withdrawn_at or 0 for gone in _alike(mind, feature))])
        at = mind.after(since, habit.answers, f"feature again {key}")
        yield from mind.act(at, f"feature/{feature.asked}/{answer.at}", Agree(feature.id))


def _alike(mind: Mind, feature: Feature) -> Iterator[Feature]:
    """The others of a kind of which there can be one."""
    for one in boundaries(mind.view).rows.values():
        if one.kind == feature.kind in RIVAL_KINDS and one.id != feature.id:
            yield one


def _other(mind: Mind, feature: Feature) -> Feature | None:
    """Another of its kind that the agency owns or has agreed to and that still stands."""
    for one in _alike(mind, feature):
        answer = one.answers.get(mind.agency)
        if one.withdrawn_at is None and (one.owner == mind.agency or (answer is not None and answer.agreed)):
            return one
    return None


def _rival(mind: Mind) -> Iterator[Act]:
    rival = mind.habit.rival_rvp
    if rival is None:
        return
    mine = [
        feature
        for feature in boundaries(mind.view).rows.values()
        if feature.owner == mind.agency and feature.called == rival.name
    ]
    if not mine:
        proposal = Propose("rvp", Shape(rival.place), rival.name, note=rival.note)
        yield from mind.act(mind.at(rival.at), "rival-rvp", proposal)
    elif rival.withdrawn_at is not None and mine[0].withdrawn_at is None:
        reason = "One rendezvous point for all"
        yield from mind.act(mind.at(rival.withdrawn_at), "rival-rvp-back", Withdraw(mine[0].id, reason))
