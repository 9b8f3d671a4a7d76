"""All that a replay needs, in one piece: a manifest with the steps, and the stored files by their hash.

Owns the form of the bundle: a zip with ``manifest.json`` and ``blobs/<sha256>``. Steps stand in the order in which
they were done; each begins with what the one before it ended with. Knows neither the web nor the database.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from app.datasets.tables import DatasetTables, read_parquet
from app.errors import TerritoryError
from app.exchange.archives import zip_bytes

FORM: Final = 1
MANIFEST: Final = "manifest.json"
BLOBS: Final = "blobs/"

Json = dict[str, Any]


class BundleError(TerritoryError):
    """A bundle is broken: not of our form, or a file in it is not what its name says."""


@dataclass(frozen=True)
class Bundle:
    """What a replay needs.

    Parameters
    ----------
    alignment_id
        What is to be reproduced; the last step makes it.
    steps
        The steps, first to last: alignment_id, kind, dataset (files by table), dataset_sha256, criteria, assignments,
        certificate, software, summary; of a search the job with its own dataset, criteria and search, which are not
        those of its remedies; of an edit the request.
    blobs
        Files by their SHA-256.
    """

    alignment_id: str
    steps: tuple[Json, ...]
    blobs: Mapping[str, bytes]

    def manifest(self) -> bytes:
        """Return the manifest as JSON; the same bundle has the same bytes."""
        content = {"form": FORM, "alignment_id": self.alignment_id, "steps": self.steps}
        return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode()

    def to_zip(self) -> bytes:
        """Return the bundle as a file."""
        files = {f"{BLOBS}{sha256}": self.blobs[sha256] for sha256 in sorted(self.blobs)}
        return zip_bytes({MANIFEST: self.manifest(), **files})

    @classmethod
    def from_zip(cls, content: bytes) -> "Bundle":
        """Read a bundle and check each file against its hash.

        Raises
        ------
        BundleError
            When it is no bundle of this form, or a file was changed.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                manifest = json.loads(archive.read(MANIFEST))
                names = [name for name in archive.namelist() if name.startswith(BLOBS)]
                blobs = {name.removeprefix(BLOBS): archive.read(name) for name in names}
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise BundleError(f"This is no replay bundle: {error}.") from None
        if manifest.get("form") != FORM:
            raise BundleError(f"The bundle has form {manifest.get('form')}; this version reads form {FORM}.")
        for sha256, blob in blobs.items():
            if hashlib.sha256(blob).hexdigest() != sha256:
                raise BundleError(f"The file {sha256} of the bundle was changed.")
        return cls(manifest["alignment_id"], tuple(manifest["steps"]), blobs)

    def files_of(self, owner: Json) -> dict[str, bytes]:
        """Return the stored tables of a step's or a job's dataset, by name."""
        return {name: self.blobs[sha256] for name, sha256 in owner["dataset"].items()}

    def tables_of(self, owner: Json) -> DatasetTables:
        """Return the dataset of a step or a job."""
        return DatasetTables(**{name: read_parquet(content) for name, content in self.files_of(owner).items()})

    def assignments_of(self, step: Json) -> pa.Table:
        """Return the assignments that were stored when the step was done."""
        return read_parquet(self.blobs[step["assignments"]])
