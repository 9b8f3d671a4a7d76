"""Zip archives whose bytes depend on nothing but their files."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can name


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of the files by name, in their order; equal files give equal bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return sink.getvalue()


def loader_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV for programs: UTF-8 without a byte order mark, which loaders take for a part of the first header."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return sink.getvalue().encode()
