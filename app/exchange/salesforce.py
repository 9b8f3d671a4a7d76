"""An alignment for Salesforce: only what changes, as files that a data loader takes, and the rollback of exactly that.

Owns the files. An account's owner changes by an update. Its territory cannot be updated in Salesforce: a move is a
delete and an insert. Which files there are depends on what is known of the reps: a user, a territory, or both.
"""

from collections.abc import Iterator
from typing import Final

from app.alignments.columns import AlignmentColumns, Integers
from app.datasets.salesforce_ids import same_record
from app.exchange.archives import loader_csv
from app.exchange.crm_changes import CrmChanges, crm_changes
from app.exchange.crm_texts import salesforce_readme
from app.exchange.salesforce_book import SalesforceBook, refuse_unloadable, salesforce_book

OWNERS: Final = "owners.csv"
OBJECT_DELETE: Final = "object_territory2_association_delete.csv"
OBJECT_INSERT: Final = "object_territory2_association_insert.csv"
USER_DELETE: Final = "user_territory2_association_delete.csv"
USER_INSERT: Final = "user_territory2_association_insert.csv"
TERRITORIES: Final = "territories.csv"
ROLLBACK: Final = "rollback/"
CAUSE: Final = "Territory2Manual"

Link = tuple[str, str]


def salesforce_files(columns: AlignmentColumns) -> dict[str, bytes]:
    """Return the files by name.

    Raises
    ------
    InvalidInput
        When an id is none of Salesforce's, or a rep who gives or takes accounts lacks one, with every row.
    """
    book, changes = salesforce_book(columns), crm_changes(columns)
    refuse_unloadable(book, changes)
    undo = changes.reverse()
    files: dict[str, bytes] = {}
    if book.has_users:
        files[OWNERS] = _owners(book, changes)
        files[ROLLBACK + OWNERS] = _owners(book, undo)
    if book.has_territories:
        files |= _object_links(book, changes, undo)
    if book.has_users and book.has_territories:
        files |= _user_links(book, columns)
    if any(book.developer_name) and book.has_territories:
        files[TERRITORIES] = _territories(book, changes)
    readme = salesforce_readme(changes, list(files), has_association_ids=book.association is not None)
    return {"README.txt": readme} | files


def _owners(book: SalesforceBook, changes: CrmChanges) -> bytes:
    """Return the update of owners; an account that ends without a rep keeps its owner, which Salesforce demands."""
    rows = []
    for account, source, goal in changes.rows():
        user = book.user_of(goal)
        if user is not None and not _is_same(user, book.user_of(source)):
            rows.append((book.account[account] or "", user))
    return loader_csv(("Id", "OwnerId"), rows)


def _object_links(book: SalesforceBook, changes: CrmChanges, undo: CrmChanges) -> dict[str, bytes]:
    leaving, entering = list(_links(book, changes)), list(_links(book, undo))
    known = book.association
    if known is None:
        delete = loader_csv(("ObjectId", "Territory2Id"), (link for _, link in leaving))
    else:
        delete = loader_csv(
            ("Id", "ObjectId", "Territory2Id"), ((known[place] or "", *link) for place, link in leaving)
        )
    return {
        OBJECT_DELETE: delete,
        OBJECT_INSERT: _inserted(entering),
        ROLLBACK + OBJECT_DELETE: loader_csv(("ObjectId", "Territory2Id"), (link for _, link in entering)),
        ROLLBACK + OBJECT_INSERT: _inserted(leaving),
    }


def _links(book: SalesforceBook, changes: CrmChanges) -> Iterator[tuple[int, Link]]:
    """Yield each account that leaves a territory, with its record and that territory."""
    for account, source, goal in changes.rows():
        territory = book.territory_of(source)
        if territory is not None and not _is_same(territory, book.territory_of(goal)):
            yield account, (book.account[account] or "", territory)


def _inserted(links: list[tuple[int, Link]]) -> bytes:
    return loader_csv(("ObjectId", "Territory2Id", "AssociationCause"), ((*link, CAUSE) for _, link in links))


def _user_links(book: SalesforceBook, columns: AlignmentColumns) -> dict[str, bytes]:
    """Return the users who enter or leave territories: those of reps who had no accounts, or have none any more."""
    before = _staffed(book, columns.counts(columns.current))
    after = _staffed(book, columns.counts(columns.owner))
    leaving = [before[key] for key in sorted(before.keys() - after.keys())]
    entering = [after[key] for key in sorted(after.keys() - before.keys())]
    header = ("UserId", "Territory2Id")
    one, two = loader_csv(header, leaving), loader_csv(header, entering)
    return {USER_DELETE: one, USER_INSERT: two, ROLLBACK + USER_DELETE: two, ROLLBACK + USER_INSERT: one}


def _staffed(book: SalesforceBook, count: Integers) -> dict[Link, Link]:
    """Return user and territory of every rep who has accounts, by what their forms have in common."""
    found: dict[Link, Link] = {}
    for rep, accounts in enumerate(count.tolist()):
        user, territory = book.user[rep], book.territory[rep]
        if accounts and user is not None and territory is not None:
            found.setdefault((same_record(user), same_record(territory)), (user, territory))
    return found


def _territories(book: SalesforceBook, changes: CrmChanges) -> bytes:
    """Return the territories that the files name, by the name that stays when a model is cloned."""
    named = {
        (str(book.developer_name[rep]), str(book.territory[rep])) for rep in changes.reps if book.developer_name[rep]
    }
    return loader_csv(("DeveloperName", "Territory2Id"), sorted(named))


def _is_same(one: str, two: str | None) -> bool:
    return two is not None and same_record(one) == same_record(two)
