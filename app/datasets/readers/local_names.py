"""What columns are called in German, Polish, Turkish, Japanese and Russian exports, by field.

Owns the words, each in the plain form that `mapping` compares (small letters, `_` for all that is no letter or digit).
Only words with one meaning are here: `gesperrt` says "blocked" in one CRM and "locked" in the next, so it is not.
"""

from collections.abc import Mapping
from types import MappingProxyType

LOCAL_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "accounts": {
            "id": "kundennummer kundennr kunden_nr kunden_id numer_klienta nr_klienta id_klienta kod_klienta "
            "müşteri_no müşteri_numarası müşteri_kodu cari_kodu 顧客番号 顧客コード 顧客id 得意先コード "
            "номер_клиента код_клиента id_клиента",
            "name": "firma firmenname kundenname kunde nazwa nazwa_firmy nazwa_klienta ünvan unvan firma_adı "
            "müşteri_adı müşteri 会社名 顧客名 得意先名 企業名 название наименование компания клиент",
            "lat": "breitengrad szerokość_geograficzna enlem 緯度 широта",
            "lon": "längengrad długość_geograficzna boylam 経度 долгота",
            "postal_code": "postleitzahl kod_pocztowy posta_kodu 郵便番号 почтовый_индекс индекс",
            "country": "land kraj ülke 国 国名 страна",
            "parent_id": "konzern muttergesellschaft spółka_matka grupa_kapitałowa ana_şirket 親会社 холдинг "
            "материнская_компания",
            "current_rep_id": "betreuer_nr betreuer kundenbetreuer aussendienstmitarbeiter vertriebsmitarbeiter "
            "opiekun handlowiec przedstawiciel przedstawiciel_handlowy müşteri_temsilcisi satış_temsilcisi temsilci "
            "担当者コード 担当者 営業担当 営業担当者 担当営業 менеджер ответственный торговый_представитель",
            "measure:workload": "arbeitsaufwand nakład_pracy iş_yükü 作業時間 工数 трудоёмкость трудоемкость",
            "measure:potential": "potenzial umsatzpotenzial potencjał potansiyel ポテンシャル 売上見込 потенциал",
            "visits_per_year": "besuche_pro_jahr liczba_wizyt wizyty_rocznie yıllık_ziyaret 年間訪問回数 訪問回数 "
            "визитов_в_год",
            "hours_per_visit": "stunden_pro_besuch godziny_na_wizytę ziyaret_başına_saat 訪問時間 часов_на_визит",
        },
        "reps": {
            "id": "mitarbeiter_nr mitarbeiternummer personalnummer numer_pracownika id_pracownika personel_no "
            "sicil_no 社員番号 担当者コード табельный_номер",
            "name": "mitarbeiter pracownik imię_i_nazwisko ad_soyad 氏名 担当者名 фио сотрудник",
            "lat": "breitengrad szerokość_geograficzna enlem 緯度 широта",
            "lon": "längengrad długość_geograficzna boylam 経度 долгота",
            "fte": "arbeitszeitanteil vollzeitäquivalent etat wymiar_etatu ставка",
            "active": "aktiv aktywny aktif 在籍 активен",
            "manager_id": "vorgesetzter teamleiter leitung przełożony kierownik yönetici 上司 上長 руководитель",
            "skills": "kenntnisse umiejętności beceriler スキル навыки",
        },
    }
)


def local_aliases(table: str) -> dict[str, str]:
    """Return the field of each word that a table's columns have in these languages."""
    return {word: field for field, words in LOCAL_NAMES.get(table, {}).items() for word in words.split()}
