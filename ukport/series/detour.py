"""What is done only where a patch does not land: go by the tags, explain, propose, look back."""

from collections.abc import Sequence

from ukport.series.apply import Fitted, fit
from ukport.series.astray import gone_astray
from ukport.series.depend import dependencies, standing
from ukport.series.explain import Explainer
from ukport.series.fileplan import FilePlan, unambiguous
from ukport.series.hop import Carry, Hops, Landing
from ukport.series.outcome import Fate, HunkResult, Outcome, PatchResult, Way
from ukport.series.patch import Patch
from ukport.series.propose import Proposer
from ukport.series.state import State


class Detours:
    """For one series on its way; ``carry`` is how it would be carried over a part of it."""

    def __init__(self, way: Way, series: Sequence[Patch], carry: Carry) -> None:
        self._way = way
        self._series = series
        start = way.start
        self._hops = Hops(start, carry)
        self._explainer = Explainer(way.repo, way.trees, (start.old, start.new))
        self._proposer = Proposer(way.repo, way.trees[1])

    def settle(
        self,
        result: PatchResult,
        plans: Sequence[FilePlan],
        state: State,
        at: int,
        results: Sequence[PatchResult],
    ) -> PatchResult:
        """The last word on the patch at ``at``; where it lands after all, the state goes on."""
        patch = self._series[at]
        result = gone_astray(self._way.repo, self._way.trees, result, plans, state.new)
        if result.outcome is Outcome.UPSTREAMED:
            return result
        landing = self._hops.landing(patch.name)
        arrived = _arrived(result, landing, state) if landing else None
        if arrived:
            return arrived
        result = self._explainer.explain(result, plans)
        result = self._proposer.propose(patch, result, plans, state.new)
        names = dependencies(state.first, self._series[:at], patch, result)
        return result._replace(depends=standing(names, results))


def _arrived(result: PatchResult, landing: Landing, state: State) -> PatchResult | None:
    """The patch as it came over the tags, if it fits where the others have come to by the jump."""
    fitted = [one for one in fit(landing.patch, state.new) if isinstance(one, Fitted)]
    if len(fitted) != len(landing.patch.files) or not all(unambiguous(one) for one in fitted):
        return None
    hunks = tuple(
        HunkResult(one.change.path, hunk.header, Fate.MERGED, "by way of the tags", at + 1)
        for one in fitted
        for hunk, at in zip(one.change.hunks, one.places, strict=False)
    )
    for one in fitted:
        state.graft(one)
    reason = f"landed by way of the tags; in one jump: {result.reason}"
    evidence = (landing.evidence,)
    return PatchResult(result.name, Outcome.ADJUSTED, landing.patch, hunks, reason, evidence)
