"""How the territories of an opened alignment stand, as its scorecard says, reckoned once for each alignment."""

from app.alignments.scorecards import Standing, standing
from app.alignments.situations import Situation
from app.alignments.targets import balance_rules, rules_of
from app.alignments.travel import travel_rule


def territory_standing(situation: Situation) -> Standing:
    """Return loads, indices, fairness and travel of an opened alignment."""
    known = situation.derived.get("territories")
    if isinstance(known, Standing):
        return known
    columns = situation.columns
    criteria = situation.criteria.model_dump(mode="json")
    asked = [name for name in balance_rules(criteria) if name in columns.amount]
    rules = rules_of(columns, criteria)
    judged = tuple(asked) or tuple(name for name in ("workload",) if name in rules) or ("accounts",)
    found = standing(columns, rules, judged, travel_rule(criteria, {}), situation.owner)
    situation.derived["territories"] = found
    return found
