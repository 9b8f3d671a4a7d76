"""Data with the reps that a relaxation adds: a dataset made from the job's, and the job's scenario on it.

Owns what "add a rep" stores, so that its alignment has data in which its reps exist and can be solved further.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from app.datasets.models import Dataset
from app.datasets.service import create_dataset, load_tables
from app.datasets.tables import MINIMUM_PREFIX, DatasetTables
from app.scenarios.models import Scenario
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService
from app.settings import Settings


def scenario_with_added_reps(session: Session, scenario: Scenario, added: Sequence[Mapping[str, str]]) -> Scenario:
    """Store the dataset of a scenario with more reps and the same question on it; return the new scenario.

    Parameters
    ----------
    session
        The caller's; nothing is committed here.
    scenario
        What the job executed.
    added
        For each new rep its ``rep_id`` and ``name``, and whom it is ``like``: the same but for a smallest load.
    """
    tables = load_tables(session, scenario.dataset_id)
    before = session.get_one(Dataset, scenario.dataset_id)
    called = f"{len(added)} rep more" if len(added) == 1 else f"{len(added)} reps more"
    dataset = create_dataset(
        session,
        DatasetTables(
            accounts=tables.accounts,
            reps=with_added_reps(tables.reps, added),
            pairs=None if tables.pairs is None else with_added_pairs(tables.pairs, added),
            units=tables.units,
        ),
        name=f"{before.name} · {called}",
        parent_id=before.id,
    )
    return ScenarioService(session, Settings.model_construct()).store(
        dataset_id=dataset.id,
        name=f"{scenario.name} · {called}",
        criteria=Criteria.model_validate(scenario.criteria, strict=False),
        search=Search.model_validate(scenario.search, strict=False),
        based_on=scenario.id,
    )


def with_added_reps(reps: pa.Table, added: Sequence[Mapping[str, str]]) -> pa.Table:
    """Return the table of reps with copies behind all others."""
    position = {rep_id: row for row, rep_id in enumerate(reps["id"].to_pylist())}
    copies = reps.take([position[rep["like"]] for rep in added])
    for index, field in enumerate(reps.schema):
        if field.name in ("id", "name"):
            values = [rep["rep_id" if field.name == "id" else "name"] for rep in added]
            copies = copies.set_column(index, field, pa.array(values, field.type))
        elif field.name.startswith(MINIMUM_PREFIX):
            copies = copies.set_column(index, field, pa.nulls(len(added), field.type))
    return pa.concat_tables([reps, copies]).combine_chunks()


def with_added_pairs(pairs: pa.Table, added: Sequence[Mapping[str, str]]) -> pa.Table:
    """Return the table of pairs with those of each copied rep once more, under the new id."""
    index = pairs.schema.get_field_index("rep_id")
    parts = [pairs]
    for rep in added:
        own = pairs.filter(pc.equal(pairs["rep_id"], rep["like"]))
        renamed = pa.array([rep["rep_id"]] * own.num_rows, pairs.schema.field(index).type)
        parts.append(own.set_column(index, pairs.schema.field(index), renamed))
    return pa.concat_tables(parts).combine_chunks()
