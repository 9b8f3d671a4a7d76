"""Files: the same data in every format is the same dataset; dialects, exports and broken files."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings

HEADER = ["id", "name", "lat", "lon", "current_rep_id", "locked", "requires", "workload", "potential", "segment"]
ROWS: list[list[Any]] = [
    ["007", "Łódź Works", 51.77, 19.46, "R1", False, "medical;dental", 1 / 3, 52000.0, "A"],
    ["0071", "株式会社", 52.1, 20.123456789012, "R2", True, None, 18.0, None, None],
    ["10", 'Comma, "quoted"\nline', 50.5, 21.0, None, False, "medical", 7.25, 1.5, "B;C"],
]
REPS_HEADER = ["id", "name", "lat", "lon", "skills", "workload_max", "region"]
REPS: list[list[Any]] = [
    ["R1", "Çelik", 52.0, 20.0, "medical;dental", 1800.0, "North"],
    ["R2", "Nguyễn", 51.0, 20.0, None, None, None],
]


def _csv(header: list[str], rows: list[list[Any]], delimiter: str = ",", decimal: str = ".") -> bytes:
    def cell(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, float):
            return repr(value).replace(".", decimal)
        text = str(value).lower() if isinstance(value, bool) else value
        quoted = '"' + text.replace('"', '""') + '"'
        return quoted if any(sign in text for sign in f'{delimiter}"\n') else text

    return "\n".join(delimiter.join(map(cell, row)) for row in [header, *rows]).encode() + b"\n"


def _xlsx(header: list[str], rows: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([header, *rows]):
            for column, value in enumerate(row):
                if value is not None:
                    write = sheet.write_string if isinstance(value, str) else sheet.write
                    write(number, column, value)
    return target.getvalue()


def _zip(name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, "id,lat,lon\na,50,10\n")
    return target.getvalue()


def _parquet(header: list[str], rows: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({name: [row[i] for row in rows] for i, name in enumerate(header)}), target)
    return target.getvalue()


def _json_accounts() -> bytes:
    items = []
    for row in ROWS:
        item = dict(zip(HEADER, row, strict=True))
        item["requires"] = item["requires"].split(";") if item["requires"] else []
        item["measures"] = {"workload": item.pop("workload"), "potential": item.pop("potential")}
        item["attributes"] = {"segment": item.pop("segment")}
        items.append(item)
    return json.dumps(items).encode()


FORMS = {
    "csv": (_csv(HEADER, ROWS), _csv(REPS_HEADER, REPS)),
    "csv with a byte order mark": (b"\xef\xbb\xbf" + _csv(HEADER, ROWS), b"\xef\xbb\xbf" + _csv(REPS_HEADER, REPS)),
    "csv with semicolons and decimal commas": (_csv(HEADER, ROWS, ";", ","), _csv(REPS_HEADER, REPS, ";", ",")),
    "csv with tabs": (_csv(HEADER, ROWS, "\t"), _csv(REPS_HEADER, REPS, "\t")),
    "csv in UTF-16": (_csv(HEADER, ROWS).decode().encode("utf-16"), _csv(REPS_HEADER, REPS).decode().encode("utf-16")),
    "xlsx": (_xlsx(HEADER, ROWS), _xlsx(REPS_HEADER, REPS)),
    "parquet": (_parquet(HEADER, ROWS), _parquet(REPS_HEADER, REPS)),
    "json and csv": (_json_accounts(), _csv(REPS_HEADER, REPS)),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return one client for all files."""
    with TestClient(create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), log_level="error"))) as client:
        yield client


REPS_CSV = b"id,lat,lon\nR1,50,10\n"


def _stored(client: TestClient, accounts: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Import accounts; return the dataset and its accounts by id."""
    files = {"accounts": ("accounts.csv", accounts), "reps": ("reps.csv", REPS_CSV)}
    made = client.post("/v1/datasets", files=files)
    assert made.status_code == 201, made.text
    return made.json(), client.get(f"/v1/datasets/{made.json()['id']}/accounts").json()["items"]


def _post(client: TestClient, accounts: bytes, reps: bytes = REPS_CSV, **more: Any) -> Any:
    fields = {name: value for name, value in more.items() if isinstance(value, str)}
    files = {name: (f"{name}.bin", value) for name, value in more.items() if isinstance(value, bytes)}
    files |= {"accounts": ("accounts.bin", accounts), "reps": ("reps.bin", reps)}
    return client.post("/v1/datasets?check_only=true", files=files, data=fields)


@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_the_same_dataset(shared: TestClient, form: str) -> None:
    """The same rows have the same hash, whatever file held them."""
    expected = _post(shared, *FORMS["csv"]).json()["hashes"]["dataset"]
    answer = _post(shared, *FORMS[form])
    assert answer.status_code == 200, answer.text
    assert answer.json()["hashes"]["dataset"] == expected


def test_ids_stay_text_byte_for_byte(shared: TestClient) -> None:
    """Leading zeros and every script survive the way through a file and back."""
    files = {"accounts": ("a.xlsx", _xlsx(HEADER, ROWS)), "reps": ("r.xlsx", _xlsx(REPS_HEADER, REPS))}
    made = shared.post("/v1/datasets", files=files, data={"name": "Übung"}).json()
    items = shared.get(made["links"]["accounts"]).json()["items"]
    assert [item["id"] for item in items] == ["007", "0071", "10"]
    assert items[0]["measures"] == {"workload": 1 / 3, "potential": 52000.0}
    assert items[0]["requires"] == ["medical", "dental"]
    assert items[2]["attributes"] == {"segment": "B;C"}
    reps = shared.get(made["links"]["reps"]).json()["items"]
    assert (reps[0]["capacity"], reps[0]["attributes"]) == (
        {"workload": {"min": None, "max": 1800.0}},
        {"region": "North"},
    )
    assert made["name"] == "Übung"


SALESFORCE = (
    b"Id,Name,OwnerId,ParentId,BillingLatitude,BillingLongitude,BillingPostalCode,AnnualRevenue,Industry,Phone\n"
    b"001A,Acme,005A,,52.1,20.5,00950,1200000,Energy,4930123456\n"
    b"001B,Acme South,005A,001A,51.1,20.5,30001,300000,Energy,4930123457\n"
)
HUBSPOT = (
    b"Record ID,Company name,Company owner,Postal Code,Country/Region,Annual Revenue,Industry\n"
    b"8123456789,Acme,Ana Silva,02139,United States,1200000,Energy\n"
)


def test_salesforce_exports_are_recognized(shared: TestClient) -> None:
    """Salesforce's own headers become ids, owners, places, families and potential."""
    answer = _post(shared, SALESFORCE, b"Id,Name,IsActive,Latitude,Longitude\n005A,Ana,true,52,20\n").json()
    assert answer["counts"]["families"] == 1
    assert answer["measures"] == [{"name": "potential", "total": 1_500_000.0, "unit": "currency per year"}]


def test_both_forms_of_a_salesforce_id_are_one_record(shared: TestClient) -> None:
    """Owners by 18 characters find users by 15, parents likewise; ids stay as they are, a harmed owner is unknown."""
    accounts = (
        "Id,Name,OwnerId,ParentId,BillingLatitude,BillingLongitude\n"
        "001D000000IRFma,Acme,005D0000001benAIAQ,,52.1,20.5\n"
        "001D000000IRFmb,Acme South,005D0000001benA,001D000000IRFmaIAH,51.1,20.5\n"
    )
    reps = "Id,Name,IsActive,Latitude,Longitude\n005D0000001benA,Ben,true,52,20\n"
    files = {"accounts": ("a.csv", accounts.encode()), "reps": ("r.csv", reps.encode())}
    made = shared.post("/v1/datasets", files=files)
    assert made.status_code == 201, made.text
    items = shared.get(made.json()["links"]["accounts"]).json()["items"]
    assert [item["current_rep_id"] for item in items] == ["005D0000001benA"] * 2
    assert items[1]["parent_id"] == items[0]["id"] == "001D000000IRFma"
    harmed = accounts.replace("005D0000001benAIAQ", "005d0000001benaIAQ")
    answer = shared.post("/v1/datasets", files={**files, "accounts": ("a.csv", harmed.encode())})
    assert [fault["code"] for fault in answer.json()["errors"]] == ["UNKNOWN_REFERENCE"]


def test_hubspot_exports_are_recognized_and_located_by_postal_code(shared: TestClient) -> None:
    """HubSpot's headers are known; without coordinates the postal code gives the place."""
    files = {"accounts": ("a.csv", HUBSPOT), "reps": ("r.csv", b"id,name\nAna Silva,Ana Silva\n")}
    made = shared.post("/v1/datasets", files=files).json()
    item = shared.get(made["links"]["accounts"]).json()["items"][0]
    assert (item["id"], item["located_by"], item["current_rep_id"]) == ("8123456789", "postal_code", "Ana Silva")
    assert item["lat"] == pytest.approx(42.4, abs=0.2)


@pytest.mark.parametrize(
    "mapping", [{"Kundennummer": "id", "B": "lat", "L": "lon"}, {"id": "Kundennummer", "lat": "B", "lon": "L"}]
)
def test_columns_can_be_mapped_in_either_direction(shared: TestClient, mapping: dict[str, str]) -> None:
    """A caller's mapping names the columns, from column to field or from field to column."""
    answer = _post(shared, b"Kundennummer,B,L\n1,50,10\n", mapping=json.dumps({"accounts": mapping}))
    assert answer.status_code == 200, answer.text


def test_a_unit_locates_its_accounts(shared: TestClient) -> None:
    """An account without coordinates lies inside its unit."""
    ring = [[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]
    units = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "id": "u", "geometry": {"type": "Polygon", "coordinates": [ring]}}],
    }
    files = {
        "accounts": ("a.csv", b"id,unit_id\na,u\n"),
        "reps": ("r.csv", b"id\nR1\n"),
        "units": ("u.geojson", json.dumps(units).encode()),
    }
    made = shared.post("/v1/datasets", files=files)
    assert made.status_code == 201, made.text
    item = shared.get(made.json()["links"]["accounts"]).json()["items"][0]
    assert item["located_by"] == "unit"
    assert 50 < item["lat"] < 51
    assert 10 < item["lon"] < 11


FAULTS: dict[str, tuple[bytes, str, int | None]] = {
    "not a number": (b"id,lat,lon\na,50,10\nb,abc,10\n", "NOT_A_FINITE_NUMBER", 3),
    "NaN": (b"id,lat,lon,workload\na,50,10,NaN\n", "NOT_A_FINITE_NUMBER", 2),
    "a bad cell in a measure": (
        b"id,lat,lon,sales\n" + b"".join(b"%d,50,10,%d\n" % (i, i) for i in range(20)) + b"x,50,10,#N/A\n",
        "NOT_A_FINITE_NUMBER",
        22,
    ),
    "negative": (b"id,lat,lon,workload\na,50,10,-1\n", "NEGATIVE_MEASURE", 2),
    "duplicate id": (b"id,lat,lon\na,50,10\n\nb,50,10\na,50,10\n", "DUPLICATE_ID", 5),
    "empty id": (b"id,lat,lon\n,50,10\n", "MISSING_FIELD", 2),
    "flag that is none": (b"id,lat,lon,locked\na,50,10,perhaps\n", "WRONG_TYPE", 2),
    "latitude": (b"id,lat,lon\na,50,10\nb,99,10\nc,50,10\n", "COORDINATE_OUT_OF_RANGE", 3),
    "no id column": (b"key_,lat,lon\na,50,10\n", "MISSING_COLUMN", None),
    "ragged row": (b"id,lat,lon\na,50,10\nb,50\n", "UNREADABLE_FILE", 3),
    "open quote": (b'id,lat,lon\n"a,50,10\n', "UNREADABLE_FILE", 2),
    "empty file": (b"", "UNREADABLE_FILE", None),
    "header only": (b"id,lat,lon\n", "EMPTY_LIST", None),
    "NUL": (b"id,lat,lon\na\x00,50,10\n", "UNREADABLE_FILE", None),
    "broken zip": (b"PK\x03\x04xxxx", "UNREADABLE_FILE", None),
    "a zip of files": (_zip("accounts.csv"), "UNREADABLE_FILE", None),
    "an object a line": (b'{"id": "a", "lat": 50, "lon": 10}\n{"id": "b"}\n', "UNREADABLE_FILE", None),
    "broken Parquet": (b"PAR1xxxxPAR1", "UNREADABLE_FILE", None),
    "packed": (b"\x1f\x8b\x08\x00xxxx", "UNREADABLE_FILE", None),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "UNREADABLE_FILE", None),
    "broken JSON": (b"[{]", "UNREADABLE_FILE", None),
    "bytes that are nothing": (b"\x81\x8d\x8f", "UNREADABLE_FILE", 1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_have_file_and_row(shared: TestClient, name: str) -> None:
    """A fault of a file names the file and the row as a spreadsheet shows it."""
    content, code, row = FAULTS[name]
    answer = _post(shared, content)
    assert answer.status_code == 422, answer.text
    assert ("accounts", code, row) in {(f["file"], f["code"], f.get("row")) for f in answer.json()["errors"]}


def test_each_row_with_too_many_or_too_few_cells_is_named(shared: TestClient) -> None:
    """Every row that has not as many cells as the header is a fault of its own, with what to do."""
    errors = _post(shared, b"id,lat,lon\na,50,10,x\nb,50,10\nc,50\n").json()["errors"]
    assert [(fault["row"], fault["detail"]) for fault in errors if fault["code"] == "UNREADABLE_FILE"] == [
        (2, "Row 2 has 4 cells, the header has 3. Quote cells that have a ','."),
        (4, "Row 4 has 2 cells, the header has 3. Empty cells, too, need their ','."),
    ]


@pytest.mark.parametrize("above", [b"\n\r\n", b"sep=;\r\n", b"\nSEP=;\n"])
def test_what_stands_above_the_header_is_passed_over(shared: TestClient, above: bytes) -> None:
    """Empty lines and the line that tells spreadsheets the delimiter are no header, and rows keep their numbers."""
    answer = _post(shared, above + b"id;lat;lon;workload\na;50;10;1\nb;50;10;-1\n")
    (fault,) = answer.json()["errors"]
    assert (fault["code"], fault["row"]) == ("NEGATIVE_MEASURE", above.count(b"\n") + 3)
    title = _post(shared, b"Accounts of 2027\nid,lat,lon\na,50,10\n").json()["errors"][0]["detail"]
    assert title == "Row 2 has 3 cells, the header has 1. Delete what stands above the header."


def test_decimal_commas_are_seen_from_the_file(shared: TestClient) -> None:
    """`1.234,5` is a thousand in a file that writes `52,23`."""
    content = b"id;lat;lon;workload\na;52,23;10,5;1.234,5\nb;51,1;10,25;2,5\n"
    assert _post(shared, content).json()["measures"][0]["total"] == 1237.0


def test_columns_that_are_not_taken_as_measures_are_named(shared: TestClient) -> None:
    """Numbers among which stand words, columns that stand twice, and records in Parquet are warned of."""
    csv = b"id,lat,lat,lon,sales,code\na,50,51,10,5,1\nb,50,51,10,n/a,x\nc,50,51,10,7,2\n"
    checks = _post(shared, csv).json()["checks"]
    assert [(check["code"], check.get("row"), check["detail"]) for check in checks] == [
        ("UNMAPPED_COLUMN", None, "The column 'lat' stands twice; the first was used."),
        ("ASSUMED_FORMAT", 3, "The column 'sales' was taken as text: 1 cell is no number, the first is 'n/a'."),
    ]
    target = io.BytesIO()
    pq.write_table(pa.table({"id": ["a"], "lat": [50.0], "lon": [10.0], "measures": [{"workload": 1.0}]}), target)
    (check,) = _post(shared, target.getvalue()).json()["checks"]
    assert (check["code"], "lists or records" in check["detail"]) == ("UNMAPPED_COLUMN", True)


@pytest.mark.parametrize(
    ("code_page", "said", "names"),
    [
        ("cp1252", "Windows-1252", ["Müller Großhandel", "Société Forêt", "Þór Íslands banki"]),
        ("cp1250", "Windows-1250", ["Łódź", "Zakłady Śliwiński", "Młyn Żółty"]),
        ("cp1250", "Windows-1250", ["Příliš žluťoučký kůň", "ěř"]),
        ("cp1254", "Windows-1254", ["Işık Sanayi A.Ş.", "Çelik Ağaoğlu"]),
        ("cp1251", "Windows-1251", ["ООО Ромашка", "Завод имени Ленина"]),
        ("cp932", "Shift_JIS", ["株式会社山田製作所", "トヨタ自動車"]),
    ],
)
def test_what_a_spreadsheet_saves_as_csv_is_read_and_reported(
    shared: TestClient, code_page: str, said: str, names: list[str]
) -> None:
    """A file that is not UTF-8 is read in the code page that it shows, with a warning that says which."""
    rows = [f"{number},50,{10 + number},{name}" for number, name in enumerate(names)]
    made, stored = _stored(shared, "\n".join(["id,lat,lon,name", *rows]).encode(code_page))
    assert [check["code"] for check in made["checks"]] == ["ASSUMED_FORMAT"]
    assert said in made["checks"][0]["detail"]
    assert [account["name"] for account in stored] == names


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [
        ("Kundennummer;Firma;Breitengrad;Längengrad;locked", "WAHR", "nein"),
        ("顧客番号;会社名;緯度;経度;locked", "はい", "いいえ"),
        ("Numer klienta;Nazwa;Szerokość geograficzna;Długość geograficzna;locked", "PRAWDA", "nie"),
        ("Müşteri No;Ünvan;Enlem;Boylam;locked", "DOĞRU", "YANLIŞ"),
        ("Код клиента;Компания;Широта;Долгота;locked", "ИСТИНА", "нет"),
    ],
)
def test_columns_and_flags_of_other_languages_are_known(shared: TestClient, header: str, yes: str, no: str) -> None:
    """Usual column names, and what Excel writes for TRUE and FALSE, need no mapping in the page's languages."""
    rows = [f"007;Łódź Works;51,77;19,46;{yes};R1", f"008;Çelik;52,1;20,5;{no};R1"]
    _, stored = _stored(shared, "\n".join([f"{header};current_rep_id", *rows]).encode())
    assert [(one["id"], one["name"], one["lat"], one["lon"]) for one in stored] == [
        ("007", "Łódź Works", 51.77, 19.46),
        ("008", "Çelik", 52.1, 20.5),
    ]
    assert [one["locked"] for one in stored] == [True, False]


def test_labels_that_look_like_numbers_stay_text(shared: TestClient) -> None:
    """Phone numbers, codes with leading zeros and ids are no measures."""
    content = b"id,lat,lon,Phone,cost_center,Tax ID,sales\na,50,10,4930123,0012,77,5\nb,50,11,4930124,0013,78,6\n"
    assert [measure["name"] for measure in _post(shared, content).json()["measures"]] == ["sales"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"acounts": b"x"}, "UNKNOWN_FIELD"),
        ({"mapping": "[]"}, "WRONG_TYPE"),
        ({"mapping": "{"}, "NOT_JSON"),
        ({"mapping": '{"accounts": {"nope": "id"}}'}, "MISSING_COLUMN"),
        ({"mapping": '{"accounts": {"id": "nope"}}'}, "UNKNOWN_FIELD"),
        ({"coordinates_confirmed": "perhaps"}, "WRONG_TYPE"),
        ({"unknown_current": "perhaps"}, "INVALID_VALUE"),
    ],
)
def test_parts_of_the_form_are_checked(shared: TestClient, more: dict[str, Any], code: str) -> None:
    """A misspelt part, or a mapping that fits nothing, is refused."""
    answer = _post(shared, b"id,lat,lon\na,50,10\n", **more)
    assert code in {fault["code"] for fault in answer.json()["errors"]}, answer.text


def test_a_missing_file_is_named(shared: TestClient) -> None:
    """Both accounts and reps are needed."""
    answer = shared.post("/v1/datasets", files={"accounts": ("a.csv", b"id,lat,lon\na,50,10\n")})
    assert (answer.status_code, answer.json()["errors"][0]["file"]) == (422, "reps")


def test_bombs_are_refused_by_limit(settings: Settings) -> None:
    """A workbook and a Parquet file that unpack beyond the limit are refused, whatever they say of themselves."""
    rows = [[f"a{i}", "x" * 500, 50.0, 10.0] for i in range(2000)]
    header = ["id", "name", "lat", "lon"]
    small = settings.model_copy(update={"max_unpacked_bytes": 300_000})
    with TestClient(create_app(small)) as client:
        for content in (_xlsx(header, rows), _parquet(header, rows)):
            answer = _post(client, content)
            assert (answer.status_code, answer.json()["code"]) == (413, "DECOMPRESSION_LIMIT")


def test_file_limit(settings: Settings) -> None:
    """A file over the limit is refused with the limit."""
    with TestClient(create_app(settings.model_copy(update={"max_file_bytes": 2000}))) as client:
        assert _post(client, b"id,lat,lon\n" + b"a,50,10\n" * 300).status_code == 413
