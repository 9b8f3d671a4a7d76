"""The bytes that an alignment is, whatever file holds them: what two machines compare.

Owns the canonical form: one line an account, sorted by the UTF-8 bytes of its id, each line the JSON array
``["account id","rep id"]`` (null without a rep) without blanks, in UTF-8, ended by a line feed. Parquet files of the
same assignments differ between versions of the library that writes them; these bytes do not. Imports neither the web
nor the database.
"""

import hashlib

import msgspec
import pyarrow as pa


def canonical_bytes(assignments: pa.Table) -> bytes:
    """Return the canonical bytes of a table with the columns account_id and rep_id."""
    account_ids, rep_ids = (assignments.column(name).to_pylist() for name in ("account_id", "rep_id"))
    lines = sorted(zip(account_ids, rep_ids, strict=True), key=lambda line: line[0].encode())
    return bytes(msgspec.json.Encoder().encode_lines(lines))


def canonical_sha256(assignments: pa.Table) -> str:
    """Return the SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(assignments)).hexdigest()
