"""Makes a plan: finds the leads, decides where each would go, and writes that down; nothing moves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.bus.context import Context
from shared.bus.publisher import batches
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.domain.target import Target, TargetKind
from shared.errors import RefusedError, UsageError
from shared.policy.compile import Policy
from shared.policy.document import QueueKind
from shared.policy.words import suggestion
from shared.routing.coverage import load_everybody
from workers.reassignment.policy.order import TARGETS, Order, Scope
from workers.reassignment.policy.planning import Planner
from workers.reassignment.queries import plans, scope

#: Leads of one statement: their facts are some ten megabytes, and a progress bar moves several times a second.
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a plan is made on: the policy, the leads of the scope, and the policies they must differ from."""

    version: Version
    lead_ids: Sequence[int]
    formers: Mapping[int, Policy]


def _nobody_watches(_leads: int) -> None:
    """Take note of progress where there is no bar."""


def make_plan(
    context: Context,
    order: Order,
    begin: Callable[[int], None] = _nobody_watches,
    tell: Callable[[int], None] = _nobody_watches,
) -> int:
    """Make a plan and return its id; `begin` gets the number of leads to look at, `tell` how many more were.

    Raises RefusedError for names that do not exist; a message that comes twice gets the plan that it made before.
    """
    with transaction(context.engine) as tx:
        ground = _ground(context, tx, order)
        plan_id = plans.create_plan(tx, order, ground.version.number)
        if plan_id is None and order.request_id is not None:
            return plans.find_request(tx, order.request_id)
        coverage, _ = load_everybody(tx, context.shelf(RosterShelf), ground.version)
    planner = Planner(order, ground.version.policy, coverage, ground.formers)
    begin(len(ground.lead_ids))
    for lead_ids in _chunks(ground.lead_ids):
        with transaction(context.engine) as tx:
            plans.add_planned(tx, plan_id or 0, planner.plan(scope.load_candidates(tx, lead_ids)))
        tell(len(lead_ids))
    with transaction(context.engine) as tx:
        plans.finish_planning(tx, plan_id or 0, planner.unchanged)
    return plan_id or 0


def _chunks(lead_ids: Sequence[int]) -> Iterator[list[int]]:
    return batches(list(lead_ids), CHUNK)


def _ground(context: Context, tx: Transaction, order: Order) -> _Ground:
    version = context.policies.active(tx)
    if version is None:
        raise RefusedError("No policy is in force: put one there with `baton policy activate FILE`.")
    _check_names(tx, version, order)
    lead_ids = scope.load_scope(
        tx,
        order.scope,
        pool=_pool(order.scope, version.policy),
        from_version=version.number if order.scope.difference == (0, version.number) else None,
    )
    formers = _formers(context, tx, order.scope, lead_ids)
    return _Ground(version, lead_ids, formers)


def _formers(context: Context, tx: Transaction, wanted: Scope, lead_ids: Sequence[int]) -> dict[int, Policy]:
    if wanted.difference is None:
        return {}
    first = wanted.difference[0]
    numbers = [first] if first else scope.load_versions_of(tx, lead_ids)
    return {number: context.policies.version(tx, number).policy for number in numbers}


def _pool(wanted: Scope, policy: Policy) -> str | None:
    """Return the territory where it is no region but a pool."""
    is_region = wanted.territory in {one.name for one in policy.document.vocabulary.region}
    return wanted.territory if not is_region else None


def difference_of(context: Context, text: str) -> tuple[int, int]:
    """Read `live` or `A..B`: between which policy versions the way of a lead must differ; B must be in force."""
    with transaction(context.engine) as tx:
        version = context.policies.active(tx)
    if version is None:
        raise RefusedError("No policy is in force: put one there with `baton policy activate FILE`.")
    if text == "live":
        return 0, version.number
    first, dots, second = text.partition("..")
    if not (dots and first.isdigit() and second.isdigit()):
        raise UsageError(f"{text!r} is no difference: write two versions as in 3..4, or leave it out.")
    if int(second) != version.number:
        message = f"Version {second} is not in force, {version.number} is: leads go by the policy in force only."
        raise RefusedError(message)
    return int(first), int(second)


def _check_names(tx: Transaction, version: Version, order: Order) -> None:
    """Refuse what nobody knows, before a plan of nothing looks like an answer."""
    known = scope.load_known_names(tx)
    policy = version.policy
    wanted = order.scope
    _check("rep", wanted.rep, known["reps"])
    _check("team", wanted.team, known["teams"])
    regions = {one.name for one in policy.document.vocabulary.region}
    _check("territory (region or pool)", wanted.territory, regions | set(policy.pools))
    for target in {order.target, *(wanted.leads or {}).values()} - {None}:
        if target is not None:
            _check_target(policy, known, target)


def _check_target(policy: Policy, known: Mapping[str, set[str]], target: Target) -> None:
    if target.kind not in TARGETS:
        raise RefusedError(f"A bulk move does not send leads to {target}: name a rep, a pool or a claim queue.")
    claims = {name for name, queue in policy.queues.items() if queue.kind is QueueKind.CLAIM}
    names = {TargetKind.REP: known["active"], TargetKind.POOL: set(policy.pools), TargetKind.QUEUE: claims}
    words = {TargetKind.REP: "active rep", TargetKind.POOL: "pool", TargetKind.QUEUE: "claim queue"}
    _check(words[target.kind], target.name, names[target.kind])


def _check(what: str, name: str | None, names: set[str]) -> None:
    if name is not None and name not in names:
        raise RefusedError(f"There is no {what} {name!r}: {suggestion(name, sorted(names))}")
