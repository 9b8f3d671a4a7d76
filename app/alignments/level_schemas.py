"""Bodies of answers about a level of the reps' hierarchy."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from app.alignments import schemas

LevelParameter = Annotated[
    int | None,
    Query(
        ge=1,
        le=50,
        description=(
            "Add up reps below their managers: 1 is the top of the hierarchy (reps' manager_id), 2 the step below it; "
            "reps who are not that deep stand for themselves. Left out: every rep."
        ),
        examples=[1],
    ),
]


class LevelLine(schemas.RepLine):
    """A rep, or at a level of the hierarchy all reps below one manager."""

    parent_id: str | None = Field(default=None, description="With `level`: the manager above, null at the top.")
    reps: int | None = Field(default=None, description="With `level`: reps that the line adds up.")


class LevelScorecard(schemas.Scorecard):
    """A scorecard; with `level` a line is a manager with everybody below."""

    level: int | None = Field(default=None, description="The level that was asked for; 1 is the top.")
    levels: int | None = Field(default=None, description="Levels that the hierarchy has; the last one is the reps.")
    reps: list[LevelLine] = Field(  # type: ignore[assignment] # a line of a level has all that a rep's line has
        description="One line a rep, or a manager, by id."
    )
