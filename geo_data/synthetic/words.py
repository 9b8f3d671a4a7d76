"""Word lists, our own, from which names of companies and people are put together, by script.

A company is ``pattern.format(owner=…, trade=…)``; a person is ``person.format(given=…, family=…)``.
"""

from dataclasses import dataclass

__all__ = ["SCRIPTS", "SCRIPT_BY_COUNTRY", "Script"]


@dataclass(frozen=True, slots=True)
class Script:
    """The words of one script.

    Attributes
    ----------
    family
        Family names, of people and of companies.
    brand
        Places and things that companies are named after.
    health, industry, other
        What companies do, by line of business.
    given
        Given names of people.
    company
        Pattern of a company's name.
    person
        Pattern of a person's name.
    """

    family: tuple[str, ...]
    brand: tuple[str, ...]
    health: tuple[str, ...]
    industry: tuple[str, ...]
    other: tuple[str, ...]
    given: tuple[str, ...]
    company: str = "{owner} {trade}"
    person: str = "{given} {family}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


SCRIPTS: dict[str, Script] = {
    "latin": Script(
        family=_words(
            "Abbott|Barnes|Calloway|Delgado|Ellison|Fairbanks|Greenfield|Hawthorne|Ibarra|Jefferson|"
            "Kowalski|Lindqvist|Monroe|Novak|O'Leary|Prescott|Quintana|Ramsey|Sullivan|Thornton|Underwood|"
            "Valdez|Whitaker|Yates|Zimmerman|D'Angelo"
        ),
        brand=_words(
            "Blue Ridge|Cedar Creek|Great Plains|Harbor|Lakeshore|Northstar|Redwood|Summit|Tri-County|"
            "Wildwood|Copper Canyon|Silver Birch|Prairie|Granite Peak|Riverbend|Saint-Clair"
        ),
        health=_words(
            "Medical Supply|Family Clinic|Dental Group|Pharmacy|Orthopedics|Optics|Hospital|Diagnostics|Veterinary Care"
        ),
        industry=_words(
            "Machine Works|Electric|Packaging|Laboratories|Tool & Die|Instruments|Coatings|Steel|Plastics|Printing"
        ),
        other=_words(
            "Foods|Hardware|Logistics|Plumbing|Bakery|School District|Farm Co-op|Market|Brewery|"
            "Garden Center|Hotels|Books"
        ),
        given=_words(
            "Alice|Benjamin|Carmen|David|Elena|Frank|Grace|Hector|Isabel|James|Karen|Luis|Maria|Nathan|Olivia|"
            "Paul|Quinn|Rosa|Samuel|Teresa|Ursula|Victor|Wendy|Xavier|Yolanda|Zachary"
        ),
    ),
    "latin_diacritics": Script(
        family=_words(
            "Müller|Çelik|Łukaszewicz|Nuñez|Søndergaard|Žižková|Björnsson|Lefèvre|Gonçalves|Szabó|"
            "Ștefănescu|Đorđević|Åkesson|Õunapuu|Kārkliņš|Nguyễn|Grünwald|Peña|Häkkinen|Šimko|Dvořák|Ørsted|"
            "Brûlé"
        ),
        brand=_words("Îles d'Or"),
        health=_words("Farmácia|Sağlık|Clínica|Hôpital|Lékárna|Kliniği|Kórház|Egészségház"),
        industry=_words("Werke|Laboratórios|Młyny|Strojírny|Químicos|Bygg|Tehnică|Építőipari|Îngrășăminte"),
        other=_words("Boulangerie|Mejeri|Ferretería|Großhandel|Panadería|Könyvesbolt|Kahvila|Épicerie|Çiçekçilik"),
        given=_words("Łucja|José|Zoë|Jürgen|Øyvind|Chloé|Ágnes|Šárka|İbrahim|Ștefan|Åsa|Renée|Đuro|Māra"),
    ),
    "greek": Script(
        family=_words("Παπαδόπουλος|Νικολάου|Αλεξίου|Θεοδώρου|Καραμάνος|Μακρής"),
        brand=_words("Αιγαίο|Όλυμπος|Λευκή Πέτρα"),
        health=_words("Φαρμακείο|Ιατρικά|Κλινική"),
        industry=_words("Μηχανουργείο|Εκτυπώσεις|Χαλυβουργία"),
        other=_words("Τρόφιμα|Ελαιουργείο|Βιβλιοπωλείο"),
        given=_words("Ελένη|Γιώργος|Μαρία|Κώστας|Σοφία|Νίκος"),
    ),
    "cyrillic": Script(
        family=_words("Иванов|Шевченко|Соколова|Димитров|Йовановић|Кузнецов|Ковальчук|Ђурић"),
        brand=_words("Север|Заря|Берёзка"),
        health=_words("Аптека|Медтехника|Клиника"),
        industry=_words("Завод|Лаборатория|Инструмент"),
        other=_words("Хлеб|Снабжение|Пекарня|Книги"),
        given=_words("Анна|Дмитрий|Олена|Сергей|Милица|Георги|Ирина"),
        company="{trade} {owner}",
    ),
    "arabic": Script(
        family=_words("الحسن|الفارس|الرشيد|المنصور"),
        brand=_words("النور|البركة|الواحة|الزهراء|السلام"),
        health=_words("صيدلية|مستشفى|عيادة|التجهيزات الطبية"),
        industry=_words("مصنع|مختبر|ورشة"),
        other=_words("مخبز|أسواق|مكتبة"),
        given=_words("ليلى|أحمد|فاطمة|يوسف|نور|خالد|مريم"),
        company="{trade} {owner}",
    ),
    "hebrew": Script(
        family=_words("כהן|לוי|פרידמן|אלון|שקד"),
        brand=_words("הגליל|הכרמל|הנגב"),
        health=_words("מרפאת|בית מרקחת|ציוד רפואי"),
        industry=_words("מפעלי|מעבדות|מתכת"),
        other=_words("מאפיית|שיווק|ספרי"),
        given=_words("נועה|יוסף|מיכל|דוד|תמר|אורי"),
        company="{trade} {owner}",
    ),
    "devanagari": Script(
        family=_words("शर्मा|पटेल|वर्मा|जोशी"),
        brand=_words("गंगा|हिमालय|सूर्योदय|लक्ष्मी"),
        health=_words("औषधालय|अस्पताल|चिकित्सालय"),
        industry=_words("उद्योग|यंत्र|प्रयोगशाला"),
        other=_words("खाद्य|व्यापार|पुस्तक भंडार"),
        given=_words("प्रिया|राहुल|अनिता|विजय|मीरा|अर्जुन"),
    ),
    "thai": Script(
        family=_words("ศรีสุข|เจริญชัย|ทองดี|วัฒนา"),
        brand=_words("บางกอก|ริมน้ำ|ดอยหลวง"),
        health=_words("เภสัช|คลินิก|การแพทย์|โรงพยาบาล"),
        industry=_words("เครื่องจักร|โรงงาน|เหล็กกล้า"),
        other=_words("อาหาร|ร้านหนังสือ|ค้าส่ง"),
        given=_words("สมชาย|มาลี|อนันต์|พิมพ์|กานดา"),
        company="{trade}{owner}",
    ),
    "chinese": Script(
        family=_words("王|李|张|陈|刘"),
        brand=_words("长江|东方|泰山|华新|金龙|明珠"),
        health=_words("医药|医院|诊所"),
        industry=_words("机械|仪器|包装|化工"),
        other=_words("食品|商贸|书店"),
        given=_words("伟|芳|娜|强|秀英|建国|晓明"),
        company="{owner}{trade}",
        person="{family}{given}",
    ),
    "japanese": Script(
        family=_words("佐藤|鈴木|高橋|田中|中村"),
        brand=_words("さくら|富士|ひかり|みどり"),
        health=_words("医療機器|薬局|クリニック"),
        industry=_words("製作所|工業|印刷"),
        other=_words("食品|ベーカリー|書店"),
        given=_words("花子|太郎|美咲|健一|さゆり|大輔"),
        company="{owner}{trade}",
        person="{family} {given}",
    ),
    "korean": Script(
        family=_words("김|이|박|최|정"),
        brand=_words("한강|서울|백두|무궁화"),
        health=_words("의료기|제약|병원|약국"),
        industry=_words("정밀|기계|철강"),
        other=_words("식품|서점|유통"),
        given=_words("민준|서연|지훈|하은|영수"),
        company="{owner}{trade}",
        person="{family}{given}",
    ),
}
"""Words by script."""

_COUNTRIES_BY_SCRIPT = {
    "greek": "GR CY",
    "cyrillic": "RU UA BG RS BY KZ KG MK MN",
    "arabic": "SA EG AE IQ JO KW LB LY MA OM QA SD SY TN YE DZ BH PS",
    "hebrew": "IL",
    "devanagari": "IN NP",
    "thai": "TH",
    "chinese": "CN TW HK MO SG",
    "japanese": "JP",
    "korean": "KR KP",
    "latin": "US GB IE AU NZ ZA KE NG GH JM",
}

SCRIPT_BY_COUNTRY: dict[str, str] = {
    country: script for script, codes in _COUNTRIES_BY_SCRIPT.items() for country in codes.split()
}
"""The script that most names of a country are written in; Latin with diacritics where absent."""
