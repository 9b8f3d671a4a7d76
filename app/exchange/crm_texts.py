"""What an admin reads beside the files of a CRM: what to load in which order, and what the files leave out."""

from collections.abc import Sequence

from app.alignments.numerals import counted
from app.exchange.crm_changes import CrmChanges

_SALESFORCE_STEPS = (
    (
        "owners.csv",
        "Update Account: Id, OwnerId. Who owned an account loses it with its sharing; ask your org's rules whether "
        "open opportunities and cases go along.",
    ),
    (
        "object_territory2_association_delete.csv",
        "Delete ObjectTerritory2Association, before the insert. {association}",
    ),
    ("object_territory2_association_insert.csv", "Insert ObjectTerritory2Association: manual associations."),
    (
        "user_territory2_association_delete.csv",
        "Delete UserTerritory2Association: users of reps who have no accounts any more. Look their Id up by UserId "
        "and Territory2Id.",
    ),
    (
        "user_territory2_association_insert.csv",
        "Insert UserTerritory2Association: users of reps who had no accounts before. Set RoleInTerritory2 where your "
        "org uses it.",
    ),
    (
        "territories.csv",
        "Load nothing: the DeveloperName of each territory named here. In a clone of the model the Territory2Id is "
        "another, the DeveloperName the same; exchange the ids by it.",
    ),
)
_WITH_ASSOCIATION = "The Id is the association's own; where it is empty, look it up by ObjectId and Territory2Id."
_WITHOUT_ASSOCIATION = (
    "Salesforce deletes by the association's own Id: SELECT Id, ObjectId, Territory2Id FROM "
    "ObjectTerritory2Association, joined by both ids. Import that Id as the accounts' column "
    "ObjectTerritory2AssociationId, and it stands here."
)


def salesforce_readme(changes: CrmChanges, names: Sequence[str], *, has_association_ids: bool) -> bytes:
    """Return the README of a Salesforce archive with these files."""
    association = _WITH_ASSOCIATION if has_association_ids else _WITHOUT_ASSOCIATION
    steps = [f"{name}: {text.format(association=association)}" for name, text in _SALESFORCE_STEPS if name in names]
    if "owners.csv" not in names:
        steps.append("No owners.csv: no rep has a user id. Add the column UserId (005…) to the reps.")
    if not any("territory2" in name for name in names):
        steps.append("No territory files: no rep has a territory. Add the column Territory2Id (0MI…) to the reps.")
    return _readme("Salesforce", changes, steps)


def hubspot_readme(changes: CrmChanges) -> bytes:
    """Return the README of a HubSpot archive."""
    steps = (
        "companies.csv: Import as an update of companies; Record ID finds the company, Company owner is the user's "
        "email or name.",
    )
    return _readme("HubSpot", changes, steps)


def _readme(crm: str, changes: CrmChanges, steps: Sequence[str]) -> bytes:
    lines = [
        f"{crm}: {counted(len(changes.account), 'account changes', 'accounts change')} rep. Only what changes is here.",
        "",
        *(f"{number}. {step}" for number, step in enumerate(steps, start=1)),
        "",
        "The folder rollback undoes exactly this, in the same order.",
        *_left_out(changes),
    ]
    return ("\n".join(lines) + "\n").encode()


def _left_out(changes: CrmChanges) -> list[str]:
    """Say what no file can: owners of accounts without a rep, before or after."""
    after, before = int((changes.goal < 0).sum()), int((changes.source < 0).sum())
    lines = []
    if after:
        lines.append(f"{counted(after, 'account ends', 'accounts end')} without a rep; the owner stays as it is.")
    if before:
        lines.append(f"{counted(before, 'account')} had no rep in the data; the rollback leaves the new owner.")
    return lines
