"""Exports as the two CRMs write them: every usual column, their ids, their names for owners."""

import csv
import io
import string
from collections.abc import Iterable

SALESFORCE_ACCOUNT = (
    "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,BillingState,BillingPostalCode,"
    "BillingCountry,BillingStateCode,BillingCountryCode,BillingLatitude,BillingLongitude,BillingGeocodeAccuracy,"
    "ShippingStreet,ShippingCity,ShippingState,ShippingPostalCode,ShippingCountry,ShippingLatitude,ShippingLongitude,"
    "Phone,Fax,AccountNumber,Website,PhotoUrl,Sic,Industry,AnnualRevenue,NumberOfEmployees,Ownership,TickerSymbol,"
    "Description,Rating,Site,OwnerId,CreatedDate,CreatedById,LastModifiedDate,LastModifiedById,SystemModstamp,"
    "LastActivityDate,Jigsaw,AccountSource,DunsNumber,NaicsCode,YearStarted,SicDesc"
)
SALESFORCE_USER = (
    "Id,Username,LastName,FirstName,CompanyName,Division,Department,Title,Street,City,State,PostalCode,Country,Latitude,"
    "Longitude,Email,Phone,Alias,IsActive,TimeZoneSidKey,UserRoleId,ProfileId,UserType,EmployeeNumber,ManagerId,"
    "LastLoginDate,CreatedDate"
)
HUBSPOT_COMPANY = (
    "Record ID,Company name,Company Domain Name,Company owner,Create Date,Phone Number,Last Activity Date,City,"
    "State/Region,Postal Code,Country/Region,Industry,Annual Revenue,Number of Employees,Lifecycle Stage,Lead Status,"
    "Number of Associated Contacts,Number of Associated Deals,Number of child companies,Number of Pageviews,"
    "Number of Sessions,Number of times contacted,Year Founded,Days to Close,Facebook Fans,Twitter Followers,"
    "Website URL,Time Zone,Type,Description"
)
HUBSPOT_USER = "User ID,First Name,Last Name,Email,Role,Main team,Last Active,Seat"

PLACES = (
    ("Łódź Works", "Boston", "02139", 42.36, -71.10),
    ("Çelik Sanayi", "New York", "10001", 40.75, -73.99),
    ("東京商会", "Chicago", "60601", 41.88, -87.62),
    ("Bär & Söhne", "Denver", "80202", 39.75, -104.99),
    ("Ω Labs, Inc.", "Seattle", "98101", 47.61, -122.33),
    ('The "Quoted" Co', "Austin", "78701", 30.27, -97.74),
)
OWNERS = (("Ana", "Silva", "ana@acme.example"), ("Nguyễn", "An", "an@acme.example"))
_LETTERS = string.ascii_uppercase + "012345"


def salesforce_id(prefix: str, number: int) -> str:
    """Return an id of 18 characters, the last three telling the case of the first fifteen."""
    short = f"{prefix}D0000{number:05d}".ljust(15, "x")
    suffix = "".join(
        _LETTERS[sum(1 << place for place, letter in enumerate(short[at : at + 5]) if letter.isupper())]
        for at in (0, 5, 10)
    )
    return short + suffix


def salesforce_accounts() -> str:
    """Write accounts as Data Loader does: owners by 18 characters, a parent, second addresses, empty cells."""
    rows = []
    for number, (name, city, code, lat, lon) in enumerate(PLACES):
        rows.append(
            {
                "Id": salesforce_id("001", number), "IsDeleted": "false", "Name": name, "Type": "Customer",
                "ParentId": salesforce_id("001", 0) if number == 1 else "", "BillingCity": city,
                "BillingPostalCode": code, "BillingCountry": "United States", "BillingCountryCode": "US",
                "BillingLatitude": lat, "BillingLongitude": lon, "ShippingPostalCode": code, "ShippingLatitude": lat,
                "ShippingLongitude": lon, "Phone": f"617555{number:04d}", "AccountNumber": 4711 + number,
                "Sic": 3571, "AnnualRevenue": 100000 * (number + 1), "NumberOfEmployees": 10 * (number + 1),
                "OwnerId": salesforce_id("005", number % 2), "CreatedDate": "2024-05-01T08:00:00.000Z",
                "DunsNumber": 123456789, "NaicsCode": 334111, "YearStarted": 1990,
            }
        )  # fmt: skip
    return _csv(SALESFORCE_ACCOUNT, rows)


def salesforce_users() -> str:
    """Write users as a report does: 15 characters, first and last names apart."""
    rows = [
        {
            "Id": salesforce_id("005", number)[:15], "Username": email, "LastName": last, "FirstName": first,
            "Latitude": 41.0 - number, "Longitude": -75.0 - 10 * number, "Email": email, "IsActive": "true",
            "EmployeeNumber": 900 + number,
        }
        for number, (first, last, email) in enumerate(OWNERS)
    ]  # fmt: skip
    return _csv(SALESFORCE_USER, rows)


def hubspot_companies() -> str:
    """Write companies as HubSpot does: places by postal code, owners by name, by email, and by both."""
    owners = ["Ana Silva", "an@acme.example", "Ana Silva (ana@acme.example)", "Nguyễn An", "", "ana silva"]
    rows = [
        {
            "Record ID": 8_123_456_780 + number, "Company name": name, "Company owner": owners[number],
            "Phone Number": f"+1 617 555 {number:04d}", "City": city, "Postal Code": code,
            "Country/Region": "United States", "Annual Revenue": 100000 * (number + 1),
            "Number of Employees": 10 * (number + 1), "Number of Pageviews": 17, "Year Founded": 1990,
            "Number of child companies": 0, "Create Date": "2024-05-01 08:00",
        }
        for number, (name, city, code, _, _) in enumerate(PLACES)
    ]  # fmt: skip
    return _csv(HUBSPOT_COMPANY, rows)


def hubspot_users() -> str:
    """Write users as HubSpot's settings export them."""
    rows = [
        {"User ID": 50_001 + number, "First Name": first, "Last Name": last, "Email": email, "Role": "Sales"}
        for number, (first, last, email) in enumerate(OWNERS)
    ]
    return _csv(HUBSPOT_USER, rows)


def _csv(header: str, rows: Iterable[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header.split(","), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
