"""The gazetteer's files as columns of text, read once per process."""

import csv
import gzip
import io
from functools import cache
from importlib import resources

__all__ = ["read_columns"]


@cache
def read_columns(file_name: str) -> dict[str, tuple[str, ...]]:
    """Return the columns of one compressed CSV file of this folder, by header.

    Parameters
    ----------
    file_name
        Name of the file, such as ``"us_places.csv.gz"``.

    Raises
    ------
    FileNotFoundError
        When the package was installed without its data.
    """
    packed = resources.files(__package__).joinpath(file_name).read_bytes()
    header, *rows = csv.reader(io.StringIO(gzip.decompress(packed).decode("utf-8"), newline=""))
    return dict(zip(header, zip(*rows, strict=True), strict=True))
